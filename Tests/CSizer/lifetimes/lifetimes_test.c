// SPDX-License-Identifier: Apache-2.0
#include <string.h>

#include "csizer_clock.h"
#include "platform/pages.h"
#include "support/check.h"
#include "support/made_lifetimes.h"

// Which objects a tracker tracks, and what it records of them.

static void nobody_is_tracked(void) {
  CHECK(!csizer_births_are_tracked);
  CHECK(!csizer_deaths_are_tracked);
}

TEST(a_life_is_recorded) {
  csizer_lifetimes *tracker = made_tracker();
  const swift_class *type = made_life_class(NULL);
  made_track(tracker, type, 7);
  uint64_t before = csizer_clock_ticks();
  swift_object *object = made_birth(type);
  uint64_t behind = csizer_clock_ticks();
  csizer_lifetime life = csizer_lifetimes_read(tracker, 0);
  CHECK_EQUAL(csizer_lifetimes_count(tracker), 1);
  CHECK_EQUAL(life.fate, CSIZER_ALIVE);
  CHECK(life.birth >= before && life.birth <= behind);
  CHECK_EQUAL(life.end, 0);
  CHECK_EQUAL(life.address, (uintptr_t)object);
  CHECK_EQUAL(life.trace, 0);
  csizer_cohort cohort = csizer_lifetimes_cohort(tracker, life.cohort);
  CHECK(cohort.type == type);
  CHECK_EQUAL(cohort.number, 7);
  CHECK_EQUAL(made_tracking_of(tracker, object), 7);
  size_t destroyed = made_destroyed;
  before = csizer_clock_ticks();
  made_death(object);
  behind = csizer_clock_ticks();
  CHECK_EQUAL(made_destroyed, destroyed + 1);  // its own deinit ran
  life = csizer_lifetimes_read(tracker, 0);
  CHECK_EQUAL(life.fate, CSIZER_DEAD);
  CHECK(life.end >= before && life.end <= behind);
  CHECK_EQUAL(life.address, 0);
  CHECK_EQUAL(csizer_lifetimes_lost(tracker), 0);
  csizer_lifetimes_destroy(tracker);
  CHECK(made_slot_is_own(type));
  nobody_is_tracked();
}

TEST(memory_that_ends_without_a_deinit_is_a_death) {
  csizer_lifetimes *tracker = made_tracker();
  const swift_class *type = made_life_class(NULL);
  made_track(tracker, type, 0);
  made_silent_death(made_birth(type));
  CHECK_EQUAL(csizer_lifetimes_read(tracker, 0).fate, CSIZER_DEAD);
  csizer_lifetimes_destroy(tracker);
}

TEST(the_nearest_watched_ancestor_wins) {
  csizer_lifetimes *tracker = made_tracker();
  const swift_class *base = made_life_class(NULL), *middle = made_life_class(base), *leaf = made_life_class(middle);
  const swift_class *other = made_life_class(base), *stranger = made_life_class(NULL);
  swift_object *early = made_birth(leaf);
  made_track(tracker, base, 1);
  swift_object *objects[8];
  objects[0] = made_birth(leaf);
  made_track(tracker, middle, 2);
  objects[1] = made_birth(leaf);
  objects[2] = made_birth(middle);
  objects[3] = made_birth(other);
  objects[4] = made_birth(base);
  objects[5] = made_birth(stranger);
  CHECK(csizer_lifetimes_untrack_class(tracker, middle));
  CHECK(!csizer_lifetimes_untrack_class(tracker, middle));
  objects[6] = made_birth(leaf);
  CHECK(csizer_lifetimes_untrack_class(tracker, base));
  objects[7] = made_birth(leaf);
  const int expected[] = {1, 2, 2, 1, 1, -1, 1, -1};
  CHECK_EQUAL(made_tracking_of(tracker, early), -1);
  for (int i = 0; i < 8; i++) CHECK_EQUAL(made_tracking_of(tracker, objects[i]), expected[i]);
  CHECK_EQUAL(csizer_lifetimes_count(tracker), 6);
  // In the order of their births, whatever their class.
  const int order[] = {0, 1, 2, 3, 4, 6};
  for (uint32_t i = 0; i < 6; i++) CHECK_EQUAL(csizer_lifetimes_read(tracker, i).address, (uintptr_t)objects[order[i]]);
  for (int i = 0; i < 8; i++) made_death(objects[i]);
  made_death(early);
  CHECK_EQUAL(made_count(tracker, CSIZER_DEAD), 6);
  CHECK(made_slot_is_own(base) && made_slot_is_own(middle) && made_slot_is_own(leaf) && made_slot_is_own(other));
  CHECK(made_slot_is_own(stranger));
  csizer_lifetimes_destroy(tracker);
  nobody_is_tracked();
}

