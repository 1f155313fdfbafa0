// SPDX-License-Identifier: Apache-2.0
// Tracking classes, themselves and by their names.
#include "lifetimes/tracked_classes.h"

#include <string.h>

#include "census/census_internal.h"
#include "lifetimes/class_decisions.h"
#include "lifetimes/class_patterns.h"
#include "lifetimes/unloaded.h"
#include "runtime/target.h"

bool csizer_lifetimes_tracks_class(const csizer_lifetimes *lifetimes, const void *type) {
  csizer_shards_hold();
  bool is_tracked_class = csizer_tracked_class_find(lifetimes, type) != NULL;
  csizer_shards_release();
  return is_tracked_class;
}

/// What a change is about: a class and its heirs, or the classes that a pattern means.
typedef struct subject {
  const swift_class *type;
  const char *pattern;  // NULL: the class is meant
} subject;

static bool concerns(const subject *subject, const void *metadata) {
  const swift_class *type = metadata;
  if (type->kind != SWIFT_CLASS) return false;
  if (subject->pattern) return csizer_pattern_means(subject->pattern, type);
  while (type && type != subject->type) type = type->superclass;
  return type != NULL;
}

static bool decide_if_concerned(void *context, const void *metadata) {
  if (concerns(context, metadata)) csizer_decide(metadata);
  return true;
}

// Of all classes that were met.
static void decide_all(subject subject) {
  csizer_class_each(decide_if_concerned, &subject);
  csizer_decisions_have_changed();
}

typedef struct plan {
  const csizer_lifetimes *lifetimes;
  subject subject;
  uint32_t classes;
  bool refused;
} plan;

static bool prepare_one(void *context, const void *metadata) {
  plan *plan = context;
  if (!concerns(&plan->subject, metadata)) return true;
  class_entry *entry = csizer_class_make(metadata);
  uint32_t others = 0;
  for (uint32_t i = 0; entry && i < entry->tracking_count; i++) others += entry->trackings[i].owner != plan->lifetimes;
  plan->refused = !entry || !csizer_decisions_reserve(others + 1) ||
                  !csizer_class_reserve_trackings(entry, others + 1) || !csizer_class_hook(entry);
  plan->classes++;
  return !plan->refused;
}

// All that can be refused is asked for before anything is changed: a refusal is told here and not met at a birth.
static bool prepare(csizer_lifetimes *lifetimes, subject subject) {
  plan plan = {.lifetimes = lifetimes, .subject = subject};
  csizer_class_each(prepare_one, &plan);
  return !plan.refused && csizer_cohorts_reserve(lifetimes, plan.classes);
}

// ---- A class ----

static bool prepare_class(csizer_lifetimes *lifetimes, const swift_class *type) {
  size_t bytes = ((size_t)lifetimes->tracked_class_count + 1) * sizeof *lifetimes->tracked_classes;
  if (!csizer_page_array_reserve(&lifetimes->tracked_class_pages, bytes)) return false;
  lifetimes->tracked_classes = lifetimes->tracked_class_pages.memory;
  return csizer_class_make(type) && prepare(lifetimes, (subject){.type = type});
}

csizer_status csizer_tracked_class_add(csizer_lifetimes *lifetimes, const swift_class *type,
                                       const csizer_tracking *tracking) {
  csizer_unloaded_forget();
  csizer_shards_hold();
  bool is_prepared = prepare_class(lifetimes, type);
  if (is_prepared) {
    tracked_class *known = csizer_tracked_class_find(lifetimes, type);
    if (!known) known = &lifetimes->tracked_classes[lifetimes->tracked_class_count++];
    *known = (tracked_class){type, *tracking};
    decide_all((subject){.type = type});
  } else {
    csizer_decisions_settle();
  }
  csizer_shards_release();
  return is_prepared ? CSIZER_OK : CSIZER_NO_MEMORY;
}

static csizer_status check(const csizer_tracking *options) {
  if (census_state() != CSIZER_HOOKS_REPLACED) return CSIZER_UNSUPPORTED;
  return options->keep && !csizer_target_can_keep() ? CSIZER_UNSUPPORTED : CSIZER_OK;
}

csizer_status csizer_lifetimes_track_class(csizer_lifetimes *lifetimes, const void *type,
                                           const csizer_tracking *options) {
  if (!type || ((const swift_class *)type)->kind != SWIFT_CLASS) return CSIZER_INVALID;
  csizer_status status = check(options);
  return status ? status : csizer_tracked_class_add(lifetimes, type, options);
}

bool csizer_lifetimes_untrack_class(csizer_lifetimes *lifetimes, const void *type) {
  csizer_unloaded_forget();
  csizer_shards_hold();
  tracked_class *known = csizer_tracked_class_find(lifetimes, type);
  if (known) {
    *known = lifetimes->tracked_classes[--lifetimes->tracked_class_count];
    decide_all((subject){.type = type});
  }
  csizer_shards_release();
  return known != NULL;
}

// ---- A pattern ----

csizer_status csizer_tracked_pattern_add(csizer_lifetimes *lifetimes, const char *pattern,
                                         const csizer_tracking *tracking) {
  csizer_unloaded_forget();
  csizer_shards_hold();
  bool is_prepared = csizer_patterns_reserve(lifetimes) && prepare(lifetimes, (subject){.pattern = pattern});
  if (is_prepared) {
    csizer_patterns_set(lifetimes, pattern, tracking);
    decide_all((subject){.pattern = pattern});
  } else {
    csizer_decisions_settle();
  }
  csizer_shards_release();
  return is_prepared ? CSIZER_OK : CSIZER_NO_MEMORY;
}

csizer_status csizer_lifetimes_track_named(csizer_lifetimes *lifetimes, const char *pattern,
                                           const csizer_tracking *options) {
  size_t length = strnlen(pattern, CSIZER_PATTERN_ROOM);
  if (!length || length == CSIZER_PATTERN_ROOM) return CSIZER_INVALID;
  csizer_status status = check(options);
  return status ? status : csizer_tracked_pattern_add(lifetimes, pattern, options);
}

bool csizer_lifetimes_untrack_named(csizer_lifetimes *lifetimes, const char *pattern) {
  csizer_unloaded_forget();
  csizer_shards_hold();
  bool was_set = csizer_patterns_remove(lifetimes, pattern);
  if (was_set) decide_all((subject){.pattern = pattern});
  csizer_shards_release();
  return was_set;
}

// ---- All ----

// A tracker that goes away must be gone from all classes, whatever is refused: hence not decided anew.
void csizer_lifetimes_untrack_classes(csizer_lifetimes *lifetimes) {
  csizer_unloaded_forget();
  csizer_shards_hold();
  lifetimes->tracked_class_count = 0;
  lifetimes->pattern_count = 0;
  for (class_entry *entry = csizer_class_entries(); entry; entry = entry->next) csizer_decision_drop_outdated(entry);
  csizer_decisions_have_changed();
  csizer_shards_release();
}
