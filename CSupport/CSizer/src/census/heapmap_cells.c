// SPDX-License-Identifier: Apache-2.0
// The heap map's cells: where the numbers of what is tracked are.
#define _GNU_SOURCE
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "census/heapmap_internal.h"

heapmap_cell *csizer_heapmap_blocks[HEAPMAP_BLOCKS];

// Relaxed: who reads these keeps all out that put cells in, and comes behind them by that.
static void note_plot(heapmap_leaf *leaf, size_t plot) {
  uint64_t *word = &leaf->plots_with_cells[plot / 64];
  const uint64_t bit = (uint64_t)1 << (plot % 64);
  if (!(__atomic_load_n(word, __ATOMIC_RELAXED) & bit)) __atomic_fetch_or(word, bit, __ATOMIC_RELAXED);
}

bool csizer_heapmap_put_cell(csizer_heapmap *map, uintptr_t address, uint32_t cell) {
  heapmap_leaf *leaf = csizer_heapmap_leaf_make(map, address);  // the object may be older than the census
  if (!leaf) return false;
  heapmap_note(leaf, address);
  note_plot(leaf, heapmap_unit_index(address) / HEAPMAP_UNITS_PER_PLOT);
  uint32_t none = 0, *place = &leaf->cells[(address >> HEAPMAP_CELL_SHIFT) & (HEAPMAP_CELLS - 1)];
  return __atomic_compare_exchange_n(place, &none, cell, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE);
}

// ---- Taking away ----

static void give_back(uint32_t *cells, size_t count) {
  if (madvise(cells, count * sizeof *cells, MADV_DONTNEED)) memset(cells, 0, count * sizeof *cells);
}

// Relaxed: nobody puts a number in meanwhile, and of one that a death takes away the next look hears.
static bool has_numbers(uint32_t cell) {
  const uint32_t *numbers = heapmap_cell_at(cell);
  uint32_t any = 0;
  for (int i = 0; i < HEAPMAP_CELL_NUMBERS; i++) any |= __atomic_load_n(&numbers[i], __ATOMIC_RELAXED);
  return any != 0;
}

// How many cells were there, and how many are left.
static size_t drop_in_plot(heapmap_leaf *leaf, size_t plot, void (*take)(uint32_t cell), size_t *ret_left) {
  size_t count = 0;
  *ret_left = 0;
  for (size_t i = plot * HEAPMAP_CELLS_PER_PLOT; i < (plot + 1) * HEAPMAP_CELLS_PER_PLOT; i++) {
    const uint32_t cell = leaf->cells[i];
    if (!cell) continue;
    count++;
    if (has_numbers(cell)) {
      ++*ret_left;
      continue;
    }
    // Readers that hold nothing may be here: whatever they find then, what they ask about is not tracked.
    __atomic_store_n(&leaf->cells[i], 0, __ATOMIC_RELEASE);
    take(cell);
  }
  return count;
}

// The kernel's pages may have several plots'.
static void close_plot(heapmap_leaf *leaf, size_t plot) {
  const size_t page = (size_t)sysconf(_SC_PAGESIZE), bytes = HEAPMAP_CELLS_PER_PLOT * sizeof *leaf->cells;
  const size_t step = page > bytes ? page / bytes : 1, first = plot / step * step;
  __atomic_fetch_and(&leaf->plots_with_cells[plot / 64], ~((uint64_t)1 << (plot % 64)), __ATOMIC_RELEASE);
  if (csizer_heapmap_next_bit(leaf->plots_with_cells, first, HEAPMAP_LANE_PLOTS) >= first + step)
    give_back(&leaf->cells[first * HEAPMAP_CELLS_PER_PLOT], step * HEAPMAP_CELLS_PER_PLOT);
}

bool csizer_heapmap_drop_cells(csizer_heapmap *map, heapmap_cell_cursor *at, void (*take)(uint32_t cell)) {
  enum { MOST_PLOTS = 64, MOST_CELLS = 4096 };
  size_t plots = 0, cells = 0, left;
  for (; (at->leaf = csizer_heapmap_next_leaf(map, at->leaf)) < HEAPMAP_LEAVES; at->leaf++, at->plot = 0) {
    heapmap_leaf *leaf = heapmap_leaf_numbered(map, at->leaf);
    const uint64_t *plots_with = leaf->plots_with_cells;
    for (; (at->plot = csizer_heapmap_next_bit(plots_with, at->plot, HEAPMAP_LANE_PLOTS)) < HEAPMAP_LANE_PLOTS;
         at->plot++) {
      if (plots++ == MOST_PLOTS || cells > MOST_CELLS) return true;
      cells += drop_in_plot(leaf, at->plot, take, &left);
      if (!left) close_plot(leaf, at->plot);
    }
  }
  return false;
}

void csizer_heapmap_forget_cells(csizer_heapmap *map) {
  for (size_t i = 0; (i = csizer_heapmap_next_leaf(map, i)) < HEAPMAP_LEAVES; i++) {
    heapmap_leaf *leaf = heapmap_leaf_numbered(map, i);
    give_back(leaf->cells, HEAPMAP_CELLS);
    memset(leaf->plots_with_cells, 0, sizeof leaf->plots_with_cells);
  }
}
