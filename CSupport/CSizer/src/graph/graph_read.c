// SPDX-License-Identifier: Apache-2.0
// What is asked of a graph that was captured.
#include "graph/graph_internal.h"

size_t csizer_graph_object_count(const csizer_graph *graph) { return graph->count; }

size_t csizer_graph_edge_count(const csizer_graph *graph) { return graph->edge_count; }

size_t csizer_graph_raw_count(const csizer_graph *graph) { return graph->raw_count; }

static graph_counts counts_of(const csizer_graph *graph, uint32_t object) {
  size_t low = 0, high = graph->counts_count;
  while (low < high) {
    const size_t middle = low + (high - low) / 2;
    if (graph->counts[middle].object == object) return graph->counts[middle];
    if (graph->counts[middle].object < object) low = middle + 1;
    else high = middle;
  }
  return (graph_counts){0};
}

csizer_graph_object csizer_graph_object_at(const csizer_graph *graph, size_t index) {
  if (index >= graph->count) return (csizer_graph_object){0};
  const graph_row *row = &graph->rows[index];
  const graph_counts counts = counts_of(graph, (uint32_t)index);
  return (csizer_graph_object){
      .address = graph_address(row),
      .usable = (size_t)row->usable * 8,
      .slack = row->slack,
      .kind = row->kind,
      .flags = graph_flags(graph, (uint32_t)index),
      .strong = row->strong,
      .unowned = counts.unowned,
      .weak = counts.weak,
      .strong_found = graph->found[CSIZER_EDGE_STRONG][index],
      .uncertain_found = graph->found[CSIZER_EDGE_UNCERTAIN][index],
      .unowned_found = graph->found[CSIZER_EDGE_UNOWNED][index],
      .weak_found = graph->found[CSIZER_EDGE_WEAK][index],
      .first_edge = row->first_edge,
      .edge_count = row[1].first_edge - row->first_edge,
  };
}

csizer_graph_edge csizer_graph_edge_at(const csizer_graph *graph, size_t index) {
  if (index >= graph->edge_count) return (csizer_graph_edge){0};
  const uint32_t label = graph->labels[index];
  return (csizer_graph_edge){.target = graph->targets[index],
                             .kind = (csizer_edge_kind)(label & 3),
                             .slot = label >> GRAPH_SLOT_SHIFT,
                             .is_through = label & GRAPH_THROUGH};
}

csizer_graph_raw csizer_graph_raw_at(const csizer_graph *graph, size_t index) {
  return index < graph->raw_count ? graph->raws[index] : (csizer_graph_raw){0};
}

size_t csizer_graph_find(const csizer_graph *graph, uintptr_t address) {
  if ((address >> HEAPMAP_ADDRESS_BITS) || (address & 15)) return CSIZER_NO_OBJECT;
  const uint32_t extra = csizer_graph_extra_find(graph, address);
  if (extra != GRAPH_NO_EXTRA) return graph->extras.final[extra];
  const uint32_t grain = census_grain(&graph->census, address);
  const uint32_t number = grain == CENSUS_NONE ? CENSUS_NONE : census_number(&graph->census, grain);
  return number == CENSUS_NONE ? CSIZER_NO_OBJECT : csizer_graph_final(graph, number);
}
