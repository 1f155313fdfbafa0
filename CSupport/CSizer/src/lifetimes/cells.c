// SPDX-License-Identifier: Apache-2.0
// Cells: the numbers of 8 places each, made where objects are tracked (heapmap_internal.h).
#define _GNU_SOURCE
#include <string.h>
#include <sys/mman.h>

#include "census/census_internal.h"
#include "lifetimes/numbers.h"
#include "platform/spin.h"

// Cells come from blocks, which stay mapped for ever: a death that looks for its number, outside of all locks, may do
// so in a cell that was just forgotten. The first cells of a block are its head, so that no cell has the number 0.
enum { WORDS = HEAPMAP_BLOCK_CELLS / 64 };

typedef struct block {
  /// A bit for each cell that nobody has.
  uint64_t free[WORDS];
  /// How many others there are.
  uint32_t taken;
  /// Whether it has memory. False, too, in a block whose memory was given back.
  bool is_in_use;
} block;

enum { HEAD_CELLS = (sizeof(block) + sizeof(heapmap_cell) - 1) / sizeof(heapmap_cell) };
enum { BLOCK_BYTES = HEAPMAP_BLOCK_CELLS * sizeof(heapmap_cell) };
_Static_assert(HEAD_CELLS < 64, "the head ends in the first word");

// How many blocks there are, how many of them have memory, the first that may have free cells, and how many cells are
// taken. Holding a shard and `filling`, or all shards; the last two are read without: relaxed, numbers by themselves.
static uint32_t block_count, first_with_room;
static size_t blocks_in_use, cells_taken;
static csizer_spin filling;

static block *block_at(uint32_t number) { return (block *)(void *)csizer_heapmap_blocks[number]; }

// ---- Taking ----

static bool begin(uint32_t number) {
  if (number == block_count) {
    if (number == HEAPMAP_BLOCKS) return false;
    heapmap_cell *cells = csizer_pages_reserve(BLOCK_BYTES);
    if (!cells) return false;
    csizer_heapmap_blocks[number] = cells;
    block_count++;
  }
  block *block = block_at(number);
  memset(block->free, 0xFF, sizeof block->free);
  block->free[0] = ~(uint64_t)0 << HEAD_CELLS;
  block->taken = 0;
  block->is_in_use = true;
  __atomic_fetch_add(&blocks_in_use, 1, __ATOMIC_RELAXED);
  csizer_pages_use(BLOCK_BYTES);
  return true;
}

static uint64_t *word_in(uint32_t number) {
  block *block = block_at(number);
  for (size_t i = 0; i < WORDS; i++)
    if (block->free[i]) return &block->free[i];
  return NULL;
}

// The first word with free cells, and which cell its first bit means; NULL when memory is refused.
static uint64_t *word_with_room(uint32_t *ret_first) {
  for (;; first_with_room++) {
    const bool is_there = first_with_room < block_count && block_at(first_with_room)->is_in_use;
    if (!is_there && !begin(first_with_room)) return NULL;
    uint64_t *word = word_in(first_with_room);
    if (!word) continue;
    *ret_first = first_with_room << HEAPMAP_BLOCK_SHIFT | (uint32_t)(word - block_at(first_with_room)->free) * 64;
    return word;
  }
}

// Free cells, a bit for each of 64 that follow the first one; 0 when memory is refused.
static uint64_t take(bool is_one_enough, uint32_t *ret_first) {
  csizer_spin_take(&filling);
  uint64_t *word = word_with_room(ret_first), cells = word ? *word : 0;
  if (is_one_enough) cells &= -cells;
  if (word) {
    const uint32_t count = (uint32_t)__builtin_popcountll(cells);
    *word &= ~cells;
    block_at(*ret_first >> HEAPMAP_BLOCK_SHIFT)->taken += count;
    __atomic_fetch_add(&cells_taken, count, __ATOMIC_RELAXED);
  }
  csizer_spin_give(&filling);
  return cells;
}

static uint32_t first_of(uint64_t cells) { return (uint32_t)__builtin_ctzll(cells); }

// ---- Numbers ----

