// SPDX-License-Identifier: Apache-2.0
// What must hold of every graph, for tests and for builds that check themselves.
#include "graph/graph_internal.h"

static bool rows_ascend(const csizer_graph *graph) {
  for (uint32_t i = 0; i < graph->count; i++) {
    const uintptr_t address = graph_address(&graph->rows[i]);
    if (i && address <= graph_address(&graph->rows[i - 1])) return false;
    if (csizer_graph_find(graph, address) != i) return false;
  }
  return true;
}

static bool edges_are_in_order(const csizer_graph *graph) {
  for (uint32_t i = 0; i < graph->count; i++)
    if (graph->rows[i].first_edge > graph->rows[i + 1].first_edge) return false;
  return graph->rows[0].first_edge == 0 && graph->rows[graph->count].first_edge == graph->edge_count;
}

static bool edges_lead_to_objects(const csizer_graph *graph) {
  for (size_t i = 0; i < graph->edge_count; i++)
    if (graph->targets[i] >= graph->count) return false;
  return true;
}

static bool sums_agree(const csizer_graph *graph) {
  uint64_t found = 0;
  for (int kind = 0; kind < 4; kind++)
    for (uint32_t i = 0; i < graph->count; i++) found += graph->found[kind][i];
  return found == graph->edge_count;
}

static bool lists_name_objects(const csizer_graph *graph) {
  for (size_t i = 0; i < graph->raw_count; i++)
    if (graph->raws[i].owner >= graph->count) return false;
  for (size_t i = 0; i < graph->unused_count; i++)
    if (graph->unused[i].object >= graph->count || (i && graph->unused[i].object <= graph->unused[i - 1].object))
      return false;
  for (size_t i = 0; i < graph->counts_count; i++)
    if (graph->counts[i].object >= graph->count || (i && graph->counts[i].object <= graph->counts[i - 1].object))
      return false;
  return true;
}

const char *csizer_graph_check(const csizer_graph *graph) {
  if (!rows_ascend(graph)) return "objects are not in the order of their addresses, or not where they are looked for";
  if (!edges_are_in_order(graph)) return "edges are not in the order of their sources";
  if (!edges_lead_to_objects(graph)) return "an edge leads to no object";
  if (!sums_agree(graph)) return "there are not as many edges as lead to objects";
  if (!lists_name_objects(graph)) return "a list names no object, or not in order";
  return NULL;
}
