// SPDX-License-Identifier: Apache-2.0
// The invariants of tracking, for tests and stress.
#include "lifetimes/lifetimes_check.h"

#include "csizer_lifetimes.h"

#ifdef CSIZER_CHECKS
#include "census/census_internal.h"
#include "census/heapmap_check.h"
#include "lifetimes/deaths.h"
#include "lifetimes/lifetimes_internal.h"

/// What is found while all is gone over.
typedef struct findings {
  const char *broken;
  size_t living, recorded;    // in the index, in the records
  size_t left, counted_left;  // of classes that nobody tracks any more: in the index, by the classes
} findings;

static void find(findings *findings, bool holds, const char *otherwise) {
  if (!holds && !findings->broken) findings->broken = otherwise;
}

// ---- The index of the living ----

static void check_living(void *context, csizer_lifetimes *owner, const lifetime_record *record) {
  findings *findings = context;
  findings->living++;
  find(findings, owner && owner == csizer_trackers[owner->number], "an object is the living of a tracker that is gone");
  if (findings->broken) return;
  find(findings, record && lifetime_is_tracked(record), "a record of the living is over");
  if (findings->broken) return;
  uintptr_t address = lifetime_address(record);
  find(findings, csizer_living_find(address, owner->number) == record, "the index leads to another record");
  find(findings, record->cohort < owner->cohort_count, "an object is of no cohort");
  const heapmap_leaf *leaf = census_leaf_of(address);
  find(findings, leaf && heapmap_may_be_tracked(leaf, address), "the census does not know that an object is tracked");
  const class_entry *entry = csizer_class_find(owner->cohorts[record->cohort].type);
  findings->left += entry && !entry->tracking_count;
}

// ---- Trackers ----

static bool check_tracker(void *context, csizer_lifetimes *lifetimes) {
  findings *findings = context;
  find(findings, csizer_trackers[lifetimes->number] == lifetimes, "a tracker has another's number");
  for (uint32_t i = 0; i < lifetimes->slot_count; i++) {
    const lifetime_record *record = lifetime_record_at(lifetimes, i);
    find(findings, record != NULL, "a slot was given out and has no memory");
    if (!record) break;
    findings->recorded += lifetime_is_tracked(record);
  }
  size_t indexed = 0;
  for (size_t i = 0; i < lifetimes->cohort_index_capacity; i++) {
    find(findings, lifetimes->cohort_index[i] <= lifetimes->cohort_count, "the index of cohorts names one too many");
    indexed += lifetimes->cohort_index[i] != 0;
  }
  find(findings, indexed == lifetimes->cohort_count, "the index of cohorts lacks one");
  bool tracks_classes = lifetimes->tracked_class_count || lifetimes->pattern_count;
  find(findings, !tracks_classes || births_are_tracked(), "a class is tracked and no birth is told");
  find(findings, lifetimes->living_count <= lifetimes->listed && lifetimes->listed <= lifetimes->slot_count,
       "more living are listed than there are records");
  return !findings->broken;
}

// ---- Classes ----

static void check_trackings(findings *findings, const class_entry *entry) {
  uint32_t deepest = 0;
  for (uint32_t i = 0; i < entry->tracking_count; i++) {
    const class_tracking *tracking = &entry->trackings[i];
    bool is_there = false;
    for (uint32_t j = 0; j < csizer_trackers_end; j++) is_there |= csizer_trackers[j] == tracking->owner;
    find(findings, is_there, "a class is tracked by a tracker that is gone");
    if (!is_there) return;
    find(findings, tracking->cohort < tracking->owner->cohort_count, "a class's objects are to be of no cohort");
    if (tracking->trace_depth > deepest) deepest = tracking->trace_depth;
  }
  find(findings, entry->trace_depth == deepest, "a class's traces have another depth than is wanted");
}

static void check_class(findings *findings, const class_entry *entry) {
  find(findings, entry->tracking_count <= entry->tracking_capacity, "a class has more trackings than room");
  if (findings->broken) return;
  check_trackings(findings, entry);
  if (entry->is_gone) {
    find(findings, !entry->tracking_count && !entry->remaining, "a class that is gone is tracked");
    return;
  }
  find(findings, csizer_class_find(entry->type) == entry, "a class's metadata leads to another entry");
  bool is_wanted = entry->tracking_count || entry->remaining;
  find(findings, !is_wanted || csizer_class_is_hooked(entry), "deaths of a tracked class are not seen");
  if (!entry->tracking_count) findings->counted_left += entry->remaining;
}

const char *csizer_lifetimes_check(void) {
  findings findings = {0};
  csizer_shards_hold();
  csizer_lifetimes_each(check_tracker, &findings);
  if (!findings.broken) csizer_living_each(check_living, &findings);
  find(&findings, findings.living == findings.recorded, "the index of the living and the records differ");
  find(&findings, !findings.living || deaths_are_tracked(), "objects are tracked and no death is told");
  for (const class_entry *entry = csizer_class_entries(); entry && !findings.broken; entry = entry->next)
    check_class(&findings, entry);
  find(&findings, findings.left == findings.counted_left, "the living of classes that are not tracked are miscounted");
  if (!findings.broken) findings.broken = csizer_living_check();
  csizer_shards_release();
  return findings.broken;
}

bool csizer_checks_are_built(void) { return true; }

const char *csizer_checks_run(void) {
  const csizer_heapmap *map = csizer_census_kept.map;
  const char *broken = map ? csizer_heapmap_check(map) : NULL;
  return broken ? broken : csizer_lifetimes_check();
}
#else
bool csizer_checks_are_built(void) { return false; }
const char *csizer_checks_run(void) { return NULL; }
#endif