TEST(classes_met_only_later_are_watched_too) {
  csizer_lifetimes *tracker = made_tracker();
  const swift_class *base = made_life_class(NULL);
  made_track(tracker, base, 3);
  const swift_class *heir = base;
  for (int depth = 0; depth < 200; depth++) {
    heir = made_life_class(heir);
    swift_object *object = made_birth(heir);
    CHECK_EQUAL(made_tracking_of(tracker, object), 3);
    CHECK(!made_slot_is_own(heir));
    made_death(object);
  }
  CHECK_EQUAL(made_count(tracker, CSIZER_DEAD), 200);
  CHECK_EQUAL(csizer_lifetimes_cohort_count(tracker), 201);  // a class each, and the tracked one's
  csizer_lifetimes_destroy(tracker);
}

// The runtime may copy a slot from a superclass's metadata, with our function in it.
TEST(a_hook_that_was_inherited_finds_the_ancestors_function) {
  csizer_lifetimes *tracker = made_tracker();
  const swift_class *base = made_life_class(NULL), *heir = made_life_class(base);
  made_track(tracker, base, 1);
  memcpy((char *)(uintptr_t)heir - 16, (const char *)base - 16, sizeof(void *));
  size_t destroyed = made_destroyed;
  made_death(made_birth(heir));
  CHECK_EQUAL(made_destroyed, destroyed + 1);
  CHECK_EQUAL(made_count(tracker, CSIZER_DEAD), 1);
  csizer_lifetimes_destroy(tracker);
  made_death(made_birth(heir));  // the copy outlives the hook
  CHECK_EQUAL(made_destroyed, destroyed + 2);
}

// ---- Several trackers ----

TEST(trackers_do_not_know_of_each_other) {
  csizer_lifetimes *one = made_tracker(), *two = made_tracker();
  const swift_class *base = made_life_class(NULL), *heir = made_life_class(base);
  made_track(one, base, 1);
  made_track(two, heir, 2);
  swift_object *both = made_birth(heir), *single = made_birth(base);
  CHECK_EQUAL(made_tracking_of(one, both), 1);
  CHECK_EQUAL(made_tracking_of(two, both), 2);
  CHECK_EQUAL(made_tracking_of(two, single), -1);
  csizer_lifetimes_destroy(one);
  CHECK_EQUAL(made_tracking_of(two, both), 2);
  CHECK(made_slot_is_own(base) && !made_slot_is_own(heir));
  made_death(both);
  made_death(single);
  CHECK_EQUAL(made_count(two, CSIZER_DEAD), 1);
  csizer_lifetimes_destroy(two);
  nobody_is_tracked();
}

TEST(many_trackers_on_one_class) {
  enum { TRACKERS = 300 };
  csizer_lifetimes *trackers[TRACKERS];
  const swift_class *base = made_life_class(NULL), *heir = made_life_class(base);
  made_death(made_birth(heir));
  for (uint32_t i = 0; i < TRACKERS; i++) trackers[i] = made_tracker();
  for (uint32_t i = 0; i < TRACKERS; i++) made_track(trackers[i], i % 2 ? base : heir, i);
  made_track(trackers[0], heir, 1000);
  swift_object *object = made_birth(heir), *single = made_birth(base);
  for (uint32_t i = 0; i < TRACKERS; i++) {
    CHECK_EQUAL(made_tracking_of(trackers[i], object), i ? (int)i : 1000);
    CHECK_EQUAL(made_tracking_of(trackers[i], single), i % 2 ? (int)i : -1);
    CHECK_EQUAL(csizer_lifetimes_lost(trackers[i]), 0);
  }
  for (uint32_t i = 0; i < TRACKERS; i += 3) csizer_lifetimes_untrack_classes(trackers[i]);
  swift_object *later = made_birth(heir);
  for (uint32_t i = 0; i < TRACKERS; i++) CHECK_EQUAL(made_tracking_of(trackers[i], later), i % 3 ? (int)i : -1);
  made_death(object);
  made_death(single);
  made_death(later);
  for (uint32_t i = 0; i < TRACKERS; i++) {
    CHECK_EQUAL(made_count(trackers[i], CSIZER_DEAD), 1 + (i % 2 != 0) + (i % 3 != 0));
    csizer_lifetimes_destroy(trackers[i]);
  }
  CHECK(made_slot_is_own(base) && made_slot_is_own(heir));
  nobody_is_tracked();
}

