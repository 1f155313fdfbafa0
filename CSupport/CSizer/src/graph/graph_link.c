// SPDX-License-Identifier: Apache-2.0
// Makes numbers of the addresses that edges lead to, and counts what leads to each object. Both read memory at random
// places, which is fetched some edges ahead.
#include "graph/graph_internal.h"

enum { AHEAD = 48 };

// What may be no object may fault: it is behind then.
static uint32_t other(csizer_graph *graph, size_t edge) {
  const uintptr_t address = csizer_census_address(&graph->census, graph->targets[edge]);
  graph->targets[edge] = CENSUS_NONE;
  graph->numbered = edge + 1;
  __atomic_signal_fence(__ATOMIC_SEQ_CST);
  return csizer_graph_other(graph, address);
}

void csizer_graph_number(csizer_graph *graph) {
  const size_t end = graph->edge_count;
  for (size_t i = graph->numbered; i < end; i++) {
    const size_t ahead = i + AHEAD < end ? i + AHEAD : end - 1;
    if (graph->targets[ahead] < CENSUS_FIRST_OTHER)
      __builtin_prefetch(census_unit_of(&graph->census, graph->targets[ahead]));
    const uint32_t target = graph->targets[i];
    if (target >= CENSUS_FIRST_OTHER) continue;
    uint32_t number = census_number(&graph->census, target);
    if (__builtin_expect(number == CENSUS_NONE, 0)) number = other(graph, i);
    graph->targets[i] = number;
  }
  graph->numbered = end;
}

static bool make_sums(csizer_graph *graph) {
  graph->found_capacity = graph->count + (size_t)1;
  for (int i = 0; i < 4; i++) {
    const size_t bytes = graph->found_capacity * sizeof *graph->found[i];
    // Weak and unowned references are few: large pages would be touched in vain.
    graph->found[i] = i <= CSIZER_EDGE_UNCERTAIN ? csizer_graph_map(bytes) : csizer_pages_map(bytes);
    if (!graph->found[i]) graph->status = CSIZER_NO_MEMORY;
  }
  return !graph->status;
}

void csizer_graph_count(csizer_graph *graph) {
  if (graph->status || !make_sums(graph)) return;
  // Those that stay move down over those that do not.
  const size_t all = graph->edge_count;
  size_t kept = 0;
  uint32_t *strong = graph->found[CSIZER_EDGE_STRONG];
  for (uint32_t row = 0; row < graph->count; row++) {
    const size_t first = graph->rows[row].first_edge, end = graph->rows[row + 1].first_edge;
    graph->rows[row].first_edge = (uint32_t)kept;
    for (size_t i = first; i < end; i++) {
      const uint32_t ahead = graph->targets[i + AHEAD < all ? i + AHEAD : all - 1];
      if (ahead < graph->count) __builtin_prefetch(&strong[ahead], 1);
      const uint32_t target = graph->targets[i], label = graph->labels[i];
      if (target == CENSUS_NONE) continue;
      graph->found[label & 3][target]++;
      graph->targets[kept] = target;
      graph->labels[kept++] = label;
    }
  }
  graph->rows[graph->count].first_edge = (uint32_t)kept;
  graph->edge_count = kept;
}
