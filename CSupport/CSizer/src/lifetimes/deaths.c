// SPDX-License-Identifier: Apache-2.0
// Deaths: noticed in the destroy slots of tracked classes, or when the memory of a tracked object is given back.
#include "census/census_internal.h"
#include "lifetimes/deaths.h"
#include "lifetimes/destroy_slot.h"
#include "lifetimes/probes.h"
#include "platform/clock.h"

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
  bool are_more = true, is_known = false;
  for (lifetime_record *record; are_more && (record = csizer_living_take_next(address, &owner, &are_more));) {
    lifetime_set_end(record, now);
    count_down(&owner->cohorts[record->cohort]);
    is_known = true;
  }
  heapmap_leaf *leaf = census_leaf_of(address);
  if (leaf) heapmap_untrack(leaf, address);
  shard_unlock(shard);
  if (is_known && probes_tell_deaths()) csizer_probe_free(address);
}

void csizer_lifetimes_ended(void *object) {
  const heapmap_leaf *leaf = census_leaf_of((uintptr_t)object);
  if (leaf && heapmap_may_be_tracked(leaf, (uintptr_t)object)) ended((uintptr_t)object);
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
