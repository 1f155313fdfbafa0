// SPDX-License-Identifier: Apache-2.0
// The index of the living, for objects that have no number of their own (numbers.h), and what is asked of both.
#include <string.h>

#include "lifetimes/numbers.h"

// An open-addressed table per shard, 8 bytes a place: the record's number in its tracker, the tracker's number, and 16
// bits of the address's hash. That these meet by chance is found out in the record, which holds the address.

enum { EMPTY = 0, FIRST_CAPACITY = 512 };  // a page
#define REMOVED UINT64_MAX

typedef struct living_table {
  uint64_t *places;
  size_t capacity;  // a power of two
  size_t used;      // places that are not empty
  size_t count;     // places that hold a record
} living_table;

// One heap, one index: shared by all trackers, so that a death costs one look-up.
static living_table tables[SHARD_COUNT];

static uint64_t tag_of(uint64_t hash) { return hash & 0xFFFF; }

// The number is stored plus one, so that no place that is in use is EMPTY.
static uint64_t pack(uint64_t hash, uint32_t tracker, uint32_t number) {
  return ((uint64_t)number + 1) << 32 | (uint64_t)tracker << 16 | tag_of(hash);
}
static uint32_t number_in(uint64_t place) { return (uint32_t)(place >> 32) - 1; }
static uint32_t tracker_in(uint64_t place) { return place >> 16 & 0xFFFF; }

static lifetime_record *record_of(uint64_t place, csizer_lifetimes **ret_owner) {
  *ret_owner = csizer_lifetimes_numbered(tracker_in(place));
  return lifetime_record_at(*ret_owner, number_in(place));
}

static bool rebuild(living_table *table, size_t capacity) {
  uint64_t *places = csizer_pages_map(capacity * sizeof *places);
  if (!places) return false;
  for (size_t i = 0; i < table->capacity; i++) {
    uint64_t place = table->places[i];
    if (place == EMPTY || place == REMOVED) continue;
    csizer_lifetimes *owner;
    size_t at = hash_first(shard_hash(lifetime_address(record_of(place, &owner))), capacity);
    while (places[at] != EMPTY) at = hash_next(at, capacity);
    places[at] = place;
  }
  csizer_pages_unmap(table->places, table->capacity * sizeof *places);
  table->places = places;
  table->capacity = capacity;
  table->used = table->count;
  return true;
}

// At most seven tenths are in use. A table that is full of removed places is only swept, one that has become far too
// large shrinks.
static bool make_room(living_table *table) {
  if ((table->used + 1) * 10 <= table->capacity * 7) return true;
  size_t capacity = table->capacity ? table->capacity : FIRST_CAPACITY;
  if (table->count * 20 > capacity * 9) capacity *= 2;
  while (capacity > FIRST_CAPACITY && table->count * 8 < capacity) capacity /= 2;
  return rebuild(table, capacity) || table->used + 1 < table->capacity;
}

bool csizer_living_reserve(uint64_t hash) { return make_room(&tables[shard_of(hash)]); }

void csizer_living_insert(uint64_t hash, uint32_t tracker, uint32_t number) {
  living_table *table = &tables[shard_of(hash)];
  size_t at = hash_first(hash, table->capacity);
  while (table->places[at] != EMPTY && table->places[at] != REMOVED) at = hash_next(at, table->capacity);
  if (table->places[at] == EMPTY) table->used++;
  table->count++;
  table->places[at] = pack(hash, tracker, number);
}

// The first place at or after `at` that holds a record of the address; the table's capacity when there is none.
static inline size_t next_place(const living_table *table, uintptr_t address, uint64_t hash, size_t at) {
  for (; table->places[at] != EMPTY; at = hash_next(at, table->capacity)) {
    uint64_t place = table->places[at];
    if ((place & 0xFFFF) != tag_of(hash) || place == REMOVED) continue;
    csizer_lifetimes *owner;
    if (lifetime_address(record_of(place, &owner)) == address) return at;
  }
  return table->capacity;
}

// A removed place is needed only where a search must go on behind it.
static void remove_at(living_table *table, size_t at) {
  size_t mask = table->capacity - 1;
  table->count--;
  if (table->places[(at + 1) & mask] != EMPTY) {
    table->places[at] = REMOVED;
    return;
  }
  do {
    table->places[at] = EMPTY;
    table->used--;
    at = (at - 1) & mask;
  } while (table->places[at] == REMOVED);
}

// A sixteenth is left of what the table has room for: crossed once on the way down, so that a refusal is not met again
// at every death.
static void shrink(living_table *table) {
  if (table->count * 16 == table->capacity && table->capacity > FIRST_CAPACITY) rebuild(table, table->capacity / 4);
}

// The number of an address whose object is not in the index.
static uint32_t *direct_number(uintptr_t address) {
  uint32_t *number = number_find(address);
  return number && number_is_direct(number_read(number)) ? number : NULL;
}

lifetime_record *csizer_living_find(uintptr_t address, uint32_t tracker) {
  const uint32_t *number = direct_number(address);
  if (number) {
    const uint32_t known = number_read(number);
    return number_chunk(known)->owner->number == tracker ? number_record(known) : NULL;
  }
  uint64_t hash = shard_hash(address);
  const living_table *table = &tables[shard_of(hash)];
  if (!table->capacity) return NULL;
  for (size_t at = hash_first(hash, table->capacity);; at = hash_next(at, table->capacity)) {
    at = next_place(table, address, hash, at);
    if (at == table->capacity) return NULL;
    csizer_lifetimes *owner;
    if (tracker_in(table->places[at]) == tracker) return record_of(table->places[at], &owner);
  }
}

