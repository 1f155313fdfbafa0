// SPDX-License-Identifier: Apache-2.0
// Deaths: noticed in the destroy slots of tracked classes, or when the memory of a tracked object is given back.
#include <errno.h>

#include "census/census_internal.h"
#include "lifetimes/deaths.h"
#include "lifetimes/destroy_slot.h"
#include "lifetimes/numbers.h"
#include "lifetimes/probes.h"
#include "platform/backoff.h"
#include "platform/clock.h"

// Something died whose class nobody tracks any more: its hook was left for its sake. Relaxed: the number is set by who
// holds all shards, and this holds one; others only count down at the same time, and who takes the last acquires.
static void count_down(const csizer_cohort *cohort) {
  class_entry *entry = class_find(cohort->type);
  if (!entry || entry->tracking_count || !__atomic_load_n(&entry->remaining, __ATOMIC_RELAXED)) return;
  if (__atomic_sub_fetch(&entry->remaining, 1, __ATOMIC_ACQ_REL) == 0) csizer_class_unhook(entry);
}

// What a telling of an object's end came to: it is over by that, or was; or it can't be recorded so.
typedef enum end { ENDED, OVER_BEFORE, NOT_ENDED } end;

// Inside of the line, or in a signal handler that came while the thread was inside: nothing of the line is touched. All
// is relaxed: the number and the record are this object's, whose birth the program has put before its end; who reads
// them otherwise holds all threads.
static inline end end_inside(uintptr_t address) {
  uint32_t *place = number_find(address);
  const uint32_t number = place ? number_read(place) : NUMBER_NONE;
  if (number == NUMBER_INDEXED || ends_need_shards()) return NOT_ENDED;
  if (number == NUMBER_NONE) return OVER_BEFORE;  // all were untracked meanwhile
  lifetime_record *record = number_record(number);
  __atomic_store_n(place, NUMBER_NONE, __ATOMIC_RELAXED);
  lifetime_set_end(record, clock_ticks());
  return ENDED;
}

static end end_at(uintptr_t address, uint64_t now) {
  uint32_t *place = number_find(address);
  if (!place || number_read(place) == NUMBER_NONE) return OVER_BEFORE;
  csizer_lifetimes *owner;
  bool are_more = true;
  for (lifetime_record *record; are_more && (record = csizer_living_take_next(address, &owner, &are_more));) {
    lifetime_set_end(record, now);
    count_down(&owner->cohorts[record->cohort]);
  }
  place = number_find(address);
  // Relaxed, as in end_inside.
  if (place) __atomic_store_n(place, NUMBER_NONE, __ATOMIC_RELAXED);
  return ENDED;
}

static void end_noted(uintptr_t address, uint64_t moment) { end_at(address, moment); }

// Whoever recorded it meanwhile, for the object's first telling, had to find it: a note that comes later than that
// would be of whatever lives there next.
static end end_later(uintptr_t address) {
  const csizer_late_answer answer = csizer_late_note(address, end_noted);
  if (answer == LATE_REFUSED) csizer_lifetimes_miss();
  if (answer != LATE_NOTED) return OVER_BEFORE;
  // Before the number is read, whatever the processor's order: who takes it away sees the note (give_all), or this sees
  // that it is gone.
  __atomic_thread_fence(__ATOMIC_SEQ_CST);
  const uint32_t *place = number_find(address);
  if (place && number_read(place) != NUMBER_NONE) return ENDED;
  csizer_late_withdraw(address, end_noted);
  return OVER_BEFORE;
}

// In a signal handler that came while the thread was inside, or about to see whether it may be, or taking or having
// shards. Of another thread that holds all of them the handler waits for the end, for that one looks at the object; it
// waits for nobody, and this thread has no shard then. Who is only about to hold them may wait for this thread, or have
// passed it: nothing of records is touched then, and nothing waited for.
static __attribute__((noinline)) end end_in_handler(uintptr_t address) {
  int state, error_before = errno;
  for (unsigned tries = 0; (state = lines_state()) == LINES_HELD && !csizer_lines_are_own; tries++)
    csizer_backoff(tries);
  errno = error_before;
  const end end = state == LINES_IN ? end_inside(address) : NOT_ENDED;
  return end == NOT_ENDED ? end_later(address) : end;
}

static inline end ended_inside(uintptr_t address) {
  csizer_line *line = line_enter();
  if (__builtin_expect(!line, 0)) return NOT_ENDED;
  const end end = end_inside(address);
  line_leave(line);
  return end;
}

static __attribute__((noinline)) end ended(uintptr_t address) {
  if (line_is_busy() || shards_are_entered()) return end_in_handler(address);
  if (!csizer_shard_holds) csizer_line_make();
  unsigned shard = shard_of(shard_hash(address));
  shard_lock(shard);
  csizer_line *line = line_occupy();
  csizer_late_settle(shard);
  const end end = end_at(address, clock_ticks());
  if (line) line_leave(line);
  shard_unlock(shard);
  return end;
}

void csizer_lifetimes_ended(void *object) {
  const uintptr_t address = (uintptr_t)object;
  const heapmap_leaf *leaf = census_leaf_of(address);
  if (!leaf || !heapmap_may_be_tracked(leaf, address)) return;
  end end = ended_inside(address);
  if (end == NOT_ENDED) end = ended(address);
  if (probes_tell_deaths() && end == ENDED) csizer_probe_free(address);
}

// ---- Hooks ----

// A class whose metadata took its superclass's slot over after that was hooked has no entry of its own.
static class_destroyer original_of(const swift_class *type) {
  for (; type; type = type->superclass) {
    const class_entry *entry = class_find(type);
    class_destroyer original = entry ? __atomic_load_n(&entry->destroy, __ATOMIC_ACQUIRE) : NULL;
    if (original) return original;
  }
  return NULL;
}

static SWIFT_CALL void destroy(SWIFT_CONTEXT_PARAMETER void *object) {
  // The runtime has read the slot without order: nothing that was written before it (csizer_class_hook) may be read
  // from before.
  __atomic_thread_fence(__ATOMIC_ACQUIRE);
  csizer_lifetimes_ended(object);
  original_of((const swift_class *)(const void *)((swift_object *)object)->metadata)(object);
}

bool csizer_class_hook(class_entry *entry) {
  // Relaxed: but for the loader, which had done so before, only who holds all shards writes it, as this does.
  class_destroyer found = __atomic_load_n(class_slot_of(entry->type), __ATOMIC_RELAXED);
  if (found == destroy) return true;
  entry->slot_protection = csizer_slot_protection((uintptr_t)class_slot_of(entry->type));
  __atomic_store_n(&entry->destroy, found, __ATOMIC_RELEASE);  // objects may be dying
  return csizer_slot_write(entry, destroy);
}

bool csizer_class_is_hooked(const class_entry *entry) {
  return !entry->is_gone && *class_slot_of(entry->type) == destroy;
}

void csizer_class_unhook(class_entry *entry) {
  if (entry->destroy && csizer_class_is_hooked(entry)) csizer_slot_write(entry, entry->destroy);
}
