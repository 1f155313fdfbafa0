// SPDX-License-Identifier: Apache-2.0
// Makes numbers of the addresses that edges lead to, drops those that lead to nothing, and counts what leads to each
// object. In blocks, so that memory that is read at random has time to come.
#include "graph/graph_internal.h"

enum { BLOCK = 256 };

// Extra objects that the census spans have a bit by now; all have a number.
static uint32_t number_of(const csizer_graph *graph, uint32_t target) {
  if (__builtin_expect(target >= CENSUS_FIRST_OTHER, 0)) return graph->extras.final[target - CENSUS_FIRST_OTHER];
  return census_number(&graph->census, target);
}

static void fetch_units(const csizer_graph *graph, size_t first) {
  const size_t end = first + BLOCK < graph->edge_count ? first + BLOCK : graph->edge_count;
  for (size_t i = first; i < end; i++)
    if (graph->targets[i] < CENSUS_FIRST_OTHER) __builtin_prefetch(census_unit_of(&graph->census, graph->targets[i]));
}

static void number_block(csizer_graph *graph, size_t first, size_t end) {
  for (size_t i = first; i < end; i++) {
    const uint32_t number = number_of(graph, graph->targets[i]);
    graph->targets[i] = number;
    if (number != CENSUS_NONE) __builtin_prefetch(&graph->found[graph->labels[i] & 3][number], 1);
  }
}

/// How far the edges are counted: those that stay have moved down over those that do not.
typedef struct settled {
  uint32_t row;
  size_t edge;
} settled;

static void count_block(csizer_graph *graph, settled *settled, size_t first, size_t end) {
  for (size_t i = first; i < end; i++) {
    for (; settled->row < graph->count && graph->rows[settled->row].first_edge <= i; settled->row++)
      graph->rows[settled->row].first_edge = (uint32_t)settled->edge;
    const uint32_t target = graph->targets[i], label = graph->labels[i];
    if (target == CENSUS_NONE) continue;
    graph->found[label & 3][target]++;
    graph->targets[settled->edge] = target;
    graph->labels[settled->edge++] = label;
  }
}

static void finish_rows(csizer_graph *graph, settled *settled) {
  for (; settled->row <= graph->count; settled->row++) graph->rows[settled->row].first_edge = (uint32_t)settled->edge;
  graph->edge_count = settled->edge;
  for (uint32_t i = 0; i < graph->count; i++) {
    graph_row *row = &graph->rows[i];
    const bool is_counted = !(row->flags & (CSIZER_OBJECT_DEINITING | CSIZER_OBJECT_IMMORTAL));
    if (is_counted && graph->found[CSIZER_EDGE_STRONG][i] > row->strong) row->flags |= CSIZER_OBJECT_NEGATIVE;
    if (row->flags & CSIZER_OBJECT_DEINITING && graph->found[CSIZER_EDGE_UNOWNED][i])
      row->flags = (uint16_t)((row->flags & ~CSIZER_OBJECT_DEINITING) | CSIZER_OBJECT_DEAD);
  }
}

void csizer_graph_link(csizer_graph *graph) {
  if (graph->status) return;
  graph->found_capacity = graph->count + (size_t)1;
  for (int i = 0; i < 4; i++) {
    const size_t bytes = graph->found_capacity * sizeof *graph->found[i];
    // Weak and unowned references are few: large pages would be touched in vain.
    graph->found[i] = i <= CSIZER_EDGE_UNCERTAIN ? csizer_graph_map(bytes) : csizer_pages_map(bytes);
    if (!graph->found[i]) graph->status = CSIZER_NO_MEMORY;
  }
  if (graph->status) return;
  settled settled = {0};
  fetch_units(graph, 0);
  for (size_t first = 0; first < graph->edge_count; first += BLOCK) {
    const size_t end = first + BLOCK < graph->edge_count ? first + BLOCK : graph->edge_count;
    fetch_units(graph, end);
    number_block(graph, first, end);
    count_block(graph, &settled, first, end);
  }
  finish_rows(graph, &settled);
}