// Relaxed, as in end_inside.
static lifetime_record *take_number(uint32_t *place, csizer_lifetimes **ret_owner) {
  const uint32_t number = number_read(place);
  *ret_owner = number_chunk(number)->owner;
  __atomic_store_n(place, NUMBER_NONE, __ATOMIC_RELAXED);
  return number_record(number);
}

lifetime_record *csizer_living_take_next(uintptr_t address, csizer_lifetimes **ret_owner, bool *ret_are_more) {
  uint64_t hash = shard_hash(address);
  living_table *table = &tables[shard_of(hash)];
  *ret_are_more = false;
  uint32_t *number = direct_number(address);
  if (number) return take_number(number, ret_owner);
  if (!table->capacity) return NULL;
  size_t at = next_place(table, address, hash, hash_first(hash, table->capacity));
  if (at == table->capacity) return NULL;
  lifetime_record *record = record_of(table->places[at], ret_owner);
  *ret_are_more = next_place(table, address, hash, hash_next(at, table->capacity)) != table->capacity;
  remove_at(table, at);
  shrink(table);
  return record;
}

lifetime_record *csizer_living_take(uintptr_t address, csizer_lifetimes **ret_owner) {
  bool are_more;
  return csizer_living_take_next(address, ret_owner, &are_more);
}

static void drop_empty(living_table *table) {
  if (table->count) return;
  csizer_pages_unmap(table->places, table->capacity * sizeof *table->places);
  *table = (living_table){0};
}

typedef struct taking {
  uint32_t tracker;
  void (*visit)(void *context, lifetime_record *record);
  void *context;
} taking;

static void take_number_of(void *context, uint32_t *number) {
  const taking *taking = context;
  if (!number_is_direct(*number) || number_chunk(*number)->owner->number != taking->tracker) return;
  csizer_lifetimes *owner;
  taking->visit(taking->context, take_number(number, &owner));
}

void csizer_living_take_all(uint32_t tracker, void (*visit)(void *context, lifetime_record *record), void *context) {
  csizer_numbers_each(take_number_of, &(taking){tracker, visit, context});
  for (unsigned shard = 0; shard < SHARD_COUNT; shard++) {
    living_table *table = &tables[shard];
    for (size_t i = 0; i < table->capacity; i++) {
      uint64_t place = table->places[i];
      if (place == EMPTY || place == REMOVED || tracker_in(place) != tracker) continue;
      csizer_lifetimes *owner;
      visit(context, record_of(place, &owner));
      table->places[i] = REMOVED;
      table->count--;
    }
    drop_empty(table);
  }
}

typedef struct visiting {
  void (*visit)(void *context, csizer_lifetimes *owner, const lifetime_record *record);
  void *context;
} visiting;

static void visit_number(void *context, uint32_t *number) {
  const visiting *visiting = context;
  if (number_is_direct(*number))
    visiting->visit(visiting->context, number_chunk(*number)->owner, number_record(*number));
}

void csizer_living_each(void (*visit)(void *context, csizer_lifetimes *owner, const lifetime_record *record),
                        void *context) {
  csizer_numbers_each(visit_number, &(visiting){visit, context});
  for (unsigned shard = 0; shard < SHARD_COUNT; shard++)
    for (size_t i = 0; i < tables[shard].capacity; i++) {
      uint64_t place = tables[shard].places[i];
      if (place == EMPTY || place == REMOVED) continue;
      csizer_lifetimes *owner;
      const lifetime_record *record = record_of(place, &owner);
      visit(context, owner, record);
    }
}

size_t csizer_living_bytes(void) {
  size_t bytes = csizer_cells_bytes();
  for (unsigned i = 0; i < SHARD_COUNT; i++) bytes += tables[i].capacity * sizeof *tables[i].places;
  return bytes;
}

#ifdef CSIZER_CHECKS
static const char *check_table(const living_table *table, unsigned shard) {
  size_t used = 0, count = 0;
  for (size_t i = 0; i < table->capacity; i++) {
    uint64_t place = table->places[i];
    used += place != EMPTY;
    if (place == EMPTY || place == REMOVED) continue;
    count++;
    csizer_lifetimes *owner;
    uint64_t hash = shard_hash(lifetime_address(record_of(place, &owner)));
    if (shard_of(hash) != shard) return "an object is in another shard's index";
    if (tag_of(hash) != (place & 0xFFFF)) return "a place of the index has another object's hash";
    for (size_t at = hash_first(hash, table->capacity); at != i; at = hash_next(at, table->capacity))
      if (table->places[at] == EMPTY) return "an object can't be found any more: its search ends before it";
  }
  if (count != table->count) return "the index of the living miscounts them";
  if (used != table->used) return "the index of the living miscounts its free places";
  return used < table->capacity || !table->capacity ? NULL : "the index of the living is full: searches don't end";
}

const char *csizer_living_check(void) {
  const char *broken = NULL;
  for (unsigned i = 0; i < SHARD_COUNT && !broken; i++) broken = check_table(&tables[i], i);
  return broken;
}
#endif
