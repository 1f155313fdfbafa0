// SPDX-License-Identifier: Apache-2.0
// Words in the allocator's memory that belong to nothing the graph knows, and that are the address of an object whose
// count nothing else explains: who holds it is a C library, or memory that a program manages by itself.
//
// The allocator does not say which places of a slab are in use, and what was freed keeps its words: such a word is no
// proof. What is plainly left of a dead object is not taken for one.
#include "csizer_allocator.h"
#include "graph/graph_internal.h"
#include "walk/task.h"

enum { MOST = 1 << 14 };
enum { FILTER_BITS = CSIZER_GRAPH_FILTER_BYTES * 8 };

/// Which addresses are looked for: at hand, what the graph keeps of it.
typedef struct sought {
  csizer_graph *graph;
  uintptr_t low, high;
  uint64_t *filter;
} sought;

bool csizer_graph_is_unexplained(const csizer_graph *graph, uint32_t object) {
  const uint32_t proves_nothing = CSIZER_OBJECT_IMMORTAL | CSIZER_OBJECT_DEINITING | CSIZER_OBJECT_DEAD |
                                  CSIZER_OBJECT_NEGATIVE | CSIZER_OBJECT_LIVING_TASK;
  const uint64_t known =
      (uint64_t)graph->found[CSIZER_EDGE_STRONG][object] + graph->found[CSIZER_EDGE_UNCERTAIN][object];
  return graph->rows[object].strong > known && !(graph_flags(graph, object) & proves_nothing);
}

static uint64_t *filter_word(uint64_t *filter, uintptr_t address, uint64_t *ret_bit) {
  const uint64_t bit = (address >> 4) % FILTER_BITS;
  *ret_bit = (uint64_t)1 << bit % 64;
  return &filter[bit / 64];
}

static bool make_filter(csizer_graph *graph) {
  graph->sought_low = UINTPTR_MAX;
  for (uint32_t i = 0; i < graph->count; i++) {
    if (!csizer_graph_is_unexplained(graph, i)) continue;
    const uintptr_t address = graph_address(&graph->rows[i]);
    if (address < graph->sought_low) graph->sought_low = address;
    graph->sought_high = address;
    uint64_t bit, *word = filter_word(graph->filter, address, &bit);
    *word |= bit;
  }
  return graph->sought_low <= graph->sought_high;
}

// ---- What belongs to something known ----

// Whether an object or a raw block that the walk has met reaches as far as this.
static bool belongs_to_known(const csizer_graph *graph, uintptr_t at) {
  const uintptr_t block = csizer_heapmap_block_before(graph->walk->map, at, false);
  if (!block) return false;
  return block + pagememo_size(&graph->walk->memo, heapmap_leaf_at(graph->walk->map, block), block) > at;
}

static bool is_metadata(const csizer_graph *graph, const void *word) {
  return word && (csizer_images_contain(&graph->layouts->images, (uintptr_t)word) ||
                  csizer_layout_map_find(&graph->layouts->objects, word));
}

// Whether a dead object or a task's slab begins here. A freed object keeps its counts (graph_account.c): no strong
// reference is left, and its life has ended, or they are in a side table.
static bool is_left_over(const csizer_graph *graph, const uintptr_t *words) {
  if (task_is_slab((const task_slab *)(const void *)words)) return true;
  const bool has_ended = words[1] >> 32 == SWIFT_DEINITING >> 32;
  const bool has_side_table = words[1] >> 62 == SWIFT_SLOW_REFERENCES >> 62;
  return (has_ended || has_side_table) && is_metadata(graph, (const void *)words[0]);
}

// Of a slab's blocks. Where one begins is not known in slabs of odd sizes: all places are tried from which it would
// reach here.
static bool stands_in_left_over(const csizer_graph *graph, uintptr_t at, size_t usable, uintptr_t start) {
  enum { STEP = 16 };
  for (uintptr_t place = at & ~(uintptr_t)(STEP - 1); at - place < usable; place -= STEP) {
    if (place < start) {
      start -= graph_page(graph);
      if (!csizer_graph_has_blocks_of(graph, start, usable)) return false;
    }
    if (is_left_over(graph, (const uintptr_t *)place)) return true;
  }
  return false;
}

// ---- The search ----

static bool is_in_slab(const csizer_graph *graph, size_t usable) {
  return usable <= graph->walk->allocator.largest_in_slab;
}

static void note(sought *sought, uintptr_t at, uintptr_t word, size_t usable, uintptr_t start) {
  csizer_graph *graph = sought->graph;
  const size_t object = csizer_graph_find(graph, word);
  if (object == CSIZER_NO_OBJECT || !csizer_graph_is_unexplained(graph, (uint32_t)object)) return;
  if (belongs_to_known(graph, at)) return;
  if (is_in_slab(graph, usable) && stands_in_left_over(graph, at, usable, start)) return;
  if (!csizer_graph_make_room(graph, &graph->foreign, &graph->foreign_capacity, graph->foreign_count,
                              sizeof *graph->foreign))
    return;
  graph->foreign[graph->foreign_count++] =
      (graph_foreign){.at = at, .start = start, .usable = usable, .object = (uint32_t)object};
}

