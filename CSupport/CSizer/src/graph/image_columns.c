// SPDX-License-Identifier: Apache-2.0
// Writes a graph as columns: each in one pass over the rows.
#include "graph/graph_internal.h"
#include "graph/image_cases.h"
#include "graph/image_content.h"
#include "graph/image_keys.h"
#include "graph/image_kinds.h"
#include "graph/image_outside.h"
#include "graph/image_stream.h"
#include "graph/image_tasks.h"

/// What the columns are made from.
typedef struct columns {
  image_stream *stream;
  const csizer_graph *graph;
  image_kinds kinds;
  image_keys keys;
  image_cases cases;
  uint64_t *last_size;  // by kind: usable and slack of the object before
} columns;

static uint32_t usable_of(const graph_row *row) { return row->usable ? row->usable : 1; }

// Whether it has not the size of the object of its kind before it, which is so of the first.
static bool differs(const columns *columns, const graph_row *row) {
  const uint64_t size = (uint64_t)usable_of(row) << 32 | row->slack;
  if (columns->last_size[row->kind] == size) return false;
  columns->last_size[row->kind] = size;
  return true;
}

static void forget_sizes(columns *columns) {
  memset(columns->last_size, 0, columns->kinds.count * sizeof *columns->last_size);
}

static void addresses(columns *columns) {
  csizer_image_stream_section(columns->stream, IMAGE_ADDRESS);
  uintptr_t before = 0;
  for (uint32_t i = 0; i < columns->graph->count; i++) {
    const uintptr_t address = graph_address(&columns->graph->rows[i]);
    image_put(columns->stream, (address - before) / 8);
    before = address;
  }
}

static void types(columns *columns) {
  csizer_image_stream_section(columns->stream, IMAGE_TYPE);
  forget_sizes(columns);
  for (uint32_t i = 0; i < columns->graph->count; i++) {
    const graph_row *row = &columns->graph->rows[i];
    image_put(columns->stream, (uint64_t)columns->kinds.numbers[row->kind] << 1 | differs(columns, row));
  }
}

static void sizes(columns *columns) {
  csizer_image_stream_section(columns->stream, IMAGE_SIZE);
  forget_sizes(columns);
  for (uint32_t i = 0; i < columns->graph->count; i++) {
    const graph_row *row = &columns->graph->rows[i];
    if (!differs(columns, row)) continue;
    image_put(columns->stream, usable_of(row));
    image_put(columns->stream, row->slack);
  }
}

enum { IMAGE_IS_EMPTY = 64 };

static void counts(columns *columns) {
  const csizer_graph *graph = columns->graph;
  csizer_image_stream_section(columns->stream, IMAGE_COUNT);
  size_t next = 0;
  for (uint32_t i = 0; i < graph->count; i++) {
    const bool has_more = next < graph->counts_count && graph->counts[next].object == i;
    const uint32_t flags = graph_flags(graph, i) | (csizer_image_is_empty(graph, i) ? IMAGE_IS_EMPTY : 0);
    image_put(columns->stream, (uint64_t)graph->rows[i].strong << 1 | (flags || has_more));
    if (!flags && !has_more) continue;
    image_put(columns->stream, flags);
    image_put(columns->stream, has_more ? graph->counts[next].unowned : 0);
    image_put(columns->stream, has_more ? graph->counts[next].weak : 0);
    next += has_more;
  }
}

/// What the number of an edge's label is of.
enum { IN_LABEL = 0, IN_SLOT = 1 };

static void edges_of(columns *columns, uint32_t source) {
  const csizer_graph *graph = columns->graph;
  const uint32_t first = graph->rows[source].first_edge, end = graph->rows[source + 1].first_edge;
  image_put(columns->stream, end - first);
  const csizer_object_layout *layout = graph->layouts->kinds[graph->rows[source].kind].layout;
  const bool may_have_keys = layout && layout->shape == SHAPE_HASH, may_have_cases = image_may_have_cases(layout);
  int64_t before = 1;
  for (uint32_t i = first; i < end; i++) {
    const uint32_t label = graph->labels[i], slot = label >> GRAPH_SLOT_SHIFT;
    // Behind a field: its slot, and that it is one. In the object: how far from the word before.
    uint64_t rest = (uint64_t)slot << 2 | IN_SLOT, kind = label & (GRAPH_THROUGH | 3);
    const bool is_inside = !(label & GRAPH_THROUGH);
    uint32_t key = is_inside && may_have_keys ? csizer_image_key_of(&columns->keys, graph, source, slot)
                                              : IMAGE_NO_KEY;
    if (is_inside && may_have_cases)
      key = csizer_image_case_of(&columns->cases, &columns->keys, layout,
                                 (const char *)graph_address(&graph->rows[source]), slot);
    if (key != IMAGE_NO_KEY) {
      rest = (uint64_t)key << 2 | IN_LABEL;
      kind |= GRAPH_THROUGH;
    } else if (is_inside) {
      rest = image_signed((int64_t)slot - before);
      before = slot;
    }
    image_put_signed(columns->stream, (int64_t)graph->targets[i] - source);
    image_put(columns->stream, rest << GRAPH_SLOT_SHIFT | kind);
  }
}

