// SPDX-License-Identifier: Apache-2.0
// Which classes are tracked, decided for each metadata.
#include "lifetimes/tracked_classes.h"

#include "census/census_internal.h"
#include "lifetimes/unloaded.h"
#include "runtime/target.h"

// Classes are decided once for each metadata: when it is first met, and all that were met again when what is tracked
// changes. Births then only look the decision up. Everything here holds all shards.

static const tracked_class *tracked_by(const csizer_lifetimes *lifetimes, const swift_class *type) {
  for (; type; type = type->superclass)
    for (uint32_t i = 0; i < lifetimes->tracked_class_count; i++)
      if (lifetimes->tracked_classes[i].type == type) return &lifetimes->tracked_classes[i];
  return NULL;
}

// ---- Decisions ----

typedef struct decision {
  const swift_class *type;
  uint32_t count;  // of the trackings in `decided`
  bool failed;
} decision;

// What is being decided, for any number of trackers. There for ever: a birth's decision needs no memory that a tracking
// had.
static csizer_page_array decided;

static bool reserve_decided(uint32_t count) {
  return csizer_page_array_reserve(&decided, count * sizeof(class_tracking));
}

static const class_tracking *tracking_of(const class_entry *entry, const csizer_lifetimes *owner, uint32_t tracking) {
  for (uint32_t i = 0; entry && i < entry->tracking_count; i++)
    if (entry->trackings[i].owner == owner && entry->trackings[i].number == tracking) return &entry->trackings[i];
  return NULL;
}

static bool ask_tracker(void *context, csizer_lifetimes *lifetimes) {
  decision *decision = context;
  const tracked_class *tracked = tracked_by(lifetimes, decision->type);
  if (!tracked) return true;
  uint32_t cohort = UINT32_MAX;
  if (reserve_decided(decision->count + 1)) cohort = csizer_cohorts_of(lifetimes, decision->type, &tracked->tracking);
  if (cohort == UINT32_MAX) {
    decision->failed = true;
    return true;
  }
  class_tracking *trackings = decided.memory;
  trackings[decision->count++] = (class_tracking){.owner = lifetimes,
                                             .cohort = cohort,
                                             .number = tracked->tracking.number,
                                             .trace_depth = tracked->tracking.trace_depth,
                                             .keep = tracked->tracking.keep};
  return true;
}

// Whether a class lost its last tracking since the hooks were settled.
static bool has_stopped;

static void set_smaller(class_entry *entry, const class_tracking *trackings, uint32_t count) {
  has_stopped |= entry->tracking_count && !count;
  csizer_class_set_trackings(entry, trackings, count);  // fewer than there were: can't fail
}

// When the new trackings can't be had, those of the old ones stay that still hold.
static void drop_outdated(class_entry *entry) {
  uint32_t kept = 0;
  for (uint32_t i = 0; i < entry->tracking_count; i++) {
    const tracked_class *tracked = tracked_by(entry->trackings[i].owner, entry->type);
    if (tracked && tracked->tracking.number == entry->trackings[i].number)
      entry->trackings[kept++] = entry->trackings[i];
  }
  set_smaller(entry, entry->trackings, kept);
}

static bool apply(class_entry *entry, const decision *decision) {
  if (decision->count && !csizer_class_hook(entry)) return false;
  bool had_trackings = entry->tracking_count != 0;
  if (!csizer_class_set_trackings(entry, decided.memory, decision->count)) return false;
  has_stopped |= had_trackings && !decision->count;
  return true;
}

// False when something was refused: then births of the class ask again, and those that can't be recorded are counted.
static bool decide(const void *metadata) {
  const swift_class *type = metadata;
  class_entry *known = csizer_class_find(metadata), *entry = known == &csizer_class_untracked ? NULL : known;
  decision decision = {.type = type};
  if (type->kind == SWIFT_CLASS) csizer_lifetimes_each(ask_tracker, &decision);
  if (!entry && !decision.count && !decision.failed)
    return known || csizer_class_set(metadata, &csizer_class_untracked);
  if (!entry) entry = csizer_class_make(type);
  if (!entry) return false;
  bool is_applied = apply(entry, &decision);
  if (!is_applied) drop_outdated(entry);
  bool is_decided = is_applied && !decision.failed;
  __atomic_store_n(&entry->is_undecided, !is_decided, __ATOMIC_RELAXED);
  return is_decided;
}

static bool note_loss(void *context, csizer_lifetimes *lifetimes) {
  const swift_class *type = context;
  const tracked_class *tracked = tracked_by(lifetimes, type);
  if (tracked && !tracking_of(csizer_class_find(type), lifetimes, tracked->tracking.number))
    csizer_lifetimes_note_loss(lifetimes);
  return true;
}

class_entry *csizer_tracked_class_meet(const void *metadata) {
  csizer_shards_hold();
  class_entry *entry = csizer_class_find(metadata);
  if (!entry || entry->is_undecided) {
    if (!decide(metadata) && ((const swift_class *)metadata)->kind == SWIFT_CLASS)
      csizer_lifetimes_each(note_loss, (void *)(uintptr_t)metadata);
    entry = csizer_class_find(metadata);
  }
  csizer_shards_release();
  return entry ? entry : &csizer_class_untracked;
}

// ---- Hooks ----

// Living objects of a class are counted when nobody tracks it any more: its hook stays until the last of them is dead.
static void count_living(void *context, csizer_lifetimes *owner, const lifetime_record *record) {
  class_entry *entry = csizer_class_find(owner->cohorts[record->cohort].type);
  if (entry && !entry->tracking_count) entry->remaining++;
  *(bool *)context = true;
}

