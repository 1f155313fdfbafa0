// SPDX-License-Identifier: Apache-2.0
// Cells: the numbers of 16 places each, made where objects are tracked (heapmap_internal.h).
#define _GNU_SOURCE
#include <string.h>
#include <sys/mman.h>

#include "census/census_internal.h"
#include "lifetimes/numbers.h"
#include "platform/spin.h"

typedef uint32_t cell[HEAPMAP_CELL_NUMBERS];

// Cells come from blocks, which stay mapped for ever: a death that looks for its number, outside of all locks, may do
// so in a cell that was just forgotten.
enum { BLOCK_BYTES = 1 << 16, BLOCK_CELLS = BLOCK_BYTES / sizeof(cell) - 1 };

typedef struct block {
  struct block *next;
  char unused[sizeof(cell) - sizeof(struct block *)];
  cell cells[BLOCK_CELLS];
} block;

// The blocks, in the order in which they are filled; the one that is being filled, and how far. Holding a shard and
// `filling`, or all shards.
static block *first, *last, *current;
static size_t filled, blocks_in_use;
static csizer_spin filling;

static bool begin_next(void) {
  block *next = current ? current->next : first;
  if (!next) {
    next = csizer_pages_reserve(sizeof *next);
    if (!next) return false;
    if (last) last->next = next;
    else first = next;
    last = next;
  }
  current = next;
  filled = 0;
  __atomic_fetch_add(&blocks_in_use, 1, __ATOMIC_RELAXED);
  csizer_pages_use(sizeof *next);
  return true;
}

// So many new cells in a row, or fewer at a block's end; 0 when memory is refused.
static size_t take(size_t wish, uint32_t **ret_cells) {
  csizer_spin_take(&filling);
  size_t count = 0;
  if ((current && filled < BLOCK_CELLS) || begin_next()) {
    count = BLOCK_CELLS - filled < wish ? BLOCK_CELLS - filled : wish;
    *ret_cells = current->cells[filled];
    filled += count;
  }
  csizer_spin_give(&filling);
  return count;
}

uint32_t *csizer_number_find(uintptr_t address) {
  const heapmap_leaf *leaf = census_leaf_of(address);
  return leaf ? heapmap_number_at(leaf, address) : NULL;
}

uint32_t *csizer_number_make(uintptr_t address) {
  uint32_t *number = csizer_number_find(address), *made;
  csizer_heapmap *map = csizer_census_kept.map;
  // Without a leaf to put it in a cell would be lost.
  if (number || !map || !csizer_heapmap_leaf_make(map, address) || !take(1, &made)) return number;
  csizer_heapmap_put_cell(map, address, made);  // if not, another thread was first
  return csizer_number_find(address);
}

uint32_t *csizer_number_make_by(csizer_line *line, uintptr_t address) {
  if (!line->cells_left) return NULL;
  if (csizer_heapmap_put_cell(csizer_census_kept.map, address, line->next_cell)) {
    line->cells_left--;
    line->next_cell += HEAPMAP_CELL_NUMBERS;
  }
  return csizer_number_find(address);
}

void csizer_cells_refill(csizer_line *line) {
  enum { ROW = 64 };
  if (!line->cells_left) line->cells_left = (uint32_t)take(ROW, &line->next_cell);
}

void csizer_numbers_each(void (*visit)(void *context, uint32_t *number), void *context) {
  for (block *block = first; block && current; block = block->next) {
    for (size_t i = 0; i < BLOCK_CELLS; i++)
      for (size_t j = 0; j < HEAPMAP_CELL_NUMBERS; j++)
        if (block->cells[i][j] != NUMBER_NONE) visit(context, &block->cells[i][j]);
    if (block == current) return;
  }
}

static void lose_cells(void *context, csizer_line *line) {
  (void)context;
  line->cells_left = 0;
}

void csizer_cells_forget(void) {
  if (!current) return;
  csizer_heapmap_forget_cells(csizer_census_kept.map);
  csizer_lines_each(lose_cells, NULL);
  for (block *block = first; block; block = block->next) {
    struct block *next = block->next;
    if (madvise(block, sizeof *block, MADV_DONTNEED)) memset(block, 0, sizeof *block);
    block->next = next;
  }
  csizer_pages_leave(csizer_cells_bytes());
  current = NULL;
  filled = 0;
  blocks_in_use = 0;
}

size_t csizer_cells_bytes(void) { return __atomic_load_n(&blocks_in_use, __ATOMIC_RELAXED) * sizeof(block); }
