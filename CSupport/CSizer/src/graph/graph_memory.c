// SPDX-License-Identifier: Apache-2.0
// Memory of a graph: lists that grow, and large tables.
#define _GNU_SOURCE
#include <string.h>
#include <sys/mman.h>

#include "graph/graph_internal.h"

void *csizer_graph_map(size_t bytes) {
  void *pages = csizer_pages_map(bytes);
  enum { LARGE = 4 << 20 };  // less would be rounded up to more than it is
  if (pages && bytes >= LARGE) madvise(pages, bytes, MADV_HUGEPAGE);
  return pages;
}

bool csizer_graph_make_room(csizer_graph *graph, void *list, size_t *capacity, size_t count, size_t item_bytes) {
  if (csizer_pages_make_room(list, capacity, count, item_bytes)) return true;
  graph->status = CSIZER_NO_MEMORY;
  return false;
}

bool csizer_graph_more_edges(csizer_graph *graph) {
  const size_t bytes = graph->edge_capacity * sizeof *graph->targets, more = graph->edge_capacity * 2;
  uint32_t *targets = more <= UINT32_MAX ? csizer_pages_grow(graph->targets, bytes, 2 * bytes) : NULL;
  if (targets) graph->targets = targets;
  uint32_t *labels = targets ? csizer_pages_grow(graph->labels, bytes, 2 * bytes) : NULL;
  if (labels) {
    graph->labels = labels;
    graph->edge_capacity = more;
    return true;
  }
  // The list that did grow is given back with its old size: the kernel is to have the rest now.
  if (targets) csizer_pages_unmap((char *)targets + bytes, bytes);
  graph->status = CSIZER_NO_MEMORY;
  return false;
}
