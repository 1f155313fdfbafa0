// SPDX-License-Identifier: Apache-2.0
#ifndef CSIZER_NUMBERS_H
#define CSIZER_NUMBERS_H
#include "census/census_internal.h"
#include "lifetimes/lifetimes_internal.h"
#include "lifetimes/lines.h"

// How an object's record is found by the number of its place (heapmap_internal.h). A number leads to one record of one
// tracker, without a search: it is that of the record's chunk, which is one of all trackers', and the place in it. What
// has no such number is in the index (living.c): objects of several trackers, and what was met where there was no
// memory for better.

#define NUMBER_NONE ((uint32_t)0)
#define NUMBER_INDEXED UINT32_MAX

/// A chunk of records: whose, and which slots they are there.
typedef struct numbered_chunk {
  lifetime_record *records;
  csizer_lifetimes *owner;
  uint32_t first_slot;
} numbered_chunk;

/// All of them; 0 is none, and the last would have NUMBER_INDEXED. Written holding a shard, and only while no number
/// leads there.
extern numbered_chunk csizer_numbered_chunks[CHUNK_LIMIT];

static inline const numbered_chunk *number_chunk(uint32_t number) {
  return &csizer_numbered_chunks[number >> CHUNK_SHIFT];
}
static inline lifetime_record *number_record(uint32_t number) {
  return &number_chunk(number)->records[number & (CHUNK_RECORDS - 1)];
}
static inline uint32_t number_slot(uint32_t number) {
  return number_chunk(number)->first_slot + (number & (CHUNK_RECORDS - 1));
}
/// Relaxed: who has the object comes behind its birth by the program's own order. Who had the place before is ordered
/// by the allocator, which a sanitizer of threads does not see.
static inline uint32_t number_read(const uint32_t *place) { return __atomic_load_n(place, __ATOMIC_RELAXED); }
static inline bool number_is_direct(uint32_t number) { return number != NUMBER_NONE && number != NUMBER_INDEXED; }

// numbers.c
/// A number for a chunk that was just made; 0 when there are no more. Holding a shard.
uint32_t csizer_numbers_add(lifetime_record *records, csizer_lifetimes *owner, uint32_t first_slot);
/// Takes it back. Holding all shards; nothing living may have a number in it.
void csizer_numbers_remove(uint32_t chunk);

// rows.c
/// Gives the line numbers of a tracker: one if it had none of them, and the more the more it used, so that few are left
/// behind when all are held. False when the system refuses memory. The line's thread, holding a shard.
bool csizer_numbers_refill(csizer_line *line, csizer_lifetimes *owner);
/// Takes from all lines what numbers of a tracker they have left. Holding all shards.
void csizer_numbers_take_back(csizer_lifetimes *owner);

/// The number of a place, NULL when it has no cell.
static inline uint32_t *number_find(uintptr_t address) {
  const heapmap_leaf *leaf = census_leaf_of(address);
  return leaf ? heapmap_number_at(leaf, address) : NULL;
}

// cells.c
/// As number_find, with a cell made for the place; NULL when the system refuses memory. Holding a shard.
uint32_t *csizer_number_make(uintptr_t address);
/// The same by one of the line's cells; NULL when it has none left. Inside of the line.
uint32_t *csizer_number_make_by(csizer_line *line, uintptr_t address);
/// Gives the line cells, if it has none. Its thread, holding a shard.
void csizer_cells_refill(csizer_line *line);
/// Calls `visit` for each number that is not NUMBER_NONE, and may set it. Holding all shards.
void csizer_numbers_each(void (*visit)(void *context, uint32_t *number), void *context);
/// Gives cells back in which nothing lives any more: to who needs new ones, and where a block has no others to the
/// system. Holds all shards, again and again, each time for some 100 µs. Any thread, inside of no line.
void csizer_cells_give_back(void);
/// Tells that so many objects have died of which nobody was told before: calls csizer_cells_give_back where it may be
/// worth it.
void csizer_cells_note_deaths(uint32_t deaths);
/// Gives all cells' memory back. Holding all shards; nothing living may have a number.
void csizer_cells_forget(void);
/// Bytes of memory of the cells in use.
size_t csizer_cells_bytes(void);

#endif
