// SPDX-License-Identifier: Apache-2.0
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lifetimes/shards.h"
#include "platform/pages.h"
#include "support/check.h"
#include "support/made_lifetimes.h"

// The system refuses the Nth request for memory, for every N until one run needs fewer. What is asked for answers
// CSIZER_NO_MEMORY and changes nothing; a birth has nobody to answer, so it is counted as lost.

static size_t leave_refusals(void) {
  size_t left = csizer_pages_fail_at;
  csizer_pages_fail_at = 0;
  return left;
}

TEST(a_tracker) {
  size_t held = csizer_pages_held();
  size_t refusals = 0;
  for (bool refused = true; refused; refusals += refused) {
    csizer_lifetimes *tracker = NULL;
    csizer_pages_fail_at = refusals + 1;
    csizer_status status = csizer_lifetimes_create(&tracker);
    refused = leave_refusals() == 0;
    CHECK_EQUAL(status, refused ? CSIZER_NO_MEMORY : CSIZER_OK);
    CHECK_EQUAL(tracker == NULL, refused);
    csizer_lifetimes_destroy(tracker);
    CHECK_EQUAL(csizer_pages_held(), held);
  }
  CHECK_EQUAL(refusals, 2);
}

// ---- Tracking a class ----

enum { HEIRS = 400 };

typedef struct family {
  const swift_class *base, *heirs[HEIRS];
  csizer_lifetimes *tracker, *other;
} family;

// All are known to the engine; those of odd number are tracked by another tracker, every fifth has a nearer tracking.
static family make_family(void) {
  family family = {.base = made_life_class(NULL), .tracker = made_tracker(), .other = made_tracker()};
  made_track(family.other, made_life_class(NULL), 0);  // from now on births are told
  for (uint32_t i = 0; i < HEIRS; i++) {
    family.heirs[i] = made_life_class(family.base);
    made_death(made_birth(family.heirs[i]));
    if (i % 2) made_track(family.other, family.heirs[i], i);
    if (i % 5 == 0) made_track(family.tracker, family.heirs[i], 1000 + i);
  }
  return family;
}

static void check_births(const family *family, int of_base, uint32_t end) {
  for (uint32_t i = 0; i < end; i++) {
    swift_object *object = made_birth(family->heirs[i]);
    CHECK_EQUAL(made_tracking_of(family->tracker, object), i % 5 ? of_base : (int)(1000 + i));
    CHECK_EQUAL(made_tracking_of(family->other, object), i % 2 ? (int)i : -1);
    made_death(object);
  }
  swift_object *object = made_birth(family->base);
  CHECK_EQUAL(made_tracking_of(family->tracker, object), of_base);
  made_death(object);
  CHECK_EQUAL(csizer_lifetimes_lost(family->tracker) + csizer_lifetimes_lost(family->other), 0);
}

static void check_slots(const family *family, bool is_tracked_class) {
  CHECK_EQUAL(made_slot_is_own(family->base), !is_tracked_class);
  for (int i = 0; i < HEIRS; i++)
    CHECK_EQUAL(made_slot_is_own(family->heirs[i]), !is_tracked_class && i % 5 && i % 2 == 0);
}

TEST(tracking_a_class) {
  size_t refusals = 0;
  for (bool refused = true; refused;) {
    family family = make_family();
    csizer_pages_fail_at = refusals + 1;
    csizer_status status = csizer_tracked_class_add(family.tracker, family.base, &(csizer_tracking){.number = 1});
    refused = leave_refusals() == 0;
    CHECK_EQUAL(status, refused ? CSIZER_NO_MEMORY : CSIZER_OK);
    CHECK_EQUAL(csizer_lifetimes_tracks_class(family.tracker, family.base), !refused);
    check_slots(&family, !refused);
    check_births(&family, refused ? -1 : 1, HEIRS);
    refusals += refused;
    // Asking again works, and so does replacing it.
    made_track(family.tracker, family.base, 2);
    check_slots(&family, true);
    check_births(&family, 2, HEIRS);
    csizer_lifetimes_destroy(family.tracker);
    csizer_lifetimes_destroy(family.other);
    CHECK(made_slot_is_own(family.base));
  }
  // In a larger page there is room for it all.
  CHECK(refusals >= 1 || check_page_bytes() > 4096);
}

