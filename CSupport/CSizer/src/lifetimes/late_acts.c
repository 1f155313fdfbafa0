// SPDX-License-Identifier: Apache-2.0
// What signal handlers note and others do: tables without a lock.
#include "lifetimes/late_acts.h"

#include "lifetimes/shards.h"
#include "platform/clock.h"
#include "platform/pages.h"

// The address is EMPTY, TAKEN by who is filling it in, or what the act is of. Emptied by who did it.
enum { EMPTY = 0, TAKEN = 1 };

typedef struct late {
  uintptr_t address;
  uint64_t moment;
  csizer_late_act act;
} late;

// An act is within some places of where its address's hash leads, in any of the tables. Where these are full the next
// one is made, of twice the size, and stays.
enum { TABLES = 16, FIRST = 256, WINDOW = 32 };
static late first[FIRST], *tables[TABLES] = {first};

uint32_t csizer_ends_by_shard;

static late *table_at(size_t i) { return __atomic_load_n(&tables[i], __ATOMIC_ACQUIRE); }

static size_t capacity_of(size_t i) { return (size_t)FIRST << i; }

// A sign for who passes by; what was noted is ordered by its own address.
static void count(uint32_t change) { __atomic_fetch_add(&csizer_ends_by_shard, change, __ATOMIC_RELEASE); }

// Relaxed: who is out while all shards are held comes in behind their release.
void csizer_ends_need_shards(bool they_need) {
  if (they_need) __atomic_fetch_or(&csizer_ends_by_shard, LATE_OTHERS, __ATOMIC_RELAXED);
  else __atomic_fetch_and(&csizer_ends_by_shard, ~LATE_OTHERS, __ATOMIC_RELAXED);
}

// ---- Noting ----

// The act is relaxed: it was stored before the address, which is acquired. If the place was emptied and taken again
// meanwhile it is another's: then whoever empties it finds another address, and leaves it.
static late *find(uintptr_t address, csizer_late_act act) {
  if (!late_acts_are_noted()) return NULL;
  for (size_t i = 0; i < TABLES && table_at(i); i++) {
    size_t at = hash_first(shard_hash(address), capacity_of(i));
    for (size_t j = 0; j < WINDOW; j++, at = hash_next(at, capacity_of(i))) {
      late *place = &table_at(i)[at];
      if (__atomic_load_n(&place->address, __ATOMIC_ACQUIRE) == address &&
          __atomic_load_n(&place->act, __ATOMIC_RELAXED) == act)
        return place;
    }
  }
  return NULL;
}

// What is stored between taking the place, which acquires what was done with it before, and the address, which releases
// all, is relaxed. A place that is taken tells nothing.
static bool note_in(size_t i, uintptr_t address, csizer_late_act act) {
  size_t at = hash_first(shard_hash(address), capacity_of(i));
  for (size_t j = 0; j < WINDOW; j++, at = hash_next(at, capacity_of(i))) {
    late *place = &table_at(i)[at];
    uintptr_t found = EMPTY;
    if (!__atomic_compare_exchange_n(&place->address, &found, TAKEN, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
      continue;
    __atomic_store_n(&place->moment, clock_ticks(), __ATOMIC_RELAXED);
    __atomic_store_n(&place->act, act, __ATOMIC_RELAXED);
    // Counted first: who sees it and does not find the act yet came before that was noted.
    count(1);
    __atomic_store_n(&place->address, address, __ATOMIC_RELEASE);
    return true;
  }
  return false;
}

static bool make_table(size_t i) {
  late *made = csizer_pages_map(capacity_of(i) * sizeof *made), *other = NULL;
  if (!made) return false;
  if (!__atomic_compare_exchange_n(&tables[i], &other, made, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
    csizer_pages_unmap(made, capacity_of(i) * sizeof *made);  // another thread was first
  return true;
}

// An object's end is told twice, when its deinit begins and when its memory is given back.
csizer_late_answer csizer_late_note(uintptr_t address, csizer_late_act act) {
  if (find(address, act)) return LATE_KNOWN;
  for (size_t i = 0; i < TABLES && (table_at(i) || make_table(i)); i++)
    if (note_in(i, address, act)) return LATE_NOTED;
  return LATE_REFUSED;
}

// ---- Doing ----

// Released: the act was read before another takes the place. Relaxed when it has another address by now: nothing is
// done.
static void empty(late *place, uintptr_t address) {
  if (__atomic_compare_exchange_n(&place->address, &address, EMPTY, false, __ATOMIC_RELEASE, __ATOMIC_RELAXED))
    count((uint32_t)-1);
}

void csizer_late_withdraw(uintptr_t address, csizer_late_act act) {
  late *place = find(address, act);
  if (place) empty(place, address);
}

void csizer_late_do(unsigned shard) {
  for (size_t i = 0; i < TABLES && table_at(i); i++)
    for (size_t at = 0; late_acts_are_noted() && at < capacity_of(i); at++) {
      late *place = &table_at(i)[at];
      const uintptr_t address = __atomic_load_n(&place->address, __ATOMIC_ACQUIRE);
      if (address == EMPTY || address == TAKEN) continue;
      if (shard != SHARD_COUNT && shard_of(shard_hash(address)) != shard) continue;
      // Relaxed: stored before the address was, and who empties places of this shard holds it, as this does.
      const csizer_late_act act = __atomic_load_n(&place->act, __ATOMIC_RELAXED);
      act(address, __atomic_load_n(&place->moment, __ATOMIC_RELAXED));
      empty(place, address);
    }
}

void csizer_late_survive_fork(void) {
  uint32_t noted = 0;
  for (size_t i = 0; i < TABLES && table_at(i); i++)
    for (size_t at = 0; at < capacity_of(i); at++) {
      late *place = &table_at(i)[at];
      if (place->address == TAKEN) place->address = EMPTY;
      noted += place->address != EMPTY;
    }
  csizer_ends_by_shard = (csizer_ends_by_shard & LATE_OTHERS) | noted;
}
