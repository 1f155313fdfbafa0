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

// Something died whose class nobody tracks any more: its hook was left for its sake.
static void count_down(const csizer_cohort *cohort) {
  class_entry *entry = class_find(cohort->type);
  if (!entry || entry->tracking_count || !__atomic_load_n(&entry->remaining, __ATOMIC_RELAXED)) return;
  if (__atomic_sub_fetch(&entry->remaining, 1, __ATOMIC_ACQ_REL) == 0) csizer_class_unhook(entry);
}

// Inside of the line, or in a signal handler that came while the thread was inside: nothing of the line is touched.
// False: the shard is needed.
static inline bool end_inside(uintptr_t address) {
  uint32_t *place = csizer_number_find(address);
  const uint32_t number = place ? number_read(place) : NUMBER_NONE;
  if (number == NUMBER_INDEXED || ends_need_shards()) return false;
  if (number == NUMBER_NONE) return true;  // all were untracked meanwhile
  lifetime_record *record = number_record(number);
  __atomic_store_n(place, NUMBER_NONE, __ATOMIC_RELAXED);
  lifetime_set_end(record, clock_ticks());
  return true;
}

static void end_at(uintptr_t address, uint64_t now) {
  csizer_lifetimes *owner;
  bool are_more = true;
  for (lifetime_record *record; are_more && (record = csizer_living_take_next(address, &owner, &are_more));) {
    lifetime_set_end(record, now);
    count_down(&owner->cohorts[record->cohort]);
  }
  uint32_t *place = csizer_number_find(address);
  if (place) __atomic_store_n(place, NUMBER_NONE, __ATOMIC_RELAXED);
}

// Whoever recorded it meanwhile, for the object's first telling, had to find it: a note that comes later than that
// would be of whatever lives there next.
static void end_later(uintptr_t address) {
  const csizer_late_answer answer = csizer_late_note(address, end_at);
  const uint32_t *place = csizer_number_find(address);
  if (answer == LATE_NOTED && (!place || number_read(place) == NUMBER_NONE)) csizer_late_withdraw(address, end_at);
  if (answer == LATE_REFUSED) csizer_lifetimes_miss();
}

// In a signal handler that came while the thread was inside, or about to see whether it may be, or taking or having
// shards. Of another thread that holds all of them the handler waits for the end, for that one looks at the object; it
// waits for nobody, and this thread has no shard then. Who is only about to hold them may wait for this thread, or have
// passed it: nothing of records is touched then, and nothing waited for.
static __attribute__((noinline)) void end_in_handler(uintptr_t address) {
  int state, error_before = errno;
  for (unsigned tries = 0; (state = lines_state()) == LINES_HELD && !csizer_lines_are_own; tries++)
    csizer_backoff(tries);
  errno = error_before;
  if (state != LINES_IN || !end_inside(address)) end_later(address);
}

static inline bool ended_inside(uintptr_t address) {
  csizer_line *line = line_enter();
  if (__builtin_expect(!line, 0)) return false;
  const bool is_over = end_inside(address);
  line_leave(line);
  return is_over;
}

static __attribute__((noinline)) void ended(uintptr_t address) {
  if (line_is_busy() || shards_are_entered()) return end_in_handler(address);
  if (!csizer_shard_holds) csizer_line_make();
  unsigned shard = shard_of(shard_hash(address));
  shard_lock(shard);
  csizer_line *line = line_occupy();
  csizer_late_settle(shard);
  end_at(address, clock_ticks());
  if (line) line_leave(line);
  shard_unlock(shard);
}

void csizer_lifetimes_ended(void *object) {
  const uintptr_t address = (uintptr_t)object;
  const heapmap_leaf *leaf = census_leaf_of(address);
  if (!leaf || !heapmap_may_be_tracked(leaf, address)) return;
  if (!ended_inside(address)) ended(address);
  if (probes_tell_deaths()) csizer_probe_free(address);
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
