// SPDX-License-Identifier: Apache-2.0
// Extra objects are found after all others, and stand behind them. Here they get their places by address.
#include <string.h>

#include "graph/graph_internal.h"

static void sift(graph_place *places, uint32_t at, uint32_t count) {
  for (uint32_t child; (child = 2 * at + 1) < count; at = child) {
    if (child + 1 < count && places[child + 1].address > places[child].address) child++;
    if (places[at].address >= places[child].address) return;
    const graph_place larger = places[child];
    places[child] = places[at];
    places[at] = larger;
  }
}

// A heap sort: in a frozen image nothing may be called that allocates, as the C library's may.
static void sort(graph_place *places, uint32_t count) {
  for (uint32_t i = count / 2; i-- > 0;) sift(places, i, count);
  for (uint32_t last = count; last-- > 1;) {
    const graph_place largest = places[0];
    places[0] = places[last];
    places[last] = largest;
    sift(places, 0, last);
  }
}

static uint32_t rows_below(const csizer_graph *graph, uintptr_t address, uint32_t count) {
  uint32_t low = 0, high = count;
  while (low < high) {
    const uint32_t middle = low + (high - low) / 2;
    if (graph_address(&graph->rows[middle]) < address) low = middle + 1;
    else high = middle;
  }
  return low;
}

/// What stands behind the census's objects, to be put among them.
typedef struct tail {
  graph_row *rows;
  uint32_t *targets, *labels;
  uint32_t count, first_edge, edge_count;
} tail;

static bool take_tail(csizer_graph *graph, tail *tail) {
  tail->count = graph->extras.count;
  const uint32_t first = graph->count - tail->count;
  tail->first_edge = graph->rows[first].first_edge;
  tail->edge_count = (uint32_t)graph->edge_count - tail->first_edge;
  tail->rows = csizer_pages_map((tail->count + (size_t)1) * sizeof *tail->rows);
  tail->targets = csizer_pages_map((tail->edge_count + (size_t)1) * sizeof *tail->targets);
  tail->labels = csizer_pages_map((tail->edge_count + (size_t)1) * sizeof *tail->labels);
  if (!tail->rows || !tail->targets || !tail->labels) {
    graph->status = CSIZER_NO_MEMORY;
    return false;
  }
  memcpy(tail->rows, &graph->rows[first], (tail->count + (size_t)1) * sizeof *tail->rows);
  memcpy(tail->targets, &graph->targets[tail->first_edge], tail->edge_count * sizeof *tail->targets);
  memcpy(tail->labels, &graph->labels[tail->first_edge], tail->edge_count * sizeof *tail->labels);
  return true;
}

static void free_tail(tail *tail) {
  csizer_pages_unmap(tail->rows, (tail->count + (size_t)1) * sizeof *tail->rows);
  csizer_pages_unmap(tail->targets, (tail->edge_count + (size_t)1) * sizeof *tail->targets);
  csizer_pages_unmap(tail->labels, (tail->edge_count + (size_t)1) * sizeof *tail->labels);
}

// From the highest address down, so that what moves up never covers what has still to move.
static void move_rows(csizer_graph *graph, const tail *tail, const graph_place *places) {
  uint32_t row = graph->count, end = row - tail->count;
  uint32_t edge = (uint32_t)graph->edge_count, edges_end = tail->first_edge;
  for (uint32_t i = tail->count; i-- > 0;) {
    const uint32_t below = places[i].below, moved = end - below;
    const uint32_t first = below < end ? graph->rows[below].first_edge : edges_end;
    const uint32_t edges = edges_end - first;
    edge -= edges;
    memmove(&graph->targets[edge], &graph->targets[first], edges * sizeof *graph->targets);
    memmove(&graph->labels[edge], &graph->labels[first], edges * sizeof *graph->labels);
    row -= moved;
    memmove(&graph->rows[row], &graph->rows[below], moved * sizeof *graph->rows);
    for (uint32_t k = row; k < row + moved; k++) graph->rows[k].first_edge += edge - first;
    const graph_row *extra = &tail->rows[places[i].extra];
    const uint32_t at = extra->first_edge - tail->first_edge, own = extra[1].first_edge - extra->first_edge;
    edge -= own;
    memcpy(&graph->targets[edge], &tail->targets[at], own * sizeof *graph->targets);
    memcpy(&graph->labels[edge], &tail->labels[at], own * sizeof *graph->labels);
    graph->rows[--row] = *extra;
    graph->rows[row].first_edge = edge;
    graph->extras.final[places[i].extra] = row;
    end = below;
    edges_end = first;
  }
}

