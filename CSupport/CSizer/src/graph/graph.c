// SPDX-License-Identifier: Apache-2.0
// Captures a graph, and tells what is in it.
#include "csizer_graph.h"

#include "graph/graph_internal.h"
#include "layouts/layout_check.h"
#include "layouts/unknown_types.h"
#include "platform/refusals.h"

static csizer_status make_tables(csizer_graph *graph) {
  enum { WHOLE_PAGES = 16 * 1024 };  // of 64 KiB, at most: half of a list can be given back
  const size_t count = graph->census.object_count;
  graph->row_capacity = count + 1024;
  graph->edge_capacity = (2 * count + WHOLE_PAGES) & ~(size_t)(WHOLE_PAGES - 1);
  graph->rows = csizer_graph_map(graph->row_capacity * sizeof *graph->rows);
  graph->targets = csizer_graph_map(graph->edge_capacity * sizeof *graph->targets);
  graph->labels = csizer_graph_map(graph->edge_capacity * sizeof *graph->labels);
  return graph->rows && graph->targets && graph->labels ? CSIZER_OK : CSIZER_NO_MEMORY;
}

// There is one in each table of layouts that was ever captured with.
static uint32_t find_unknown_kind(csizer_layouts *layouts) {
  for (size_t i = 0; i < layouts->kind_count; i++)
    if (layouts->kinds[i].layout == &csizer_unknown_object) return (uint32_t)i;
  return csizer_layouts_add_kind(
      layouts, (csizer_kind){.layout = &csizer_unknown_object, .prefix = "object of an unknown type"});
}

csizer_status csizer_graph_make(csizer_heapmap *map, csizer_layouts *layouts, csizer_graph **ret_graph) {
  csizer_graph *graph = csizer_pages_map(sizeof *graph);
  if (!graph) return CSIZER_NO_MEMORY;
  graph->layouts = layouts;
  const csizer_walk_options options = {.census_is_complete = true};
  csizer_status status = csizer_walk_create(map, layouts, &options, &graph->walk);
  if (!status) status = csizer_graph_note_memory(graph);
  if (!status) graph->unknown_kind = find_unknown_kind(layouts);
  if (layouts->failed) status = CSIZER_NO_MEMORY;
  if (status) csizer_graph_destroy(graph);
  else *ret_graph = graph;
  return status;
}

csizer_status csizer_graph_begin(csizer_graph *graph) {
  csizer_status status = csizer_census_copy_make(&graph->census, graph->walk->map);
  if (!status) status = make_tables(graph);
  if (!status) csizer_graph_listen(graph);
  return status;
}

csizer_status csizer_graph_finish(csizer_graph *graph) {
  csizer_walk_settle(graph->walk);
  if (!graph->status) graph->status = graph->walk->status;
  csizer_graph_merge(graph);
  csizer_graph_count(graph);
#ifdef CSIZER_CHECKS
  const char *broken = graph->status ? NULL : csizer_layout_check(graph->layouts);
  if (!graph->status && !broken) broken = csizer_graph_check(graph);
  if (broken) graph->status = csizer_refusal_tell_broken(broken);
#endif
  return graph->status;
}

static csizer_status capture(csizer_heapmap *map, csizer_layouts *layouts, bool has_no_edges,
                             csizer_graph **ret_graph) {
  csizer_graph *graph;
  csizer_status status = csizer_graph_make(map, layouts, &graph);
  if (status) return status;
  graph->has_no_edges = has_no_edges;
  status = csizer_graph_begin(graph);
  if (!status) {
    csizer_graph_scan(graph);
    status = csizer_graph_finish(graph);
  }
  if (!status) {
    csizer_graph_find_foreign(graph);
    status = graph->status;
  }
  csizer_walk_destroy(graph->walk);
  graph->walk = NULL;
  if (status) csizer_graph_destroy(graph);
  else *ret_graph = graph;
  return status;
}

csizer_status csizer_graph_capture(csizer_heapmap *map, csizer_layouts *layouts, csizer_graph **ret_graph) {
  return capture(map, layouts, false, ret_graph);
}

csizer_status csizer_graph_capture_rows(csizer_heapmap *map, csizer_layouts *layouts, csizer_graph **ret_graph) {
  return capture(map, layouts, true, ret_graph);
}

void csizer_graph_destroy(csizer_graph *graph) {
  if (!graph) return;
  csizer_walk_destroy(graph->walk);
  csizer_census_copy_free(&graph->census);
  csizer_pages_unmap(graph->rows, graph->row_capacity * sizeof *graph->rows);
  csizer_pages_unmap(graph->targets, graph->edge_capacity * sizeof *graph->targets);
  csizer_pages_unmap(graph->labels, graph->edge_capacity * sizeof *graph->labels);
  for (int i = 0; i < 4; i++)
    csizer_pages_unmap(graph->found[i], graph->found_capacity * sizeof *graph->found[i]);
  csizer_pages_unmap(graph->raws, graph->raw_capacity * sizeof *graph->raws);
  csizer_pages_unmap(graph->counts, graph->counts_capacity * sizeof *graph->counts);
  csizer_pages_unmap(graph->unused, graph->unused_capacity * sizeof *graph->unused);
  csizer_pages_unmap(graph->slices, graph->slice_capacity * sizeof *graph->slices);
  csizer_pages_unmap(graph->foreign, graph->foreign_capacity * sizeof *graph->foreign);
  csizer_pages_unmap(graph->filter, CSIZER_GRAPH_FILTER_BYTES);
  csizer_graph_extras_free(graph);
  csizer_mappings_deinit(&graph->memory);
  csizer_pages_unmap(graph, sizeof *graph);
}

size_t csizer_graph_bytes(const csizer_graph *graph) {
  // What there is room for was not touched.
  return graph->census.unit_count * sizeof(census_unit) + graph->count * sizeof *graph->rows +
         2 * graph->edge_count * sizeof *graph->targets + 2 * graph->count * sizeof *graph->found[0] +
         graph->raw_count * sizeof *graph->raws + graph->counts_count * sizeof *graph->counts +
         graph->unused_count * sizeof *graph->unused + graph->slice_count * sizeof *graph->slices +
         graph->foreign_count * sizeof *graph->foreign;
}