uint32_t *csizer_number_make(uintptr_t address) {
  uint32_t *number = number_find(address), first;
  csizer_heapmap *map = csizer_census_kept.map;
  // Without a leaf to put it in a cell would be lost.
  if (number || !map || !csizer_heapmap_leaf_make(map, address)) return number;
  const uint64_t made = take(true, &first);
  if (!made) return NULL;
  csizer_heapmap_put_cell(map, address, first + first_of(made));  // if not, another thread was first
  return number_find(address);
}

uint32_t *csizer_number_make_by(csizer_line *line, uintptr_t address) {
  if (!line->cells) return NULL;
  if (csizer_heapmap_put_cell(csizer_census_kept.map, address, line->first_cell + first_of(line->cells)))
    line->cells &= line->cells - 1;
  return number_find(address);
}

void csizer_cells_refill(csizer_line *line) {
  if (!line->cells) line->cells = take(false, &line->first_cell);
}

static void visit_cell(uint32_t *numbers, void (*visit)(void *context, uint32_t *number), void *context) {
  for (size_t i = 0; i < HEAPMAP_CELL_NUMBERS; i++)
    if (numbers[i] != NUMBER_NONE) visit(context, &numbers[i]);
}

void csizer_numbers_each(void (*visit)(void *context, uint32_t *number), void *context) {
  for (uint32_t number = 0; number < block_count; number++) {
    block *block = block_at(number);
    for (uint32_t i = 0; block->is_in_use && i < WORDS; i++) {
      uint64_t taken = ~block->free[i];
      if (!i) taken &= ~(uint64_t)0 << HEAD_CELLS;
      for (; taken; taken &= taken - 1)
        visit_cell(csizer_heapmap_blocks[number][i * 64 + first_of(taken)], visit, context);
    }
  }
}

// ---- Giving back ----

static void drop_memory(block *block) {
  if (madvise(block, BLOCK_BYTES, MADV_DONTNEED)) memset(block, 0, BLOCK_BYTES);
}

// All of its numbers are 0.
static void give_cell(uint32_t cell) {
  const uint32_t number = cell >> HEAPMAP_BLOCK_SHIFT, at = cell & (HEAPMAP_BLOCK_CELLS - 1);
  block *block = block_at(number);
  block->free[at / 64] |= (uint64_t)1 << (at % 64);
  __atomic_fetch_sub(&cells_taken, 1, __ATOMIC_RELAXED);
  if (number < first_with_room) first_with_room = number;
  if (--block->taken) return;
  drop_memory(block);
  __atomic_fetch_sub(&blocks_in_use, 1, __ATOMIC_RELAXED);
  csizer_pages_leave(BLOCK_BYTES);
}

void csizer_cells_give_back(void) {
  heapmap_cell_cursor at = {0};
  for (bool are_more = csizer_census_kept.map != NULL; are_more;) {
    csizer_shards_hold();
    are_more = csizer_heapmap_drop_cells(csizer_census_kept.map, &at, give_cell);
    csizer_shards_release();
  }
}

// A cell becomes empty by a death: before a quarter of them can be empty nobody looks.
void csizer_cells_note_deaths(uint32_t deaths) {
  enum { FEW = 1024 };
  static uint64_t noted;  // of all trackers; atomic and relaxed: some deaths more or less do not matter
  const uint64_t sum = __atomic_add_fetch(&noted, deaths, __ATOMIC_RELAXED);
  if (sum < FEW || sum < __atomic_load_n(&cells_taken, __ATOMIC_RELAXED) / 4) return;
  __atomic_fetch_sub(&noted, sum, __ATOMIC_RELAXED);
  csizer_cells_give_back();
}

static void lose_cells(void *context, csizer_line *line) {
  (void)context;
  line->cells = 0;
}

void csizer_cells_forget(void) {
  if (!blocks_in_use) return;
  csizer_heapmap_forget_cells(csizer_census_kept.map);
  csizer_lines_each(lose_cells, NULL);
  for (uint32_t number = 0; number < block_count; number++) drop_memory(block_at(number));
  csizer_pages_leave(csizer_cells_bytes());
  first_with_room = 0;
  __atomic_store_n(&blocks_in_use, 0, __ATOMIC_RELAXED);
  __atomic_store_n(&cells_taken, 0, __ATOMIC_RELAXED);
}

size_t csizer_cells_bytes(void) { return __atomic_load_n(&blocks_in_use, __ATOMIC_RELAXED) * BLOCK_BYTES; }
