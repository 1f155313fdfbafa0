// SPDX-License-Identifier: Apache-2.0
// On whose behalf objects were made: a table from addresses to the scopes of their last births.
#include "lifetimes/birth_scopes.h"

#include "census/census_internal.h"
#include "lifetimes/lines.h"
#include "lifetimes/shards.h"
#include "platform/pages.h"
#include "runtime/target.h"
#include "traces/trace_capture.h"

// An open-addressed table per shard. Nobody tells it of deaths: an address that is used again has a new birth, which
// takes the place of the old one, or empties it.
typedef struct birth_table {
  csizer_scoped_birth *places;  // address 0: free
  size_t capacity;              // a power of two
  size_t used;
} birth_table;

enum { FIRST_CAPACITY = 128 };  // some pages

uint32_t csizer_birth_scopes_open;

static birth_table tables[SHARD_COUNT];
// Read by births, which hold a shard or nothing; written holding all shards. Atomic, and relaxed: a birth that belongs
// to a scope comes behind its beginning by the program's own order, and sees what was written for it; any other may be
// before that, whichever of these it sees. Whether any scope is open is asked again under the shard, and what is noted
// is of the youngest there is then.
static const void *scope_key;
static uint32_t youngest_scope, process_wide_count, wanted_depth;
static uint64_t lost;

static uint32_t scope_here(void) {
  const void *key = __atomic_load_n(&scope_key, __ATOMIC_RELAXED);
  const uint32_t *bound = key ? csizer_target.task_local(key) : NULL;
  return bound ? *bound : 0;
}

static size_t place_of(const birth_table *table, uintptr_t address) {
  size_t at = hash_first(shard_hash(address), table->capacity);
  while (table->places[at].address && table->places[at].address != address) at = hash_next(at, table->capacity);
  return at;
}

// What belongs to nobody any more is left behind.
static bool rebuild(birth_table *table, size_t capacity) {
  birth_table made = {csizer_pages_map(capacity * sizeof *made.places), capacity, 0};
  if (!made.places) return false;
  for (size_t i = 0; i < table->capacity; i++) {
    if (!table->places[i].address || !table->places[i].youngest) continue;
    made.places[place_of(&made, table->places[i].address)] = table->places[i];
    made.used++;
  }
  csizer_pages_unmap(table->places, table->capacity * sizeof *table->places);
  *table = made;
  return true;
}

static bool make_room(birth_table *table) {
  if ((table->used + 1) * 10 <= table->capacity * 7) return true;
  size_t belonging = 0;
  for (size_t i = 0; i < table->capacity; i++) belonging += table->places[i].youngest != 0;
  size_t capacity = table->capacity ? table->capacity : FIRST_CAPACITY;
  if (belonging * 20 > capacity * 7) capacity *= 2;
  return rebuild(table, capacity) || table->used + 1 < table->capacity;
}

// Relaxed: a count.
static void lose(void) { __atomic_fetch_add(&lost, 1, __ATOMIC_RELAXED); }

static void note(birth_table *table, const csizer_scoped_birth *birth) {
  bool has_room = make_room(table);
  size_t at = table->capacity ? place_of(table, birth->address) : 0;
  // Full tables have a place for an address that is there already.
  if (!table->capacity || (!has_room && !table->places[at].address)) {
    lose();
    return;
  }
  if (!table->places[at].address) table->used++;
  table->places[at] = *birth;
}

// Somebody else's object is there now.
static void forget(birth_table *table, uintptr_t address) {
  if (!table->used) return;
  csizer_scoped_birth *place = &table->places[place_of(table, address)];
  if (place->address) *place = (csizer_scoped_birth){.address = address};
}

static void forget_now(uintptr_t address, uint64_t moment) {
  (void)moment;
  forget(&tables[shard_of(shard_hash(address))], address);
}

// In a signal handler that must not wait for a shard. Whose address it was before is no part of any scope's.
static void born_in_handler(uintptr_t address, bool is_noted) {
  if (csizer_late_note(address, forget_now) == LATE_REFUSED || is_noted) lose();
}

void csizer_birth_scopes_born(const void *object, const void *return_address) {
  if (csizer_shard_holds) return;  // the profiler's own
  uint32_t scope = scope_here();
  bool is_noted = scope || __atomic_load_n(&process_wide_count, __ATOMIC_RELAXED);
  uint32_t depth = __atomic_load_n(&wanted_depth, __ATOMIC_RELAXED);
  csizer_scoped_birth birth = {.address = (uintptr_t)object, .scope = scope};
  if (line_is_busy() || shards_are_entered()) return born_in_handler(birth.address, is_noted);
  if (is_noted && depth) birth.trace = trace_capture(depth, return_address);
  unsigned shard = shard_of(shard_hash(birth.address));
  shard_lock(shard);
  csizer_late_settle(shard);
  if (births_are_scoped()) {
    birth.youngest = youngest_scope;
    if (is_noted) note(&tables[shard], &birth);
    else forget(&tables[shard], birth.address);
  }
  shard_unlock(shard);
}

csizer_status csizer_birth_scope_begin(const void *key, uint32_t trace_depth, bool is_process_wide,
                                       uint32_t *ret_scope) {
  if (census_state() != CSIZER_HOOKS_REPLACED || !csizer_target.task_local) return CSIZER_UNSUPPORTED;
  csizer_shards_hold();
  __atomic_store_n(&scope_key, key, __ATOMIC_RELAXED);
  if (trace_depth > wanted_depth) __atomic_store_n(&wanted_depth, trace_depth, __ATOMIC_RELAXED);
  if (is_process_wide) __atomic_fetch_add(&process_wide_count, 1, __ATOMIC_RELAXED);
  *ret_scope = ++youngest_scope;
  __atomic_fetch_add(&csizer_birth_scopes_open, 1, __ATOMIC_RELEASE);
  csizer_shards_release();
  return CSIZER_OK;
}

void csizer_birth_scope_end(bool is_process_wide) {
  csizer_shards_hold();
  if (is_process_wide) __atomic_fetch_sub(&process_wide_count, 1, __ATOMIC_RELAXED);
  if (__atomic_sub_fetch(&csizer_birth_scopes_open, 1, __ATOMIC_RELEASE) == 0) {
    __atomic_store_n(&wanted_depth, 0, __ATOMIC_RELAXED);
    for (unsigned i = 0; i < SHARD_COUNT; i++) {
      csizer_pages_unmap(tables[i].places, tables[i].capacity * sizeof *tables[i].places);
      tables[i] = (birth_table){0};
    }
  }
  csizer_shards_release();
}

size_t csizer_birth_scopes_read(csizer_scoped_birth *births, size_t room) {
  size_t count = 0;
  csizer_shards_hold();
  for (unsigned shard = 0; shard < SHARD_COUNT; shard++)
    for (size_t i = 0; i < tables[shard].capacity; i++) {
      if (!tables[shard].places[i].youngest) continue;
      if (count < room) births[count] = tables[shard].places[i];
      count++;
    }
  csizer_shards_release();
  return count;
}

uint64_t csizer_birth_scopes_lost(void) { return __atomic_load_n(&lost, __ATOMIC_RELAXED); }