static void edges(columns *columns) {
  csizer_image_stream_section(columns->stream, IMAGE_EDGE);
  for (uint32_t i = 0; !columns->graph->has_no_edges && i < columns->graph->count; i++) edges_of(columns, i);
}

static void raw_blocks(columns *columns) {
  const csizer_graph *graph = columns->graph;
  csizer_image_stream_section(columns->stream, IMAGE_RAW);
  int64_t before = 0;
  for (size_t i = 0; i < graph->raw_count; i++) {
    const csizer_graph_raw *raw = &graph->raws[i];
    const uint64_t usable = raw->usable / 8 < UINT32_MAX ? raw->usable / 8 : UINT32_MAX;
    image_put_signed(columns->stream, (int64_t)raw->owner - before);
    image_put(columns->stream, usable ? usable : 1);
    image_put(columns->stream, 0);  // what was asked for nobody knows
    image_put(columns->stream, columns->keys.count + columns->kinds.numbers[raw->kind] + (uint64_t)1);
    before = raw->owner;
  }
}

static void unused_room(columns *columns) {
  const csizer_graph *graph = columns->graph;
  csizer_image_stream_section(columns->stream, IMAGE_UNUSED);
  int64_t before = 0;
  for (size_t i = 0; i < graph->unused_count; i++) {
    image_put_signed(columns->stream, (int64_t)graph->unused[i].object - before);
    image_put(columns->stream, graph->unused[i].bytes);
    before = graph->unused[i].object;
  }
}

static bool outside(columns *columns, csizer_image_places *places) {
  const uint32_t first_label = columns->keys.count + columns->kinds.label_count;
  csizer_image_places_restart(places);
  if (columns->graph->has_no_edges) return true;
  if (!csizer_image_put_roots(columns->stream, columns->graph, places, first_label)) return false;
  csizer_image_put_calls(columns->stream, columns->graph, places, first_label);
  return csizer_image_put_closures(columns->stream, columns->graph, places, first_label) &&
         csizer_image_put_tasks(columns->stream, columns->graph, places, first_label);
}

csizer_status csizer_image_write_graph(const csizer_graph *graph, csizer_image_places *places,
                                       csizer_image_output output, csizer_image_totals *ret_totals) {
  columns columns = {.graph = graph};
  if (!csizer_image_kinds_make(&columns.kinds, graph->layouts)) return CSIZER_NO_MEMORY;
  const size_t bytes = (columns.kinds.count + 1) * sizeof *columns.last_size;
  columns.last_size = csizer_pages_map(bytes);
  columns.stream = columns.last_size ? csizer_image_stream_make(output) : NULL;
  csizer_status status = CSIZER_NO_MEMORY;
  const bool has_cases = csizer_image_cases_make(&columns.cases);
  if (columns.stream && has_cases && csizer_image_keys_make(&columns.keys, output)) {
    addresses(&columns);
    types(&columns);
    sizes(&columns);
    counts(&columns);
    edges(&columns);
    if (!graph->has_no_edges) csizer_image_put_cases(columns.stream, graph, &columns.cases, &columns.keys);
    raw_blocks(&columns);
    unused_room(&columns);
    csizer_image_put_hashes(columns.stream, graph);
    csizer_image_put_slices(columns.stream, graph, columns.kinds.numbers, columns.keys.count);
    const bool has_memory = !places || outside(&columns, places);
    status = csizer_image_keys_end(&columns.keys);
    if (!has_memory) status = CSIZER_NO_MEMORY;
  }
  const csizer_status end = columns.stream ? csizer_image_stream_end(columns.stream) : status;
  if (!status) status = end;
  *ret_totals = (csizer_image_totals){
      .objects = graph->count, .edges = graph->edge_count, .keys = columns.keys.count};
  csizer_pages_unmap(columns.last_size, bytes);
  csizer_image_cases_free(&columns.cases);
  csizer_image_kinds_free(&columns.kinds);
  return status;
}
