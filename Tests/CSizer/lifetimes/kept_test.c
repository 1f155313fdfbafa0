// SPDX-License-Identifier: Apache-2.0
#include <pthread.h>
#include <time.h>

#include "runtime/target.h"
#include "support/check.h"
#include "support/made_lifetimes.h"

// Objects that a tracker holds a strong reference to. The runtime's two functions, which no other C test has, are here.

// The count of strong references stands in the word's upper half, as the runtime has it: one for each but the first.
enum { STRONG_SHIFT = 33 };

// Some are slow, so that what another thread does at this moment shows.
static void *retain(void *address) {
  static unsigned count;
  swift_object *object = address;
  if (__atomic_add_fetch(&count, 1, __ATOMIC_RELAXED) % 512 == 0) nanosleep(&(struct timespec){0, 200000}, NULL);
  __atomic_fetch_add(&object->references, (uint64_t)1 << STRONG_SHIFT, __ATOMIC_RELAXED);
  return object;
}

static void release(void *address) {
  swift_object *object = address;
  if (__atomic_fetch_sub(&object->references, (uint64_t)1 << STRONG_SHIFT, __ATOMIC_ACQ_REL) >> STRONG_SHIFT == 0)
    made_death(object);
}

__attribute__((constructor)) static void give_both(void) {
  csizer_target_use(&(csizer_target_runtime){.retain = retain, .release = release}, CSIZER_TARGET_GIVEN);
}

static uint64_t extra_references(const swift_object *object) { return object->references >> STRONG_SHIFT; }

TEST(kept_objects_live_until_they_are_let_go) {
  enum { OBJECTS = 5000 };
  csizer_lifetimes *tracker = made_tracker(), *other = made_tracker();
  const swift_class *type = made_life_class(NULL);
  CHECK_EQUAL(csizer_tracked_class_add(tracker, type, &(csizer_tracking){.number = 1, .keep = true}), CSIZER_OK);
  made_track(other, type, 2);
  static swift_object *objects[OBJECTS];
  for (int i = 0; i < OBJECTS; i++) {
    objects[i] = made_birth(type);
    CHECK_EQUAL(extra_references(objects[i]), 1);
    release(objects[i]);  // its maker's
  }
  CHECK_EQUAL(made_count(tracker, CSIZER_ALIVE), OBJECTS);
  csizer_lifetimes_untrack_classes(tracker);
  csizer_kept kept;
  CHECK_EQUAL(csizer_lifetimes_untrack_objects(tracker, &kept), CSIZER_OK);
  CHECK_EQUAL(kept.count, OBJECTS);
  CHECK_EQUAL(made_count(tracker, CSIZER_RELEASED), OBJECTS);
  CHECK_EQUAL(made_count(other, CSIZER_ALIVE), OBJECTS);
  size_t destroyed = made_destroyed;
  csizer_kept_release(&kept);
  CHECK_EQUAL(made_destroyed - destroyed, OBJECTS);
  CHECK_EQUAL(made_count(other, CSIZER_DEAD), OBJECTS);
  CHECK_EQUAL(kept.count, 0);
  csizer_lifetimes_destroy(tracker);
  csizer_lifetimes_destroy(other);
}

TEST(two_trackers_keep_twice) {
  csizer_lifetimes *trackers[] = {made_tracker(), made_tracker()};
  const swift_class *type = made_life_class(NULL);
  swift_object *object = made_silent_object(type);
  for (int i = 0; i < 2; i++)
    CHECK_EQUAL(csizer_single_object_add(trackers[i], object, &(csizer_tracking){.keep = true}), CSIZER_OK);
  // It is tracked
  CHECK_EQUAL(csizer_single_object_add(trackers[0], object, &(csizer_tracking){.keep = true}), CSIZER_OK);
  CHECK_EQUAL(extra_references(object), 2);
  // A new level holds no second reference and loses none.
  CHECK_EQUAL(csizer_lifetimes_set_level(trackers[0], object, &(csizer_tracking){.resolution_level = 3}), CSIZER_OK);
  CHECK_EQUAL(extra_references(object), 2);
  for (int i = 0; i < 2; i++) {
    csizer_kept kept;
    CHECK_EQUAL(csizer_lifetimes_untrack_objects(trackers[i], &kept), CSIZER_OK);
    CHECK_EQUAL(kept.count, 1);
    csizer_kept_release(&kept);
    CHECK_EQUAL(extra_references(object), 1 - i);
    csizer_lifetimes_destroy(trackers[i]);
  }
  made_death(object);
}

// An object that is tracked kept while another thread ends all tracking: it must not be let go before it was retained.
static csizer_lifetimes *shared_tracker;
static bool is_over;  // atomic

static void *release_again_and_again(void *argument) {
  (void)argument;
  while (!__atomic_load_n(&is_over, __ATOMIC_RELAXED)) {
    csizer_kept kept;
    CHECK_EQUAL(csizer_lifetimes_untrack_objects(shared_tracker, &kept), CSIZER_OK);
    csizer_kept_release(&kept);
  }
  return NULL;
}

TEST(nothing_is_let_go_before_it_was_retained) {
  const swift_class *type = made_life_class(NULL);
  shared_tracker = made_tracker();
  is_over = false;
  CHECK_EQUAL(csizer_tracked_class_add(shared_tracker, type, &(csizer_tracking){.keep = true}), CSIZER_OK);
  pthread_t thread;
  CHECK_EQUAL(pthread_create(&thread, NULL, release_again_and_again, NULL), 0);
  size_t destroyed = __atomic_load_n(&made_destroyed, __ATOMIC_RELAXED);
  enum { OBJECTS = 100000 };
  for (int i = 0; i < OBJECTS; i++) {
    swift_object *object = made_birth(type);
    CHECK(object->metadata == (const void *)type);  // it is its maker's still
    release(object);
  }
  __atomic_store_n(&is_over, true, __ATOMIC_RELAXED);
  pthread_join(thread, NULL);
  csizer_lifetimes_untrack_classes(shared_tracker);
  csizer_kept kept;
  CHECK_EQUAL(csizer_lifetimes_untrack_objects(shared_tracker, &kept), CSIZER_OK);
  csizer_kept_release(&kept);
  CHECK_EQUAL(made_destroyed - destroyed, OBJECTS);
  csizer_lifetimes_destroy(shared_tracker);
}