TEST(tracking_a_class_in_another_way) {
  size_t refusals = 0;
  for (bool refused = true; refused; refusals += refused) {
    family family = make_family();
    made_track(family.tracker, family.base, 1);
    csizer_pages_fail_at = refusals + 1;
    csizer_status status = csizer_tracked_class_add(family.tracker, family.base, &(csizer_tracking){.number = 2});
    refused = leave_refusals() == 0;
    CHECK_EQUAL(status, refused ? CSIZER_NO_MEMORY : CSIZER_OK);
    uint32_t cohorts = csizer_lifetimes_cohort_count(family.tracker);
    check_births(&family, refused ? 1 : 2, HEIRS);
    CHECK_EQUAL(csizer_lifetimes_cohort_count(family.tracker), cohorts);  // births found theirs
    csizer_lifetimes_destroy(family.tracker);
    csizer_lifetimes_destroy(family.other);
  }
  CHECK(refusals >= 1);
}

// Objects of classes with a nearer tracking fall to the base's when that one goes: this needs cohorts, and nobody can
// be told.
TEST(falling_back_to_an_ancestor) {
  size_t refusals = 0, lost_in_all = 0;
  for (bool refused = true; refused; refusals += refused) {
    csizer_lifetimes *tracker = made_tracker();
    const swift_class *base = made_life_class(NULL), *heir = made_life_class(base);
    made_track(tracker, base, 1);
    // The cohorts' page is full to the last place.
    for (uint32_t i = 2; csizer_lifetimes_cohort_count(tracker) < check_page_bytes() / sizeof(csizer_cohort); i++)
      made_track(tracker, heir, i);
    csizer_pages_fail_at = refusals + 1;
    CHECK(csizer_lifetimes_untrack_class(tracker, heir));
    refused = csizer_pages_fail_at == 0;
    csizer_pages_fail_at = refused ? 1 : 0;  // and goes on refusing
    swift_object *first = made_birth(heir);
    csizer_pages_fail_at = 0;
    CHECK_EQUAL(made_tracking_of(tracker, first), refused ? -1 : 1);
    CHECK_EQUAL(csizer_lifetimes_lost(tracker), refused);
    lost_in_all += refused;
    swift_object *second = made_birth(heir);
    CHECK_EQUAL(made_tracking_of(tracker, second), 1);
    CHECK_EQUAL(csizer_lifetimes_lost(tracker), refused);
    made_death(first);
    made_death(second);
    csizer_lifetimes_destroy(tracker);
    CHECK(made_slot_is_own(base) && made_slot_is_own(heir));
  }
  CHECK(lost_in_all >= 1);
}

// The trackings of a tracker that goes away are taken out even if others' can't be decided at that moment.
TEST(a_tracker_goes_away_while_all_is_refused) {
  csizer_lifetimes *leaving = made_tracker(), *staying = made_tracker();
  const swift_class *base = made_life_class(NULL), *heir = made_life_class(base);
  made_track(leaving, base, 1);
  made_track(staying, base, 2);
  made_death(made_birth(heir));
  made_track(leaving, heir, 3);
  csizer_pages_fail_at = 1;
  csizer_lifetimes_destroy(leaving);
  csizer_pages_fail_at = 0;
  swift_object *object = made_birth(heir);
  CHECK_EQUAL(made_tracking_of(staying, object), 2);
  made_death(object);
  csizer_lifetimes_destroy(staying);
}

// ---- Births ----

