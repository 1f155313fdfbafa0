// SPDX-License-Identifier: Apache-2.0
#include "census/heapmap_internal.h"
#include "csizer_census.h"
#include "lifetimes/lifetimes_internal.h"
#include "lifetimes/tracked_classes.h"
#include "platform/clock.h"
#include "traces/trace_capture.h"

// Read at every allocation of the process; written holding all shards.
bool csizer_births_are_tracked;
bool csizer_deaths_are_tracked;

extern __attribute__((weak)) void *swift_retain(void *object);

// ---- The heap map's bits tracked: a filter before the index, so that the death of what is not tracked costs one look
// ----

// The bits of a word are all of one shard (shards.h), which whoever changes one holds; readers without it need whole
// words only.

static inline heapmap_leaf *leaf_of(uintptr_t address) {
  csizer_heapmap *map = csizer_census_map();
  return map && !(address >> HEAPMAP_ADDRESS_BITS) ? heapmap_leaf_at(map, address) : NULL;
}

static inline void set_word(uint64_t *word, uint64_t value) { __atomic_store_n(word, value, __ATOMIC_RELAXED); }

bool csizer_tracked_mark(uintptr_t address) {
  heapmap_leaf *leaf = leaf_of(address);
  if (__builtin_expect(!leaf, 0)) {  // an object older than the census
    csizer_heapmap *map = csizer_census_map();
    leaf = map ? csizer_heapmap_leaf_make(map, address) : NULL;
    if (!leaf) return false;
  }
  heapmap_note_unit(leaf, heapmap_unit_index(address));
  uint64_t *word = &leaf->tracked[heapmap_unit_index(address)];
  set_word(word, *word | heapmap_bit(address));
  return true;
}

static void tracked_clear(uintptr_t address) {
  heapmap_leaf *leaf = leaf_of(address);
  if (!leaf) return;
  uint64_t *word = &leaf->tracked[heapmap_unit_index(address)];
  set_word(word, *word & ~heapmap_bit(address));
}

// ---- Births ----

bool csizer_lifetimes_record(const class_tracking *tracking, uintptr_t address, uint64_t birth, uint32_t trace) {
  uint32_t number;
  uint64_t hash = shard_hash(address);
  // The place in the index comes first: without it nobody would notice the object's death.
  lifetime_record *record = csizer_living_reserve(hash) ? csizer_lifetimes_append(tracking->owner, &number) : NULL;
  if (!record) return false;
  record->cohort = tracking->cohort;
  record->trace = trace;
  lifetime_set_end(record, LIFETIME_TRACKED | address);
  record->birth = birth;
  csizer_living_insert(hash, tracking->owner->number, number);
  return true;
}

static void record_birth(const class_entry *entry, void *object, uint32_t trace) {
  uintptr_t address = (uintptr_t)object;
  uint64_t now = clock_ticks();
  bool has_room = csizer_tracked_mark(address);
  for (uint32_t i = 0; i < entry->tracking_count; i++) {
    const class_tracking *tracking = &entry->trackings[i];
    bool is_recorded = has_room && csizer_lifetimes_record(tracking, address, now, tracking->trace_depth ? trace : 0);
    if (!is_recorded) csizer_lifetimes_note_loss(tracking->owner);
    // Now, not later: from the end of the lock on another thread may let go what was kept.
    if (is_recorded && tracking->keep && swift_retain) swift_retain(object);
  }
}

static __attribute__((noinline)) void born(class_entry *entry, void *object, const void *return_address) {
  uint32_t depth = __atomic_load_n(&entry->trace_depth, __ATOMIC_RELAXED);
  uint32_t trace = depth ? trace_capture(depth, return_address) : 0;
  unsigned shard = shard_of(shard_hash((uintptr_t)object));
  shard_lock(shard);
  if (entry->tracking_count) record_birth(entry, object, trace);
  shard_unlock(shard);
}

// What the profiler makes while it holds all shards is its own and not tracked.
static __attribute__((noinline)) class_entry *meet(const void *metadata) {
  return csizer_shards_held() ? &csizer_class_untracked : csizer_tracked_class_meet(metadata);
}

void csizer_lifetimes_born(void *object, const void *metadata, const void *return_address) {
  csizer_lifetimes_born_of(class_find(metadata), object, metadata, return_address);
}

void csizer_lifetimes_born_of(class_entry *entry, void *object, const void *metadata, const void *return_address) {
  if (!entry || __atomic_load_n(&entry->is_undecided, __ATOMIC_RELAXED)) entry = meet(metadata);
  if (!__atomic_load_n(&entry->tracking_count, __ATOMIC_RELAXED) || csizer_shard_holds) return;
  born(entry, object, return_address);
}

// ---- Deaths ----

// Something died whose class nobody tracks any more: its hook was left for its sake.
static void count_down(const csizer_cohort *cohort) {
  class_entry *entry = class_find(cohort->type);
  if (!entry || entry->tracking_count || !__atomic_load_n(&entry->remaining, __ATOMIC_RELAXED)) return;
  if (__atomic_sub_fetch(&entry->remaining, 1, __ATOMIC_ACQ_REL) == 0) csizer_class_unhook(entry);
}

static __attribute__((noinline)) void ended(uintptr_t address) {
  unsigned shard = shard_of(shard_hash(address));
  shard_lock(shard);
  uint64_t now = clock_ticks();
  csizer_lifetimes *owner;
  bool are_more = true;
  for (lifetime_record *record; are_more && (record = csizer_living_take_next(address, &owner, &are_more));) {
    lifetime_set_end(record, now);
    count_down(&owner->cohorts[record->cohort]);
  }
  tracked_clear(address);
  shard_unlock(shard);
}

void csizer_lifetimes_ended(void *object) {
  const heapmap_leaf *leaf = leaf_of((uintptr_t)object);
  if (leaf && heapmap_may_be_tracked(leaf, (uintptr_t)object)) ended((uintptr_t)object);
}
