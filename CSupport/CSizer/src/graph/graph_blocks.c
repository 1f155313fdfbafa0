// SPDX-License-Identifier: Apache-2.0
// Which blocks the allocator has where, for whoever looks through its memory page by page. It may be asked only within
// reach of something that it has (csizer_allocator_ownership), for which objects speak. Where a program's C memory or
// its tasks are by themselves, it is asked all the same, if a fault does no harm.
#include "csizer_allocator.h"
#include "graph/graph_internal.h"

static bool may_ask(const csizer_graph *graph, uintptr_t page) {
  const heapmap_leaf *leaf = heapmap_leaf_of(graph->walk->map, page);
  return leaf && walk_may_ask(graph->walk, leaf, page);
}

static uintptr_t end_of_reach(const csizer_graph *graph, uintptr_t address) {
  return (address | (((uintptr_t)1 << graph->walk->allocator.reach_shift) - 1)) + 1;
}

// A fault goes on behind the reach. In the copy that a frozen child has of the map, what is found is remembered. An
// allocator that tells nothing would be believed to have all, and a program may have reserved terabytes.
static bool is_known_to_allocator(csizer_graph *graph, uintptr_t page) {
  if (!graph->may_fault || !csizer_allocator_has_uniform_pages()) return false;
  graph->next_page = end_of_reach(graph, page);
  graph->is_probing = true;
  __atomic_signal_fence(__ATOMIC_SEQ_CST);
  (void)csizer_allocator_ownership((const void *)page);
  __atomic_signal_fence(__ATOMIC_SEQ_CST);
  graph->is_probing = false;
  heapmap_leaf *leaf = csizer_heapmap_leaf_make(graph->walk->map, page);
  if (!leaf) graph->status = CSIZER_NO_MEMORY;
  else leaf->areas |= heapmap_areas_around(page, HEAPMAP_AREA_SHIFT);  // the child's own
  return leaf != NULL;
}

uintptr_t csizer_graph_past_empty(csizer_graph *graph, uintptr_t page, uintptr_t end) {
  while (page < end && !may_ask(graph, page) && !is_known_to_allocator(graph, page)) page = end_of_reach(graph, page);
  return page;
}

uintptr_t csizer_graph_page_from(const csizer_graph *graph, uintptr_t address) {
  return (address + graph_page(graph) - 1) & ~(uintptr_t)(graph_page(graph) - 1);
}

bool csizer_graph_was_probing(csizer_graph *graph) {
  const bool was_probing = graph->is_probing;
  graph->is_probing = false;
  return was_probing;
}

bool csizer_graph_has_blocks_of(const csizer_graph *graph, uintptr_t page, size_t usable) {
  if (!may_ask(graph, page) || csizer_allocator_ownership((const void *)page) != CSIZER_OWNED) return false;
  return !usable || csizer_allocator_usable_size((const void *)page) == usable;
}

// jemalloc knows a large block by its first page and its last one. Whoever comes from somewhere in its middle meets the
// last: then the block begins so many pages before, perhaps one more, for it may begin anywhere in its first page.
// Large blocks have four pages at least.
uintptr_t csizer_graph_first_page(const csizer_graph *graph, uintptr_t page, size_t usable) {
  const uintptr_t later = page - usable + graph_page(graph);
  if (csizer_graph_has_blocks_of(graph, later, usable)) return later;
  return csizer_graph_has_blocks_of(graph, page - usable, usable) ? page - usable : page;
}
