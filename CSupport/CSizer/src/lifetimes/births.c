// SPDX-License-Identifier: Apache-2.0
// Births: what the entry point calls when it made an object whose class is tracked or unknown.
#include "census/census_internal.h"
#include "csizer_allocator.h"
#include "lifetimes/births.h"
#include "lifetimes/class_decisions.h"
#include "lifetimes/probes.h"
#include "platform/clock.h"
#include "runtime/target.h"
#include "traces/trace_capture.h"

// Whoever holds a shard changes what is tracked in a unit of the heap map.
_Static_assert((int)SHARD_UNIT_SHIFT == (int)HEAPMAP_UNIT_SHIFT, "a unit must be of one shard");


bool csizer_tracked_mark(uintptr_t address) {
  csizer_heapmap *map = csizer_census_kept.map;
  return map && csizer_heapmap_track(map, address);
}

bool csizer_lifetimes_record(const class_tracking *tracking, uintptr_t address, uint64_t birth, uint32_t trace) {
  uint32_t number;
  uint64_t hash = shard_hash(address);
  // The place in the index comes first: without it nobody would notice the object's death.
  lifetime_record *record = csizer_living_reserve(hash) ? csizer_lifetimes_append(tracking->owner, &number) : NULL;
  if (!record) return false;
  record->cohort = tracking->cohort;
  record->trace = trace;
  lifetime_set_end(record, LIFETIME_TRACKED | address);
  __atomic_store_n(&record->birth, birth, __ATOMIC_RELEASE);  // the last: readers take it for all
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
    // Now, not later: from the end of the lock on another thread may release what was kept.
    if (is_recorded && tracking->keep && csizer_target.retain) csizer_target.retain(object);
  }
}

static __attribute__((noinline)) void born(class_entry *entry, void *object, const void *return_address) {
  uint32_t depth = __atomic_load_n(&entry->trace_depth, __ATOMIC_RELAXED);
  uint32_t trace = depth ? trace_capture(depth, return_address) : 0;
  unsigned shard = shard_of(shard_hash((uintptr_t)object));
  shard_lock(shard);
  const bool is_tracked = entry->tracking_count != 0;
  if (is_tracked) record_birth(entry, object, trace);
  shard_unlock(shard);
  if (is_tracked && probes_tell_births()) {
    const size_t usable = csizer_allocator_usable_size(object);
    csizer_probe_alloc((uintptr_t)object, usable, usable);
  }
}

// What the profiler makes while it holds all shards is its own and not tracked.
static __attribute__((noinline)) class_entry *meet(const void *metadata) {
  return csizer_shards_held() ? &csizer_class_untracked : csizer_decision_meet(metadata);
}

void csizer_lifetimes_born(void *object, const void *metadata, const void *return_address) {
  csizer_lifetimes_born_of(class_find(metadata), object, metadata, return_address);
}

void csizer_lifetimes_born_of(class_entry *entry, void *object, const void *metadata, const void *return_address) {
  if (!entry || __atomic_load_n(&entry->is_undecided, __ATOMIC_ACQUIRE)) entry = meet(metadata);
  if (!__atomic_load_n(&entry->tracking_count, __ATOMIC_RELAXED) || csizer_shard_holds) return;
  born(entry, object, return_address);
}