// So many that every table of the way is made and grows: classes, cohorts, trackings, chunks, the index, the heap map's
// leaf.
TEST(births) {
  enum { BIRTHS = 3000, CLASSES = 300 };
  static swift_object *objects[BIRTHS];
  size_t lost_in_all = 0, n = 1;
  for (bool refused = true; refused; n++) {
    csizer_lifetimes *trackers[] = {made_tracker(), made_tracker()};
    const swift_class *base = made_life_class(NULL), *heirs[CLASSES];
    made_track(trackers[0], base, 1);
    made_track(trackers[1], base, 2);
    for (int i = 0; i < CLASSES; i++) heirs[i] = made_life_class(base);
    csizer_pages_fail_at = n;
    for (int i = 0; i < BIRTHS; i++) objects[i] = made_birth(heirs[i % CLASSES]);
    refused = leave_refusals() == 0;
    size_t lost = 0;
    for (int i = 0; i < 2; i++) {
      lost += csizer_lifetimes_lost(trackers[i]);
      CHECK_EQUAL(csizer_lifetimes_count(trackers[i]) + csizer_lifetimes_lost(trackers[i]), BIRTHS);
      CHECK_EQUAL(made_count(trackers[i], CSIZER_ALIVE), csizer_lifetimes_count(trackers[i]));  // no records of nothing
      for (uint32_t j = 0; j < csizer_lifetimes_count(trackers[i]); j++) {
        csizer_lifetime life = csizer_lifetimes_read(trackers[i], j);
        const swift_object *object = (const swift_object *)(uintptr_t)life.address;
        CHECK(csizer_lifetimes_cohort(trackers[i], life.cohort).type == (const void *)object->metadata);
      }
    }
    // One refusal is one birth, of one tracker or, where none of its tables came to be, of both.
    CHECK(lost <= (refused ? 2 : 0));
    lost_in_all += lost;
    for (int i = 0; i < BIRTHS; i++) made_death(objects[i]);
    for (int i = 0; i < 2; i++) {
      CHECK_EQUAL(made_count(trackers[i], CSIZER_DEAD), csizer_lifetimes_count(trackers[i]));
      csizer_lifetimes_destroy(trackers[i]);
    }
  }
  CHECK(n > 30);
  CHECK(lost_in_all > 30);
}

TEST(single_objects) {
  size_t refusals = 0;
  for (bool refused = true; refused; refusals += refused) {
    csizer_lifetimes *tracker = made_tracker();
    const swift_class *type = made_life_class(NULL);
    swift_object *object = made_silent_object(type);
    const csizer_tracking tracking = {.number = 5};
    csizer_pages_fail_at = refusals + 1;
    csizer_status status = csizer_single_object_add(tracker, object, &tracking);
    refused = leave_refusals() == 0;
    CHECK_EQUAL(status, refused ? CSIZER_NO_MEMORY : CSIZER_OK);
    CHECK_EQUAL(csizer_lifetimes_count(tracker), !refused);
    CHECK_EQUAL(csizer_lifetimes_lost(tracker), 0);
    CHECK_EQUAL(made_tracking_of(tracker, object), refused ? -1 : 5);
    CHECK_EQUAL(made_slot_is_own(type), refused);
    CHECK_EQUAL(csizer_single_object_add(tracker, object, &tracking), CSIZER_OK);
    CHECK_EQUAL(csizer_single_object_add(tracker, object, &tracking), CSIZER_OK);  // stays as it is
    CHECK_EQUAL(csizer_lifetimes_count(tracker), 1);
    made_death(object);
    CHECK_EQUAL(made_count(tracker, CSIZER_DEAD), 1);
    CHECK(made_slot_is_own(type));
    csizer_lifetimes_destroy(tracker);
  }
  CHECK(refusals >= 3);
}

