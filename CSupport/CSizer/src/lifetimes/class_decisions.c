// SPDX-License-Identifier: Apache-2.0
// Which classes are tracked, decided for each metadata.
#include "lifetimes/class_decisions.h"

#include "lifetimes/class_patterns.h"
#include "lifetimes/deaths.h"
#include "lifetimes/numbers.h"

// Classes are decided once for each metadata: when it is first met, and all that were met again when what is tracked
// changes. Births then only look the decision up. Everything here holds all shards.

tracked_class *csizer_tracked_class_find(const csizer_lifetimes *lifetimes, const void *type) {
  for (uint32_t i = 0; i < lifetimes->tracked_class_count; i++)
    if (lifetimes->tracked_classes[i].type == type) return &lifetimes->tracked_classes[i];
  return NULL;
}

// The nearest wins: the class itself, then its name, then what it inherits from.
static const csizer_tracking *wanted(const csizer_lifetimes *lifetimes, const swift_class *type) {
  const tracked_class *own = csizer_tracked_class_find(lifetimes, type);
  if (own) return &own->tracking;
  const csizer_tracking *named = csizer_patterns_find(lifetimes, type);
  if (named) return named;
  for (const swift_class *ancestor = type->superclass; ancestor; ancestor = ancestor->superclass) {
    const tracked_class *tracked = csizer_tracked_class_find(lifetimes, ancestor);
    if (tracked) return &tracked->tracking;
  }
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

bool csizer_decisions_reserve(uint32_t count) {
  return csizer_page_array_reserve(&decided, count * sizeof(class_tracking));
}

static const class_tracking *tracking_of(const class_entry *entry, const csizer_lifetimes *owner, uint32_t tracking) {
  for (uint32_t i = 0; entry && i < entry->tracking_count; i++)
    if (entry->trackings[i].owner == owner && entry->trackings[i].number == tracking) return &entry->trackings[i];
  return NULL;
}

static bool ask_tracker(void *context, csizer_lifetimes *lifetimes) {
  decision *decision = context;
  const csizer_tracking *tracking = wanted(lifetimes, decision->type);
  if (!tracking) return true;
  uint32_t cohort = UINT32_MAX;
  if (csizer_decisions_reserve(decision->count + 1)) cohort = csizer_cohorts_of(lifetimes, decision->type, tracking);
  if (cohort == UINT32_MAX) {
    decision->failed = true;
    return true;
  }
  class_tracking *trackings = decided.memory;
  trackings[decision->count++] = (class_tracking){.owner = lifetimes,
                                                  .cohort = cohort,
                                                  .number = tracking->number,
                                                  .trace_depth = tracking->trace_depth,
                                                  .keep = tracking->keep};
  return true;
}

// Whether a class lost its last tracking since the hooks were settled.
static bool has_stopped;

static void set_smaller(class_entry *entry, const class_tracking *trackings, uint32_t count) {
  has_stopped |= entry->tracking_count && !count;
  csizer_class_set_trackings(entry, trackings, count);  // fewer than there were: can't fail
}

// When the new trackings can't be had, those of the old ones stay that still hold.
void csizer_decision_drop_outdated(class_entry *entry) {
  uint32_t kept = 0;
  for (uint32_t i = 0; i < entry->tracking_count; i++) {
    const csizer_tracking *tracking = wanted(entry->trackings[i].owner, entry->type);
    if (tracking && tracking->number == entry->trackings[i].number)
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

bool csizer_decide(const void *metadata) {
  const swift_class *type = metadata;
  class_entry *known = csizer_class_find(metadata), *entry = known == &csizer_class_untracked ? NULL : known;
  decision decision = {.type = type};
  if (type->kind == SWIFT_CLASS) csizer_lifetimes_each(ask_tracker, &decision);
  if (!entry && !decision.count && !decision.failed)
    return known || csizer_class_set(metadata, &csizer_class_untracked);
  if (!entry) entry = csizer_class_make(type);
  if (!entry) return false;
  bool is_applied = apply(entry, &decision);
  if (!is_applied) csizer_decision_drop_outdated(entry);
  bool is_decided = is_applied && !decision.failed;
  __atomic_store_n(&entry->is_undecided, !is_decided, __ATOMIC_RELEASE);
  return is_decided;
}

static bool note_loss(void *context, csizer_lifetimes *lifetimes) {
  const swift_class *type = context;
  const csizer_tracking *tracking = wanted(lifetimes, type);
  if (tracking && !tracking_of(csizer_class_find(type), lifetimes, tracking->number))
    csizer_lifetimes_note_loss(lifetimes);
  return true;
}

class_entry *csizer_decision_meet(const void *metadata) {
  csizer_shards_hold();
  class_entry *entry = csizer_class_find(metadata);
  if (!entry || entry->is_undecided) {
    if (!csizer_decide(metadata) && ((const swift_class *)metadata)->kind == SWIFT_CLASS)
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
  if (entry && !entry->tracking_count) {
    entry->remaining++;
    const uint32_t *number = number_find(lifetime_address(record));
    // Who is in the index is looked up anyway.
    if (number && number_is_direct(*number)) csizer_ends_need_shards(true);
  }
  *(bool *)context = true;
}

void csizer_decisions_settle(void) {
  bool any = false;
  csizer_ends_need_shards(false);
  for (class_entry *entry = csizer_class_entries(); entry; entry = entry->next) entry->remaining = 0;
  csizer_living_each(count_living, &any);
  for (class_entry *entry = csizer_class_entries(); entry; entry = entry->next)
    if (!entry->tracking_count && !entry->remaining) csizer_class_unhook(entry);
  has_stopped = false;
  if (!any) csizer_cells_forget();
  __atomic_store_n(&csizer_deaths_are_tracked, any || births_are_tracked(), __ATOMIC_RELEASE);
}

static bool has_tracked(void *context, csizer_lifetimes *lifetimes) {
  bool *found = context;
  *found |= lifetimes->tracked_class_count || lifetimes->pattern_count;
  return !*found;
}

void csizer_decisions_have_changed(void) {
  bool any = false;
  csizer_lifetimes_each(has_tracked, &any);
  __atomic_store_n(&csizer_births_are_tracked, any, __ATOMIC_RELEASE);
  if (any) __atomic_store_n(&csizer_deaths_are_tracked, true, __ATOMIC_RELEASE);
  if (has_stopped) csizer_decisions_settle();
}
