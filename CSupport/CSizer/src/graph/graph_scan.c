// SPDX-License-Identifier: Apache-2.0
// Goes over all objects in the order of their addresses and makes a row and edges of each. Objects that are nothing but
// a mask of references are done here; all else is the walk's to list.
#include "graph/graph_internal.h"
#include "layouts/unknown_types.h"
#include "walk/task.h"

enum { HOT = 256 };

/// What the loop needs of a class of plain objects.
typedef struct hot_kind {
  const void *metadata;
  uint64_t references;
  size_t usable;
  uint32_t kind, slack;
} hot_kind;

static uint32_t slack_of(size_t usable, size_t requested) {
  const size_t slack = requested <= usable ? usable - requested + 1 : 1;
  return slack < UINT32_MAX ? (uint32_t)slack : 0;
}

static void warm(hot_kind *hot, const swift_metadata *metadata, const csizer_object_layout *layout) {
  if (!graph_is_plain(layout)) return;
  *hot = (hot_kind){.metadata = metadata,
                    .references = layout->fields.references,
                    .usable = layout->usable,
                    .kind = layout->kind,
                    .slack = slack_of(layout->usable, layout->requested)};
}

static void note_unused(csizer_graph *graph, size_t unused) {
  if (!unused || !csizer_graph_make_room(graph, &graph->unused, &graph->unused_capacity, graph->unused_count,
                                         sizeof *graph->unused))
    return;
  graph->unused[graph->unused_count++] =
      (graph_unused){graph->walk->part, unused < UINT32_MAX ? (uint32_t)unused : UINT32_MAX};
}

// The walk adds up what it lists: the differences are this object's.
static void list(csizer_graph *graph, graph_row *row, const csizer_object_layout *layout) {
  csizer_walk *walk = graph->walk;
  const csizer_kind_totals before = *walk_kind(walk, layout->kind);
  const size_t unresolved = walk->totals.unresolved;
  csizer_walk_list(walk, graph_address(row));
  const csizer_kind_totals *after = walk_kind(walk, layout->kind);
  if (walk->totals.unresolved != unresolved) row->flags |= CSIZER_OBJECT_UNRESOLVED;
  else row->slack = slack_of(graph->usable, after->requested - before.requested);
  note_unused(graph, after->unused - before.unused);
}

static void note_counts(csizer_graph *graph, graph_account account) {
  if (!csizer_graph_make_room(graph, &graph->counts, &graph->counts_capacity, graph->counts_count,
                              sizeof *graph->counts))
    return;
  graph->counts[graph->counts_count++] = (graph_counts){graph->walk->part, account.unowned, account.weak};
}

static void scan_other(csizer_graph *graph, graph_row *row, hot_kind *hot) {
  const swift_object *object = (const swift_object *)graph->base;
  const csizer_object_layout *layout = walk_layout_of(graph->walk, object);
  if (!layout) return;
  row->kind = layout == &csizer_unknown_object ? graph->unknown_kind : layout->kind;
  if (layout->is_unknown) row->flags |= CSIZER_OBJECT_UNRESOLVED;
  if (layout->shape == SHAPE_TASK && task_lives(object)) row->flags |= CSIZER_OBJECT_LIVING_TASK;
  // The fields of what is dead are gone and must not be read.
  const uintptr_t side_table = walk_side_table_of(object->references);
  if (!(row->flags & CSIZER_OBJECT_DEINITING)) list(graph, row, layout);
  else if (side_table) csizer_walk_raw_block(graph->walk, side_table, graph->layouts->side_table_kind, true);
  warm(hot, object->metadata, layout);
}