// ---- The end of tracking ----

TEST(a_hook_stays_for_the_living_and_goes_with_the_last) {
  csizer_lifetimes *tracker = made_tracker();
  const swift_class *base = made_life_class(NULL), *heir = made_life_class(base);
  made_track(tracker, base, 1);
  swift_object *objects[6];
  for (int i = 0; i < 6; i++) objects[i] = made_birth(i % 2 ? heir : base);
  CHECK(csizer_lifetimes_untrack_class(tracker, base));
  CHECK(!csizer_births_are_tracked && csizer_deaths_are_tracked);
  for (int i = 0; i < 6; i++) {
    CHECK_EQUAL(made_slot_is_own(base), i > 4);
    CHECK(!made_slot_is_own(heir));
    made_death(objects[i]);
    CHECK_EQUAL(csizer_lifetimes_read(tracker, (uint32_t)i).fate, CSIZER_DEAD);
  }
  CHECK(made_slot_is_own(heir));
  made_track(tracker, base, 2);
  CHECK(!made_slot_is_own(base) && !made_slot_is_own(heir));
  swift_object *again = made_birth(heir);
  CHECK_EQUAL(made_tracking_of(tracker, again), 2);
  made_death(again);
  csizer_lifetimes_destroy(tracker);
  CHECK(made_slot_is_own(base) && made_slot_is_own(heir));
}

TEST(a_class_that_is_watched_again_keeps_its_hook) {
  csizer_lifetimes *tracker = made_tracker();
  const swift_class *type = made_life_class(NULL);
  made_track(tracker, type, 1);
  swift_object *old = made_birth(type);
  csizer_lifetimes_untrack_classes(tracker);
  made_track(tracker, type, 2);
  swift_object *new = made_birth(type);
  made_death(old);  // the last of the first tracking
  CHECK(!made_slot_is_own(type));
  made_death(new);
  CHECK_EQUAL(made_count(tracker, CSIZER_DEAD), 2);
  csizer_lifetimes_destroy(tracker);
}

TEST(a_tracker_that_goes_away_leaves_no_hook) {
  csizer_lifetimes *tracker = made_tracker(), *other = made_tracker();
  const swift_class *type = made_life_class(NULL), *shared = made_life_class(NULL);
  made_track(tracker, type, 1);
  made_track(tracker, shared, 2);
  made_track(other, shared, 3);
  swift_object *objects[] = {made_birth(type), made_birth(shared)};
  csizer_lifetimes_untrack_classes(tracker);
  csizer_lifetimes_untrack_classes(other);
  csizer_lifetimes_destroy(tracker);  // its object of `type` lives: nobody waits for its death any more
  CHECK(made_slot_is_own(type));
  CHECK(!made_slot_is_own(shared));
  made_death(objects[1]);
  CHECK_EQUAL(made_count(other, CSIZER_DEAD), 1);
  CHECK(made_slot_is_own(shared));
  made_death(objects[0]);
  csizer_lifetimes_destroy(other);
  nobody_is_tracked();
}

TEST(released_objects_are_not_dead) {
  csizer_lifetimes *tracker = made_tracker();
  const swift_class *type = made_life_class(NULL);
  made_track(tracker, type, 1);
  swift_object *objects[4];
  for (int i = 0; i < 4; i++) objects[i] = made_birth(type);
  made_death(objects[1]);
  csizer_lifetimes_untrack_classes(tracker);
  csizer_kept kept;
  CHECK_EQUAL(csizer_lifetimes_untrack_objects(tracker, &kept), CSIZER_OK);
  CHECK_EQUAL(kept.count, 0);
  csizer_kept_release(&kept);
  CHECK_EQUAL(made_count(tracker, CSIZER_RELEASED), 3);
  CHECK_EQUAL(made_count(tracker, CSIZER_DEAD), 1);
  CHECK(made_slot_is_own(type));
  nobody_is_tracked();
  for (int i = 0; i < 4; i++)
    if (i != 1) made_death(objects[i]);
  CHECK_EQUAL(made_count(tracker, CSIZER_RELEASED), 3);
  csizer_lifetimes_forget(tracker);
  CHECK_EQUAL(csizer_lifetimes_count(tracker), 0);
  made_track(tracker, type, 2);
  made_death(made_birth(type));
  CHECK_EQUAL(made_count(tracker, CSIZER_DEAD), 1);
  csizer_lifetimes_destroy(tracker);
}

