// SPDX-License-Identifier: Apache-2.0
#include "platform/pages.h"
#include "support/check.h"
#include "support/made_lifetimes.h"

// Objects that were tracked in one way and have one class are one cohort, found again however many there are.

static uint32_t cohort_of(csizer_lifetimes *tracker, const void *object) {
  uint32_t cohort = UINT32_MAX;
  CHECK(csizer_lifetimes_find(tracker, object, &cohort));
  return cohort;
}

TEST(one_way_and_one_class_are_one_cohort) {
  csizer_lifetimes *tracker = made_tracker();
  const swift_class *base = made_life_class(NULL), *heir = made_life_class(base), *other = made_life_class(NULL);
  made_track(tracker, base, 1);
  swift_object *first = made_birth(base), *second = made_birth(heir);
  made_track(tracker, other, 2);  // everything is decided anew
  swift_object *third = made_birth(base), *fourth = made_birth(heir);
  CHECK_EQUAL(cohort_of(tracker, first), cohort_of(tracker, third));
  CHECK_EQUAL(cohort_of(tracker, second), cohort_of(tracker, fourth));
  CHECK(cohort_of(tracker, first) != cohort_of(tracker, second));
  made_track(tracker, base, 3);  // replaces the first tracking
  swift_object *fifth = made_birth(heir);
  CHECK_EQUAL(made_tracking_of(tracker, fifth), 3);
  CHECK_EQUAL(made_tracking_of(tracker, second), 1);
  CHECK_EQUAL(csizer_lifetimes_tracks_class(tracker, base), true);
  CHECK_EQUAL(csizer_lifetimes_tracks_class(tracker, heir), false);
  swift_object *all[] = {first, second, third, fourth, fifth};
  for (int i = 0; i < 5; i++) made_death(all[i]);
  csizer_lifetimes_destroy(tracker);
}

TEST(watching_again_and_again_costs_a_cohort_once) {
  enum { CLASSES = 100, ROUNDS = 1000 };
  csizer_lifetimes *tracker = made_tracker();
  const swift_class *types[CLASSES];
  for (uint32_t i = 0; i < CLASSES; i++) types[i] = made_life_class(NULL);
  size_t bytes = 0;
  for (uint32_t round = 0; round < ROUNDS; round++) {
    for (uint32_t i = 0; i < CLASSES; i++) {
      made_track(tracker, types[i], i);
      CHECK(csizer_lifetimes_untrack_class(tracker, types[i]));
    }
    if (!round) bytes = csizer_lifetimes_bytes(tracker);
  }
  CHECK_EQUAL(csizer_lifetimes_cohort_count(tracker), CLASSES);
  CHECK_EQUAL(csizer_lifetimes_bytes(tracker), bytes);
  csizer_lifetimes_destroy(tracker);
}

// One tracker's: more than a page of them, and the index grows on the way.
TEST(each_of_many_cohorts_is_found_again) {
  enum { OBJECTS = 5000 };
  static swift_object *objects[OBJECTS];
  csizer_lifetimes *tracker = made_tracker();
  const swift_class *type = made_life_class(NULL);
  for (uint32_t round = 0; round < 2; round++)
    for (uint32_t i = 0; i < OBJECTS; i++) {
      if (!round) objects[i] = made_silent_object(type);
      // The second round's levels are those of the first round's neighbours.
      const csizer_tracking tracking = {.number = i / 2, .resolution_level = (i + round) % 2};
      CHECK_EQUAL(round ? csizer_lifetimes_set_level(tracker, objects[i], &tracking)
                        : csizer_single_object_add(tracker, objects[i], &tracking),
                  CSIZER_OK);
      CHECK_EQUAL(cohort_of(tracker, objects[i]), i ^ round);
    }
  CHECK_EQUAL(csizer_lifetimes_cohort_count(tracker), OBJECTS);
  csizer_cohort none = csizer_lifetimes_cohort(tracker, OBJECTS), last = csizer_lifetimes_cohort(tracker, OBJECTS - 1);
  CHECK(!none.type && last.type == type);
  CHECK_EQUAL(last.number, (OBJECTS - 1) / 2);
  for (uint32_t i = 0; i < OBJECTS; i++) made_death(objects[i]);
  csizer_lifetimes_destroy(tracker);
}