// Numbers of objects, from those in the order of their discovery to those by address.
static uint32_t renumber(const csizer_graph *graph, uint32_t number) {
  const uint32_t known = graph->count - graph->extras.count;
  return number < known ? csizer_graph_final(graph, number) : graph->extras.final[number - known];
}

static void renumber_lists(csizer_graph *graph) {
  for (size_t i = 0; i < graph->raw_count; i++) graph->raws[i].owner = renumber(graph, graph->raws[i].owner);
  for (size_t i = 0; i < graph->slice_count; i++) graph->slices[i].holder = renumber(graph, graph->slices[i].holder);
  // In order: only those of extra objects have to go down.
  for (size_t i = 0; i < graph->unused_count; i++) {
    graph_unused unused = graph->unused[i];
    unused.object = renumber(graph, unused.object);
    size_t at = i;
    for (; at && graph->unused[at - 1].object > unused.object; at--) graph->unused[at] = graph->unused[at - 1];
    graph->unused[at] = unused;
  }
  for (size_t i = 0; i < graph->counts_count; i++) {
    graph_counts counts = graph->counts[i];
    counts.object = renumber(graph, counts.object);
    size_t at = i;
    for (; at && graph->counts[at - 1].object > counts.object; at--) graph->counts[at] = graph->counts[at - 1];
    graph->counts[at] = counts;
  }
}

// As csizer_graph_final, for all edges: how many extra objects are below is looked up for some numbers at a time.
static bool renumber_edges(csizer_graph *graph) {
  enum { SHIFT = 8 };
  const uint32_t known = graph->count - graph->extras.count, blocks = (known >> SHIFT) + 1;
  const graph_place *places = graph->extras.places;
  uint32_t *first = csizer_pages_map(blocks * sizeof *first);  // the first place that is not below the block's numbers
  if (!first) return false;
  for (uint32_t block = 0, at = 0; block < blocks; block++) {
    while (at < graph->extras.count && places[at].below <= block << SHIFT) at++;
    first[block] = at;
  }
  for (size_t i = 0; i < graph->edge_count; i++) {
    const uint32_t target = graph->targets[i];
    if (target == CENSUS_NONE) continue;
    if (target >= CENSUS_FIRST_OTHER) {
      graph->targets[i] = graph->extras.final[target - CENSUS_FIRST_OTHER];
      continue;
    }
    uint32_t at = first[target >> SHIFT];
    while (at < graph->extras.count && places[at].below <= target) at++;
    graph->targets[i] = target + at;
  }
  csizer_pages_unmap(first, blocks * sizeof *first);
  return true;
}

uint32_t csizer_graph_final(const csizer_graph *graph, uint32_t number) {
  uint32_t low = 0, high = graph->extras.places ? graph->extras.count : 0;
  while (low < high) {
    const uint32_t middle = low + (high - low) / 2;
    if (graph->extras.places[middle].below <= number) low = middle + 1;
    else high = middle;
  }
  return number + low;
}

static void put_in_place(csizer_graph *graph) {
  graph_place *places = graph->extras.places;
  const uint32_t count = graph->extras.count;
  for (uint32_t i = 0; i < count; i++) {
    const uintptr_t address = graph->extras.addresses[i];
    places[i] = (graph_place){address, i, rows_below(graph, address, graph->count - count)};
  }
  sort(places, count);
  tail tail;
  if (take_tail(graph, &tail)) {
    move_rows(graph, &tail, places);
    renumber_lists(graph);
    if (!renumber_edges(graph)) graph->status = CSIZER_NO_MEMORY;
  }
  free_tail(&tail);
}

void csizer_graph_merge(csizer_graph *graph) {
  const size_t count = graph->extras.count;
  if (!count || graph->status) return;
  graph->extras.places = csizer_pages_map(count * sizeof *graph->extras.places);
  graph->extras.final = csizer_pages_map(count * sizeof *graph->extras.final);
  if (graph->extras.places && graph->extras.final) put_in_place(graph);
  else graph->status = CSIZER_NO_MEMORY;
}