TEST(destroying_gives_all_memory_back) {
  const swift_class *type = made_life_class(NULL);
  size_t held = 0;
  for (int round = 0; round < 4; round++) {
    csizer_lifetimes *tracker = made_tracker();
    made_track(tracker, type, 1);
    enum { OBJECTS = 20000 };
    static swift_object *objects[OBJECTS];
    for (int i = 0; i < OBJECTS; i++) objects[i] = made_birth(type);
    CHECK(csizer_lifetimes_bytes(tracker) >= OBJECTS * 24);
    for (int i = 0; i < OBJECTS; i += 2) made_death(objects[i]);
    csizer_lifetimes_destroy(tracker);
    for (int i = 1; i < OBJECTS; i += 2) made_death(objects[i]);
    if (round == 0) held = csizer_pages_held();  // tables of classes and of the heap stay
    CHECK_EQUAL(csizer_pages_held(), held);
  }
}

// ---- The profiler's own ----

TEST(what_is_made_while_holding_is_not_tracked) {
  csizer_lifetimes *tracker = made_tracker();
  const swift_class *type = made_life_class(NULL);
  made_track(tracker, type, 1);
  csizer_lifetimes_hold();
  swift_object *own = made_birth(type), *stranger = made_birth(made_life_class(type));
  csizer_lifetimes_resume();
  CHECK_EQUAL(csizer_lifetimes_count(tracker), 0);
  made_death(own);
  made_death(stranger);
  csizer_lifetimes_destroy(tracker);
}

TEST(an_address_is_used_again) {
  csizer_lifetimes *tracker = made_tracker();
  const swift_class *type = made_life_class(NULL), *other = made_life_class(NULL);
  made_track(tracker, type, 1);
  made_track(tracker, other, 2);
  swift_object *object = made_silent_object(type);
  for (uint32_t i = 0; i < 1000; i++) {
    object->metadata = (const swift_metadata *)(const void *)(i % 2 ? type : other);
    csizer_lifetimes_born(object, object->metadata, NULL);
    CHECK_EQUAL(made_tracking_of(tracker, object), i % 2 ? 1 : 2);
    csizer_lifetimes_ended(object);
    csizer_lifetimes_ended(object);  // its deinit, and its memory
    CHECK_EQUAL(made_tracking_of(tracker, object), -1);
  }
  CHECK_EQUAL(made_count(tracker, CSIZER_DEAD), 1000);
  free(object);
  csizer_lifetimes_destroy(tracker);
}

TEST(what_is_no_class_is_refused) {
  csizer_lifetimes *tracker = made_tracker();
  const swift_metadata box = {SWIFT_GENERIC_BOX};
  CHECK_EQUAL(csizer_lifetimes_track_class(tracker, NULL, &(csizer_tracking){0}), CSIZER_INVALID);
  CHECK_EQUAL(csizer_lifetimes_track_class(tracker, &box, &(csizer_tracking){0}), CSIZER_INVALID);
  // No Swift runtime is here whose births could be seen.
  CHECK_EQUAL(csizer_lifetimes_track_class(tracker, made_life_class(NULL), &(csizer_tracking){0}), CSIZER_UNSUPPORTED);
  CHECK_EQUAL(csizer_lifetimes_read(tracker, 0).fate, CSIZER_RELEASED);  // there is none
  CHECK(!csizer_lifetimes_cohort(tracker, 0).type);
  csizer_lifetimes_destroy(tracker);
  csizer_lifetimes_destroy(NULL);
}

TEST(traces_are_taken_for_those_who_ask) {
  csizer_lifetimes *one = made_tracker(), *two = made_tracker();
  const swift_class *type = made_life_class(NULL);
  const csizer_tracking deep = {.number = 1, .trace_depth = 8};
  CHECK_EQUAL(csizer_tracked_class_add(one, type, &deep), CSIZER_OK);
  made_track(two, type, 2);
  made_death(made_birth(type));
  CHECK(csizer_lifetimes_read(one, 0).trace != 0);
  CHECK_EQUAL(csizer_lifetimes_read(two, 0).trace, 0);
  csizer_lifetimes_destroy(one);
  csizer_lifetimes_destroy(two);
}
