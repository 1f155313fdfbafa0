// SPDX-License-Identifier: Apache-2.0
// What a walk with a sink tells about the object that is scanned, as edges and raw blocks of the graph.
#include "graph/graph_internal.h"

static uint32_t slot_of(const csizer_graph *graph, const void *at) {
  const size_t offset = (size_t)((const char *)at - graph->base);
  if (offset >= graph->usable) return 0;
  return offset / 8 < GRAPH_MOST_SLOT ? (uint32_t)(offset / 8) : GRAPH_MOST_SLOT;
}

static uint32_t label_of(const csizer_graph *graph, const void *at, csizer_edge_kind kind) {
  const char *place = walk_sink_original(&graph->sink, at);
  if ((size_t)(place - graph->base) < graph->usable && !graph->sink.origin)
    return slot_of(graph, place) << GRAPH_SLOT_SHIFT | kind;
  return slot_of(graph, graph->sink.origin) << GRAPH_SLOT_SHIFT | GRAPH_THROUGH | kind;
}

// A word that leads to no object of the census: to a static one, or to one that the walk would follow all the same. The
// walk pushes such an object once.
uint32_t csizer_graph_other(csizer_graph *graph, uintptr_t address) {
  uint32_t extra = csizer_graph_extra_find(graph, address);
  if (extra != GRAPH_NO_EXTRA) return CENSUS_FIRST_OTHER + extra;
  const uint32_t tail = graph->walk->tail;
  csizer_walk_unlisted(graph->walk, address);
  if (graph->walk->tail == tail) return CENSUS_NONE;
  graph->walk->tail = tail;
  extra = csizer_graph_extra_add(graph, address);
  return extra == GRAPH_NO_EXTRA ? CENSUS_NONE : CENSUS_FIRST_OTHER + extra;
}

static void add(csizer_graph *graph, uintptr_t address, const void *at, csizer_edge_kind kind) {
  uint32_t target = census_grain(&graph->census, address);
  if (__builtin_expect(target == CENSUS_NONE, 0)) target = csizer_graph_other(graph, address);
  if (target != CENSUS_NONE) graph_add_edge(graph, target, label_of(graph, at, kind));
}

static void on_reference(walk_sink *sink, uintptr_t address, const void *at) {
  add((csizer_graph *)sink, address, at, sink->is_guess ? CSIZER_EDGE_UNCERTAIN : CSIZER_EDGE_STRONG);
}

static void on_uncertain(walk_sink *sink, uintptr_t object, const void *at) {
  add((csizer_graph *)sink, object, at, CSIZER_EDGE_UNCERTAIN);
}

static void on_weak(walk_sink *sink, uintptr_t object, const void *at) {
  add((csizer_graph *)sink, object, at, sink->is_guess ? CSIZER_EDGE_UNCERTAIN : CSIZER_EDGE_WEAK);
}

static void on_unowned(walk_sink *sink, uintptr_t address, const void *at) {
  if (walk_may_be_object(address))
    add((csizer_graph *)sink, address, at, sink->is_guess ? CSIZER_EDGE_UNCERTAIN : CSIZER_EDGE_UNOWNED);
}

static void on_raw_block(walk_sink *sink, uintptr_t block, uint32_t kind, size_t bytes) {
  (void)block;
  csizer_graph *graph = (csizer_graph *)sink;
  if (!csizer_graph_make_room(graph, &graph->raws, &graph->raw_capacity, graph->raw_count, sizeof *graph->raws)) return;
  graph->raws[graph->raw_count++] = (csizer_graph_raw){.owner = graph->walk->part, .kind = kind, .usable = bytes};
}

static void on_slice(walk_sink *sink, uintptr_t buffer, uint32_t kind, uint64_t used) {
  csizer_graph *graph = (csizer_graph *)sink;
  if (!csizer_graph_make_room(graph, &graph->slices, &graph->slice_capacity, graph->slice_count,
                              sizeof *graph->slices))
    return;
  graph->slices[graph->slice_count++] =
      (graph_slice){.buffer = buffer, .used = used, .holder = graph->walk->part, .kind = kind};
}

static void ignore(walk_sink *sink, uintptr_t address, const void *at) {
  (void)sink;
  (void)address;
  (void)at;
}

void csizer_graph_listen(csizer_graph *graph) {
  graph->sink = (walk_sink){.reference = on_reference,
                            .uncertain = on_uncertain,
                            .weak = on_weak,
                            .unowned = on_unowned,
                            .raw_block = on_raw_block,
                            .slice = on_slice};
  if (graph->has_no_edges)
    graph->sink = (walk_sink){.reference = ignore,
                              .uncertain = ignore,
                              .weak = ignore,
                              .unowned = ignore,
                              .raw_block = on_raw_block,
                              .counts_only = true};
  graph->walk->sink = &graph->sink;
  graph->walk->ignores_pointers = true;  // whatever has an owner is met
}
