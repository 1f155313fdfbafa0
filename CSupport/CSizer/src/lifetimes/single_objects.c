// SPDX-License-Identifier: Apache-2.0
// Objects that are tracked one by one, and the end of all tracking of objects.
#include "lifetimes/births.h"
#include "lifetimes/class_decisions.h"
#include "lifetimes/tracked_classes.h"
#include "lifetimes/unloaded.h"
#include "platform/clock.h"
#include "runtime/assumptions.h"
#include "runtime/swift_call.h"
#include "runtime/target.h"


static csizer_status record(csizer_lifetimes *lifetimes, const swift_class *type, uintptr_t address,
                            const csizer_tracking *tracking) {
  class_tracking one = {
      .owner = lifetimes, .cohort = csizer_cohorts_of(lifetimes, type, tracking), .number = tracking->number};
  bool is_recorded = one.cohort != UINT32_MAX && csizer_tracked_mark(address) &&
                     csizer_lifetimes_record(&one, address, clock_ticks(), 0);
  return is_recorded ? CSIZER_OK : CSIZER_NO_MEMORY;
}

static csizer_status add(csizer_lifetimes *lifetimes, uintptr_t address, const csizer_tracking *tracking) {
  const swift_class *type = (const void *)((const swift_object *)address)->metadata;
  if (csizer_living_find(address, lifetimes->number)) return CSIZER_OK;
  class_entry *entry = csizer_class_make(type);
  if (!entry) return CSIZER_NO_MEMORY;
  if (!csizer_class_hook(entry)) return CSIZER_UNSUPPORTED;
  csizer_status status = record(lifetimes, type, address, tracking);
  if (status) {
    if (!entry->tracking_count && !entry->remaining) csizer_class_unhook(entry);
    return status;
  }
  if (!entry->tracking_count) entry->remaining++;
  if (tracking->keep) csizer_target.retain((void *)address);
  __atomic_store_n(&csizer_deaths_are_tracked, true, __ATOMIC_RELEASE);
  return CSIZER_OK;
}

// A static object has no block: nothing of it is born, dies or is freed.
static bool is_trackable(const swift_object *object) {
  bool is_immortal = (object->references & SWIFT_SLOW_REFERENCES) &&
                     (object->references & SWIFT_IMMORTAL_MASK) == SWIFT_IMMORTAL_MASK;
  return object->metadata->kind == SWIFT_CLASS && !is_immortal && !((uintptr_t)object & 15);
}

csizer_status csizer_lifetimes_track_object(csizer_lifetimes *lifetimes, const void *object,
                                            const csizer_tracking *tracking) {
  // Then neither what is static can be told, nor a death.
  if (!csizer_holds(CSIZER_ASSUMES_COUNTS) || !csizer_holds(CSIZER_ASSUMES_ENDINGS)) return CSIZER_UNSUPPORTED;
  if (!is_trackable(object)) return CSIZER_INVALID;
  if (!SWIFT_CALL_IS_KNOWN || (tracking->keep && !csizer_target_can_keep())) return CSIZER_UNSUPPORTED;
  return csizer_single_object_add(lifetimes, object, tracking);
}

csizer_status csizer_single_object_add(csizer_lifetimes *lifetimes, const void *object,
                                       const csizer_tracking *tracking) {
  csizer_unloaded_forget();
  csizer_shards_hold();
  csizer_status status = add(lifetimes, (uintptr_t)object, tracking);
  csizer_shards_release();
  return status;
}

bool csizer_lifetimes_find(csizer_lifetimes *lifetimes, const void *object, uint32_t *ret_cohort) {
  unsigned shard = shard_of(shard_hash((uintptr_t)object));
  csizer_shard_lock(shard);
  csizer_late_settle(shard);
  const lifetime_record *record = csizer_living_find((uintptr_t)object, lifetimes->number);
  if (record) *ret_cohort = record->cohort;
  csizer_shard_unlock(shard);
  return record != NULL;
}

csizer_status csizer_lifetimes_set_level(csizer_lifetimes *lifetimes, const void *object,
                                         const csizer_tracking *tracking) {
  csizer_status status = CSIZER_INVALID;
  csizer_shards_hold();
  lifetime_record *record = csizer_living_find((uintptr_t)object, lifetimes->number);
  if (record) {
    csizer_tracking wanted = *tracking;
    wanted.keep = lifetimes->cohorts[record->cohort].keep;  // whether a reference is held does not change
    uint32_t cohort = csizer_cohorts_of(lifetimes, lifetimes->cohorts[record->cohort].type, &wanted);
    status = cohort == UINT32_MAX ? CSIZER_NO_MEMORY : CSIZER_OK;
    if (!status) record->cohort = cohort;
  }
  csizer_shards_release();
  return status;
}

// ---- The end of tracking ----

typedef struct release {
  uint64_t now;
  csizer_lifetimes *lifetimes;
  csizer_page_array kept;
  size_t kept_count;
} release;

static void release_record(void *context, lifetime_record *record) {
  release *release = context;
  const csizer_cohort *cohort = &release->lifetimes->cohorts[record->cohort];
  if (cohort->keep) ((void **)release->kept.memory)[release->kept_count++] = (void *)lifetime_address(record);
  lifetime_set_end(record, LIFETIME_RELEASED | release->now);
}

static void count_kept(void *context, csizer_lifetimes *owner, const lifetime_record *record) {
  release *release = context;
  release->kept_count += owner == release->lifetimes && owner->cohorts[record->cohort].keep;
}

csizer_status csizer_lifetimes_untrack_objects(csizer_lifetimes *lifetimes, csizer_kept *ret_kept) {
  csizer_unloaded_forget();
  csizer_shards_hold();
  release release = {.lifetimes = lifetimes};
  csizer_living_each(count_kept, &release);
  bool has_room = csizer_page_array_reserve(&release.kept, release.kept_count * sizeof(void *) + 1);
  if (has_room) {
    release.kept_count = 0;
    release.now = clock_ticks();
    csizer_living_take_all(lifetimes->number, release_record, &release);
    csizer_decisions_settle();
  }
  csizer_shards_release();
  if (!has_room) return CSIZER_NO_MEMORY;
  *ret_kept = (csizer_kept){.objects = release.kept.memory, .count = release.kept_count, .bytes = release.kept.bytes};
  return CSIZER_OK;
}

void csizer_kept_release(csizer_kept *kept) {
  for (size_t i = 0; i < kept->count; i++) csizer_target.release(kept->objects[i]);
  csizer_pages_unmap(kept->objects, kept->bytes);
  *kept = (csizer_kept){0};
}
