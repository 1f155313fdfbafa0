// SPDX-License-Identifier: Apache-2.0
#include "clock.h"
#include "csizer_census.h"
#include "csizer_trace.h"
#include "heapmap_internal.h"
#include "lifetimes_internal.h"
#include "watching.h"

// Read at every allocation of the process; written holding all shards.
bool csizer_births_are_watched;
bool csizer_deaths_are_watched;

extern __attribute__((weak)) void *swift_retain(void *object);

// ---- The heap map's bits tracked: a filter before the index, so that the death of what is not tracked costs one look ----

static bool bit_of(uintptr_t address, uint64_t **ret_word, uint64_t *ret_bit) {
  csizer_heapmap *map = csizer_census_map();
  heapmap_leaf *leaf = map && !(address >> HEAPMAP_ADDRESS_BITS) ? heapmap_leaf_at(map, address) : NULL;
  if (!leaf) return false;
  *ret_word = &leaf->tracked[heapmap_unit_index(address)];
  *ret_bit = heapmap_bit(address);
  return true;
}

static inline bool may_be_tracked(uintptr_t address) {
  uint64_t *word, bit;
  return bit_of(address, &word, &bit) && (__atomic_load_n(word, __ATOMIC_RELAXED) & bit);
}

bool csizer_tracked_mark(uintptr_t address) {
  uint64_t *word, bit;
  csizer_heapmap *map = csizer_census_map();
  if (!map || !csizer_heapmap_leaf_make(map, address) || !bit_of(address, &word, &bit)) return false;
  __atomic_fetch_or(word, bit, __ATOMIC_RELAXED);
  return true;
}

static void tracked_clear(uintptr_t address) {
  uint64_t *word, bit;
  if (bit_of(address, &word, &bit)) __atomic_fetch_and(word, ~bit, __ATOMIC_RELAXED);
}

// ---- Births ----

bool csizer_lifetimes_record(const class_watch *watch, uintptr_t address, uint64_t birth, uint32_t trace) {
  uint32_t number;
  lifetime_record *record = csizer_lifetimes_append(watch->owner, &number);
  if (record) {
    record->cohort = watch->cohort;
    record->trace = trace;
    record->end = LIFETIME_TRACKED | address;
    record->birth = birth;
    if (csizer_living_insert(shard_hash(address), watch->owner->number, number)) return true;
    record->end = LIFETIME_RELEASED | birth;  // nobody would notice its death
  }
  __atomic_fetch_add(&watch->owner->lost, 1, __ATOMIC_RELAXED);
  return false;
}

static __attribute__((noinline)) void born(class_entry *entry, void *object, const void *return_address) {
  uintptr_t address = (uintptr_t)object;
  uint32_t depth = __atomic_load_n(&entry->trace_depth, __ATOMIC_RELAXED);
  uint32_t trace = depth ? csizer_trace_capture(depth, return_address) : 0;
  unsigned keeps = 0;
  unsigned shard = shard_of(shard_hash(address));
  csizer_shard_lock(shard);
  uint64_t now = clock_ticks();
  if (entry->watch_count && csizer_tracked_mark(address))
    for (uint32_t i = 0; i < entry->watch_count; i++) {
      const class_watch *watch = &entry->watches[i];
      if (csizer_lifetimes_record(watch, address, now, watch->trace_depth ? trace : 0)) keeps += watch->keep;
    }
  csizer_shard_unlock(shard);
  for (; keeps; keeps--) swift_retain(object);
}

void csizer_lifetimes_born(void *object, const void *metadata, const void *return_address) {
  if (__builtin_expect(csizer_shards_held(), 0)) return;  // the profiler's own
  class_entry *entry = csizer_class_find(metadata);
  if (__builtin_expect(!entry, 0)) entry = csizer_watching_meet(metadata);
  if (__builtin_expect(entry == &csizer_class_untracked, 1)) return;
  born(entry, object, return_address);
}

// ---- Deaths ----

// Something died whose class nobody watches any more: its hook was left for its sake.
static void count_down(const csizer_cohort *cohort) {
  class_entry *entry = csizer_class_find(cohort->type);
  if (!entry || entry->watch_count || !__atomic_load_n(&entry->remaining, __ATOMIC_RELAXED)) return;
  if (__atomic_sub_fetch(&entry->remaining, 1, __ATOMIC_ACQ_REL) == 0) csizer_class_unhook(entry);
}

static __attribute__((noinline)) void ended(uintptr_t address) {
  unsigned shard = shard_of(shard_hash(address));
  csizer_shard_lock(shard);
  uint64_t now = clock_ticks();
  csizer_lifetimes *owner;
  for (lifetime_record *record; (record = csizer_living_take(address, &owner));) {
    record->end = now;
    count_down(&owner->cohorts[record->cohort]);
  }
  tracked_clear(address);
  csizer_shard_unlock(shard);
}

void csizer_lifetimes_ended(void *object) {
  if (__builtin_expect(may_be_tracked((uintptr_t)object), 0)) ended((uintptr_t)object);
}