void csizer_tracked_classes_settle(void) {
  bool any = false;
  for (class_entry *entry = csizer_class_entries(); entry; entry = entry->next) entry->remaining = 0;
  csizer_living_each(count_living, &any);
  for (class_entry *entry = csizer_class_entries(); entry; entry = entry->next)
    if (!entry->tracking_count && !entry->remaining) csizer_class_unhook(entry);
  has_stopped = false;
  __atomic_store_n(&csizer_deaths_are_tracked, any || births_are_tracked(), __ATOMIC_RELEASE);
}

static bool has_tracked(void *context, csizer_lifetimes *lifetimes) {
  bool *found = context;
  *found |= lifetimes->tracked_class_count != 0;
  return !*found;
}

static void tracking_has_changed(void) {
  bool any = false;
  csizer_lifetimes_each(has_tracked, &any);
  __atomic_store_n(&csizer_births_are_tracked, any, __ATOMIC_RELEASE);
  if (any) __atomic_store_n(&csizer_deaths_are_tracked, true, __ATOMIC_RELEASE);
  if (has_stopped) csizer_tracked_classes_settle();
}

// ---- Tracking a class ----

static tracked_class *class_tracked_by(const csizer_lifetimes *lifetimes, const void *type) {
  for (uint32_t i = 0; i < lifetimes->tracked_class_count; i++)
    if (lifetimes->tracked_classes[i].type == type) return &lifetimes->tracked_classes[i];
  return NULL;
}

bool csizer_lifetimes_tracks_class(const csizer_lifetimes *lifetimes, const void *type) {
  csizer_shards_hold();
  bool is_tracked_class = class_tracked_by(lifetimes, type) != NULL;
  csizer_shards_release();
  return is_tracked_class;
}

static bool inherits(const void *metadata, const swift_class *ancestor) {
  const swift_class *type = metadata;
  if (type->kind != SWIFT_CLASS) return false;
  while (type && type != ancestor) type = type->superclass;
  return type != NULL;
}

static bool decide_heir(void *context, const void *metadata) {
  if (inherits(metadata, context)) decide(metadata);
  return true;
}

typedef struct plan {
  const csizer_lifetimes *lifetimes;
  const swift_class *type;
  uint32_t heirs;
  bool refused;
} plan;

static bool prepare_heir(void *context, const void *metadata) {
  plan *plan = context;
  if (!inherits(metadata, plan->type)) return true;
  class_entry *entry = csizer_class_make(metadata);
  uint32_t others = 0;
  for (uint32_t i = 0; entry && i < entry->tracking_count; i++) others += entry->trackings[i].owner != plan->lifetimes;
  plan->refused = !entry || !reserve_decided(others + 1) || !csizer_class_reserve_trackings(entry, others + 1) ||
                  !csizer_class_hook(entry);
  plan->heirs++;
  return !plan->refused;
}

// All that can be refused is asked for before anything is changed: a refusal is told here and not met at a birth.
static bool prepare(csizer_lifetimes *lifetimes, const swift_class *type) {
  plan plan = {.lifetimes = lifetimes, .type = type};
  size_t bytes = ((size_t)lifetimes->tracked_class_count + 1) * sizeof *lifetimes->tracked_classes;
  if (!csizer_page_array_reserve(&lifetimes->tracked_class_pages, bytes)) return false;
  lifetimes->tracked_classes = lifetimes->tracked_class_pages.memory;
  if (!csizer_class_make(type)) return false;
  csizer_class_each(prepare_heir, &plan);
  return !plan.refused && csizer_cohorts_reserve(lifetimes, plan.heirs);
}

csizer_status csizer_tracked_class_add(csizer_lifetimes *lifetimes, const swift_class *type,
                                       const csizer_tracking *tracking) {
  csizer_unloaded_forget();
  csizer_shards_hold();
  bool is_prepared = prepare(lifetimes, type);
  if (is_prepared) {
    tracked_class *known = class_tracked_by(lifetimes, type);
    if (!known) known = &lifetimes->tracked_classes[lifetimes->tracked_class_count++];
    *known = (tracked_class){type, *tracking};
    csizer_class_each(decide_heir, (void *)(uintptr_t)type);
    tracking_has_changed();
  } else {
    csizer_tracked_classes_settle();
  }
  csizer_shards_release();
  return is_prepared ? CSIZER_OK : CSIZER_NO_MEMORY;
}

csizer_status csizer_lifetimes_track_class(csizer_lifetimes *lifetimes, const void *type,
                                           const csizer_tracking *options) {
  if (!type || ((const swift_class *)type)->kind != SWIFT_CLASS) return CSIZER_INVALID;
  if (census_state() != CSIZER_HOOKS_REPLACED) return CSIZER_UNSUPPORTED;
  if (options->keep && !csizer_target_can_keep()) return CSIZER_UNSUPPORTED;
  return csizer_tracked_class_add(lifetimes, type, options);
}

bool csizer_lifetimes_untrack_class(csizer_lifetimes *lifetimes, const void *type) {
  csizer_unloaded_forget();
  csizer_shards_hold();
  tracked_class *known = class_tracked_by(lifetimes, type);
  if (known) {
    *known = lifetimes->tracked_classes[--lifetimes->tracked_class_count];
    csizer_class_each(decide_heir, (void *)(uintptr_t)type);
    tracking_has_changed();
  }
  csizer_shards_release();
  return known != NULL;
}

// A tracker that goes away must be gone from all classes, whatever is refused: hence not decided anew.
void csizer_lifetimes_untrack_classes(csizer_lifetimes *lifetimes) {
  csizer_unloaded_forget();
  csizer_shards_hold();
  lifetimes->tracked_class_count = 0;
  for (class_entry *entry = csizer_class_entries(); entry; entry = entry->next) drop_outdated(entry);
  tracking_has_changed();
  csizer_shards_release();
}