TEST(levels_of_single_objects) {
  csizer_lifetimes *tracker = made_tracker();
  const swift_class *type = made_life_class(NULL);
  swift_object *object = made_silent_object(type);
  CHECK_EQUAL(csizer_lifetimes_set_level(tracker, object, &(csizer_tracking){0}), CSIZER_INVALID);
  CHECK_EQUAL(csizer_single_object_add(tracker, object, &(csizer_tracking){.number = 1}), CSIZER_OK);
  size_t refusals = 0;
  for (uint32_t level = 1; level < check_page_bytes() / 4; level++) {
    uint32_t before, cohort;
    CHECK(csizer_lifetimes_find(tracker, object, &before));
    const csizer_tracking tracking = {.number = 1, .resolution_level = level};
    csizer_pages_fail_at = 1;
    csizer_status status = csizer_lifetimes_set_level(tracker, object, &tracking);
    bool refused = leave_refusals() == 0;
    CHECK_EQUAL(status, refused ? CSIZER_NO_MEMORY : CSIZER_OK);
    CHECK(csizer_lifetimes_find(tracker, object, &cohort));
    if (refused) CHECK_EQUAL(cohort, before);
    else CHECK_EQUAL(csizer_lifetimes_cohort(tracker, cohort).resolution_level, level);
    refusals += refused;
    CHECK_EQUAL(csizer_lifetimes_set_level(tracker, object, &tracking), CSIZER_OK);
    CHECK_EQUAL(csizer_lifetimes_count(tracker), 1);
  }
  CHECK(refusals >= 2);
  made_death(object);
  csizer_lifetimes_destroy(tracker);
}

TEST(the_end_of_tracking) {
  csizer_lifetimes *tracker = made_tracker();
  const swift_class *type = made_life_class(NULL);
  swift_object *object = made_silent_object(type);
  CHECK_EQUAL(csizer_single_object_add(tracker, object, &(csizer_tracking){.number = 1}), CSIZER_OK);
  csizer_kept kept = {0};
  csizer_pages_fail_at = 1;
  CHECK_EQUAL(csizer_lifetimes_untrack_objects(tracker, &kept), CSIZER_NO_MEMORY);
  CHECK_EQUAL(leave_refusals(), 0);
  CHECK_EQUAL(made_tracking_of(tracker, object), 1);
  CHECK_EQUAL(csizer_lifetimes_untrack_objects(tracker, &kept), CSIZER_OK);
  csizer_kept_release(&kept);
  CHECK_EQUAL(made_tracking_of(tracker, object), -1);
  made_death(object);
  csizer_lifetimes_destroy(tracker);
}

// One tracker and one tracking: the way without locks, for which lines, cells, rows of slots and chunks are asked for.
static bool births_meet_refusal(size_t n) {
  enum { BIRTHS = 3000 };
  static swift_object *objects[BIRTHS];
  csizer_lifetimes *tracker = made_tracker();
  const swift_class *type = made_life_class(NULL);
  made_track(tracker, type, 1);
  csizer_pages_fail_at = n;
  for (int i = 0; i < BIRTHS; i++) objects[i] = made_birth(type);
  const bool refused = leave_refusals() == 0;
  CHECK_EQUAL(csizer_lifetimes_count(tracker) + csizer_lifetimes_lost(tracker), BIRTHS);
  CHECK(csizer_lifetimes_lost(tracker) <= refused);
  CHECK_EQUAL(made_count(tracker, CSIZER_ALIVE), csizer_lifetimes_count(tracker));
  for (int i = 0; i < BIRTHS; i++) made_death(objects[i]);
  CHECK_EQUAL(made_count(tracker, CSIZER_DEAD), csizer_lifetimes_count(tracker));
  csizer_lifetimes_destroy(tracker);
  return refused;
}

// In a child each: what was asked for once stays.
TEST(births_without_locks) {
  enum { REFUSED = 10, SERVED };
  size_t n = 1;
  for (int status = REFUSED << 8; status == REFUSED << 8; n++) {
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) _exit(births_meet_refusal(n) ? REFUSED : SERVED);
    CHECK_EQUAL(waitpid(child, &status, 0), child);
    CHECK(WIFEXITED(status) && (WEXITSTATUS(status) == REFUSED || WEXITSTATUS(status) == SERVED));
  }
  CHECK(n > 4);
}
