// SPDX-License-Identifier: Apache-2.0
// Births: what the entry point calls when it made an object whose class is tracked or unknown.
#include <errno.h>

#include "csizer_allocator.h"
#include "lifetimes/births.h"
#include "lifetimes/class_decisions.h"
#include "lifetimes/numbers.h"
#include "lifetimes/probes.h"
#include "platform/clock.h"
#include "runtime/target.h"
#include "traces/trace_capture.h"

// ---- By number ----

static inline void fill_in(lifetime_record *record, const class_tracking *tracking, uintptr_t address, uint64_t birth,
                           uint32_t trace) {
  record->cohort = tracking->cohort;
  record->trace = trace;
  lifetime_set_end(record, LIFETIME_TRACKED | address);
  __atomic_store_n(&record->birth, birth, __ATOMIC_RELEASE);  // the last: readers take it for all
}

// With the line's next number, for a place that has none yet. The number is stored relaxed: a death in another thread
// comes by the object's own hand-over, which the program orders, and who holds all threads by membarrier(2).
static inline void record_by(csizer_line *line, const class_tracking *tracking, uint32_t *place, uintptr_t address,
                             uint32_t trace) {
  line->left--;
  fill_in(line->next_record++, tracking, address, clock_ticks(), trace);
  __atomic_store_n(place, line->next_number++, __ATOMIC_RELAXED);
}

static inline bool is_plain(const class_entry *entry) {
  return entry->tracking_count == 1 && !entry->trackings[0].keep;
}

// Inside of the line: nothing here locks, maps or waits.
static inline bool record_inside(csizer_line *line, const class_entry *entry, uintptr_t address, uint32_t trace) {
  if (!is_plain(entry) || line->owner != entry->trackings[0].owner || !line->left) return false;
  uint32_t *place = number_find(address);
  if (__builtin_expect(!place, 0)) place = csizer_number_make_by(line, address);
  // A number that is there is of an object whose end nobody saw.
  if (!place || number_read(place) != NUMBER_NONE) return false;
  record_by(line, entry->trackings, place, address, trace);
  return true;
}

static inline bool born_inside(const class_entry *entry, uintptr_t address, uint32_t trace) {
  csizer_line *line = line_enter();
  if (__builtin_expect(!line, 0)) return false;
  const bool is_recorded = record_inside(line, entry, address, trace);
  line_leave(line);
  return is_recorded;
}

// The same holding the shard, with what the line lacks.
static bool record_plainly(csizer_line *line, const class_entry *entry, uintptr_t address, uint32_t trace) {
  if (!line || !is_plain(entry)) return false;
  csizer_cells_refill(line);
  uint32_t *place = csizer_number_make(address);
  if (!place || number_read(place) != NUMBER_NONE) return false;
  if ((line->owner != entry->trackings[0].owner || !line->left) &&
      !csizer_numbers_refill(line, entry->trackings[0].owner))
    return false;
  record_by(line, entry->trackings, place, address, trace);
  return true;
}

// ---- In the index ----

// An object that is known by its number is moved to the index: another tracker's record comes beside that.
static bool move_to_index(uint32_t *place, uintptr_t address) {
  const uint32_t number = number_read(place);
  if (number_is_direct(number)) {
    const uint64_t hash = shard_hash(address);
    if (!csizer_living_reserve(hash)) return false;
    csizer_living_insert(hash, number_chunk(number)->owner->number, number_slot(number));
  }
  // Relaxed, as in record_by; what the index has of it is under the shard.
  __atomic_store_n(place, NUMBER_INDEXED, __ATOMIC_RELAXED);
  return true;
}

bool csizer_tracked_mark(uintptr_t address) {
  uint32_t *place = csizer_number_make(address);
  return place && move_to_index(place, address);
}

bool csizer_lifetimes_record(const class_tracking *tracking, uintptr_t address, uint64_t birth, uint32_t trace) {
  uint32_t slot;
  uint64_t hash = shard_hash(address);
  // The place in the index comes first: without it nobody would notice the object's death.
  lifetime_record *record = csizer_living_reserve(hash) ? csizer_lifetimes_append(tracking->owner, &slot) : NULL;
  if (!record) return false;
  fill_in(record, tracking, address, birth, trace);
  csizer_living_insert(hash, tracking->owner->number, slot);
  return true;
}

static void record_in_index(const class_entry *entry, void *object, uint32_t trace) {
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

// Whether it is tracked still.
static __attribute__((noinline)) bool born_in_shard(const class_entry *entry, void *object, uint32_t trace) {
  if (line_is_busy() || shards_are_entered()) {  // in a signal handler, which must not wait for what its thread has
    for (uint32_t i = 0; i < entry->tracking_count; i++) csizer_lifetimes_note_loss(entry->trackings[i].owner);
    return false;
  }
  int error_before = errno;  // the program's
  csizer_line_make();
  unsigned shard = shard_of(shard_hash((uintptr_t)object));
  shard_lock(shard);
  csizer_line *line = line_occupy();  // a signal handler's birth must not take the same number
  csizer_late_settle(shard);
  const bool is_tracked = entry->tracking_count != 0;
  if (is_tracked && !record_plainly(line, entry, (uintptr_t)object, trace)) record_in_index(entry, object, trace);
  if (line) line_leave(line);
  shard_unlock(shard);
  errno = error_before;
  return is_tracked;
}

// ---- Births ----

static __attribute__((noinline)) void born(class_entry *entry, void *object, const void *return_address) {
  // Relaxed: the caller has acquired the number of trackings, which is stored last.
  uint32_t depth = __atomic_load_n(&entry->trace_depth, __ATOMIC_RELAXED);
  uint32_t trace = depth ? trace_capture(depth, return_address) : 0;
  const bool is_tracked = born_inside(entry, (uintptr_t)object, trace) || born_in_shard(entry, object, trace);
  if (is_tracked && probes_tell_births()) {
    const size_t usable = csizer_allocator_usable_size(object);
    csizer_probe_alloc((uintptr_t)object, usable, usable);
  }
}

// What the profiler makes while it holds all shards is its own and not tracked. In a signal handler nobody can ask
// whether the class is tracked.
static __attribute__((noinline)) class_entry *meet(const void *metadata) {
  if (csizer_shards_held()) return &csizer_class_untracked;
  if (!line_is_busy() && !shards_are_entered()) return csizer_decision_meet(metadata);
  if (((const swift_class *)metadata)->kind == SWIFT_CLASS) csizer_lifetimes_miss();
  return &csizer_class_untracked;
}

void csizer_lifetimes_born(void *object, const void *metadata, const void *return_address) {
  csizer_lifetimes_born_of(class_find(metadata), object, metadata, return_address);
}

void csizer_lifetimes_born_of(class_entry *entry, void *object, const void *metadata, const void *return_address) {
  if (!entry || __atomic_load_n(&entry->is_undecided, __ATOMIC_ACQUIRE)) entry = meet(metadata);
  if (!__atomic_load_n(&entry->tracking_count, __ATOMIC_ACQUIRE) || csizer_shard_holds) return;
  born(entry, object, return_address);
}