static inline void scan_object(csizer_graph *graph, hot_kind *hots, heapmap_leaf *leaf, uintptr_t address) {
  const swift_object *object = (const swift_object *)address;
  graph_row *row = &graph->rows[graph->count];
  const size_t usable = pagememo_size(&graph->walk->memo, leaf, address);
  *row = (graph_row){.address_low = (uint32_t)address,
                     .address_high = (uint16_t)(address >> 32),
                     .kind = graph->unknown_kind,
                     .usable = usable / 8 < UINT32_MAX ? (uint32_t)(usable / 8) : UINT32_MAX,
                     .first_edge = (uint32_t)graph->edge_count};
  graph->base = (const char *)address;
  graph->usable = usable;
  graph->walk->part = graph->count;
  graph->is_scanning = true;
  __atomic_signal_fence(__ATOMIC_SEQ_CST);  // all of it is there when the object is read, which may fault
  const graph_account account = graph_account_of(object);
  row->flags = (uint16_t)account.flags;
  row->strong = account.strong;
  if (__builtin_expect((account.unowned | account.weak) != 0, 0)) note_counts(graph, account);
  hot_kind *hot = &hots[((uintptr_t)object->metadata >> 4) % HOT];
  const bool is_plain = hot->metadata == object->metadata && hot->usable == usable &&
                        !(account.flags & (CSIZER_OBJECT_DEINITING | CSIZER_OBJECT_HAS_SIDE_TABLE));
  if (__builtin_expect(is_plain, 1)) {
    row->kind = hot->kind;
    row->slack = hot->slack;
    for (uint64_t words = graph->has_no_edges ? 0 : hot->references; words; words &= words - 1) {
      const uint32_t slot = (uint32_t)__builtin_ctzll(words);
      const uintptr_t word = ((const uintptr_t *)address)[slot];
      if (!walk_may_be_object(word)) continue;
      uint32_t target = census_grain(&graph->census, word);
      if (__builtin_expect(target == CENSUS_NONE, 0)) target = csizer_graph_other(graph, word);
      if (target != CENSUS_NONE) graph_add_edge(graph, target, slot << GRAPH_SLOT_SHIFT | CSIZER_EDGE_STRONG);
    }
  } else {
    scan_other(graph, row, hot);
  }
  __atomic_signal_fence(__ATOMIC_SEQ_CST);
  graph->is_scanning = false;
  graph->count++;
}

void csizer_graph_give_up(csizer_graph *graph) {
  if (!graph->is_scanning) return;  // something between two objects
  graph->is_scanning = false;
  graph_row *row = &graph->rows[graph->count++];
  graph->edge_count = row->first_edge;
  row->flags = CSIZER_OBJECT_IMMORTAL | CSIZER_OBJECT_UNRESOLVED;
  row->kind = graph->unknown_kind;
  row->strong = row->slack = 0;
  csizer_graph_listen(graph);
}

typedef struct scan {
  csizer_graph *graph;
  hot_kind hots[HOT];
} scan;

static bool visit(void *context, uintptr_t address) {
  scan *const scan = context;
  heapmap_leaf *leaf = heapmap_leaf_at(scan->graph->walk->map, address);
  scan_object(scan->graph, scan->hots, leaf, address);
  enum { A_WHILE = 1 << 12 };
  if (__builtin_expect(scan->graph->count % A_WHILE == 0 && scan->graph->walk->steps, 0)) ++*scan->graph->walk->steps;
  return !scan->graph->status;
}

static bool scan_extras(csizer_graph *graph, hot_kind *hots) {
  const uint32_t first = graph->count - graph->census.object_count, end = graph->extras.count;
  for (uint32_t i = first; i < end && !graph->status; i++) {
    const uintptr_t address = graph->extras.addresses[i];
    if (!csizer_graph_make_room(graph, &graph->rows, &graph->row_capacity, graph->count + (size_t)1,
                                sizeof *graph->rows))
      return false;
    scan_object(graph, hots, heapmap_leaf_at(graph->walk->map, address), address);
  }
  return first < end;
}

void csizer_graph_scan(csizer_graph *graph) {
  scan scan = {.graph = graph};
  csizer_graph_find_tasks(graph);
  const uintptr_t from = graph->count ? graph_address(&graph->rows[graph->count - 1]) + 1 : 0;
  if (graph->count < graph->census.object_count) census_visit(&graph->census, from, visit, &scan);
  // Edges lead to extra objects, and these to others.
  for (csizer_graph_number(graph); !graph->status && scan_extras(graph, scan.hots); csizer_graph_number(graph)) {}
  graph->rows[graph->count].first_edge = (uint32_t)graph->edge_count;
}