// `block` is what a word's place is told by: where a large block begins, or the page.
static void look_through(sought *sought, uintptr_t start, uintptr_t end, uintptr_t block, size_t usable) {
  for (uintptr_t at = start; at < end && sought->graph->foreign_count < MOST; at += sizeof(uintptr_t)) {
    const uintptr_t word = *(const uintptr_t *)at;
    if (__builtin_expect(word - sought->low > sought->high - sought->low, 1)) continue;
    uint64_t bit;
    if (!(*filter_word(sought->filter, word, &bit) & bit) || word & 15) continue;
    note(sought, at, word, usable, block);
  }
}

static void look_through_large(sought *sought, uintptr_t start, uintptr_t end, size_t usable) {
  enum { STEP = 1 << 20 };
  for (uintptr_t at = start; at < end; at += STEP) {
    graph_tell_progress(sought->graph);
    look_through(sought, at, end - at < STEP ? end : at + STEP, start, usable);
  }
}

// Whether the large block whose first page this is belongs to an object, is one, or is what is left of one. It begins
// at some line of the processor's cache in that page.
static bool is_known(const csizer_graph *graph, uintptr_t page) {
  enum { LINE = 64 };
  const uintptr_t end = page + graph_page(graph);
  if (csizer_heapmap_block_before(graph->walk->map, end - 1, false) >= page) return true;
  for (uintptr_t place = page; place < end; place += LINE)
    if (is_left_over(graph, (const uintptr_t *)place)) return true;
  return false;
}

// Looks through the page, or the large block that it belongs to; answers where what is next begins.
static uintptr_t look_at(sought *sought, uintptr_t page, uintptr_t end) {
  const uintptr_t behind = page + graph_page(sought->graph);
  if (csizer_allocator_ownership((const void *)page) != CSIZER_OWNED) return behind;
  const size_t usable = csizer_allocator_usable_size((const void *)page);
  if (is_in_slab(sought->graph, usable)) {
    // A slab's blocks may begin in the page before.
    look_through(sought, page, behind, page, usable);
    return behind;
  }
  const uintptr_t first = csizer_graph_first_page(sought->graph, page, usable);
  if (first != page) {
    // What is between may be no memory at all, if these are two blocks' ends after all.
    if (!is_known(sought->graph, first)) look_through(sought, page, behind, page, usable);
    return behind;
  }
  // It begins somewhere in its first page, and may reach as far into a page behind, in which no other does begin then.
  uintptr_t last = page + usable;
  if (last < end && !csizer_graph_has_blocks_of(sought->graph, last, 0)) last += graph_page(sought->graph);
  if (last > end) last = end;
  if (!is_known(sought->graph, page)) look_through_large(sought, page, last, usable);
  return last > page ? last : behind;
}

// Where it goes on after a fault: behind the page, or the block, that could not be read.
static void search(sought *sought) {
  csizer_graph *graph = sought->graph;
  for (; graph->next_memory < graph->memory.count; graph->next_memory++) {
    const csizer_mapping *memory = &graph->memory.mappings[graph->next_memory];
    if (memory->has_file || !memory->is_writable || !heapmap_has_room_for(memory->end)) continue;
    if (graph->next_page < memory->start) graph->next_page = csizer_graph_page_from(graph, memory->start);
    while (graph->next_page < memory->end && graph->foreign_count < MOST && !graph->status) {
      const uintptr_t page = csizer_graph_past_empty(graph, graph->next_page, memory->end);
      graph->next_page = page + graph_page(graph);
      graph_tell_progress(graph);
      __atomic_signal_fence(__ATOMIC_SEQ_CST);
      if (page < memory->end) graph->next_page = look_at(sought, page, memory->end);
    }
  }
}

static bool begin(csizer_graph *graph) {
  graph->filter = csizer_pages_map(CSIZER_GRAPH_FILTER_BYTES);
  if (!graph->filter) graph->status = CSIZER_NO_MEMORY;
  graph->next_memory = 0;
  graph->next_page = 0;
  return graph->filter && make_filter(graph);
}

void csizer_graph_find_foreign(csizer_graph *graph) {
  if (graph->status || graph->has_no_edges || !csizer_allocator_has_uniform_pages()) return;
  if (!graph->filter && !begin(graph)) return;
  sought sought = {graph, graph->sought_low, graph->sought_high, graph->filter};
  if (sought.low <= sought.high) search(&sought);
}
