// SPDX-License-Identifier: Apache-2.0
#include <pthread.h>
#include <sched.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "support/check.h"
#include "support/made_lifetimes.h"

// Births and deaths on many threads, while trackers come and go.

enum { THREADS = 8, CLASSES = 40, ROUNDS = 20000, ALIVE = 64 };

static const swift_class *base, *types[CLASSES];
static bool is_over;  // atomic

static void make_types(void) {
  base = made_life_class(NULL);
  for (int i = 0; i < CLASSES; i++) types[i] = made_life_class(i ? types[i / 2] : base);
}

// Each thread keeps some objects alive.
static void *live_and_die(void *argument) {
  uint64_t random = (uintptr_t)argument;
  swift_object *objects[ALIVE] = {0};
  for (int i = 0; i < ROUNDS; i++) {
    swift_object **place = &objects[check_random(&random) % ALIVE];
    if (*place) made_death(*place);
    *place = made_birth(types[check_random(&random) % CLASSES]);
  }
  for (int i = 0; i < ALIVE; i++)
    if (objects[i]) made_death(objects[i]);
  return NULL;
}

static void start(pthread_t threads[THREADS], void *(*body)(void *)) {
  for (uintptr_t i = 0; i < THREADS; i++) CHECK_EQUAL(pthread_create(&threads[i], NULL, body, (void *)i), 0);
}

static void join(pthread_t threads[THREADS]) {
  for (int i = 0; i < THREADS; i++) pthread_join(threads[i], NULL);
}

TEST(every_life_is_recorded_once) {
  make_types();
  csizer_lifetimes *all = made_tracker(), *half = made_tracker();
  made_track(all, base, 1);
  made_track(half, types[1], 2);
  size_t destroyed = made_destroyed;
  pthread_t threads[THREADS];
  start(threads, live_and_die);
  join(threads);
  CHECK_EQUAL(csizer_lifetimes_count(all), THREADS * ROUNDS);
  CHECK_EQUAL(made_count(all, CSIZER_DEAD), THREADS * ROUNDS);
  CHECK_EQUAL(csizer_lifetimes_lost(all), 0);
  CHECK_EQUAL(made_destroyed - destroyed, THREADS * ROUNDS);
  // Heirs of types[1] by the same records.
  size_t heirs = 0;
  for (uint32_t i = 0; i < csizer_lifetimes_count(all); i++) {
    csizer_lifetime life = csizer_lifetimes_read(all, i);
    CHECK(life.end >= life.birth);
    const swift_class *type = csizer_lifetimes_cohort(all, life.cohort).type;
    while (type && type != types[1]) type = type->superclass;
    heirs += type != NULL;
  }
  CHECK_EQUAL(csizer_lifetimes_count(half), heirs);
  csizer_lifetimes_destroy(all);
  csizer_lifetimes_destroy(half);
  for (int i = 0; i < CLASSES; i++) CHECK(made_slot_is_own(types[i]));
  CHECK(!csizer_deaths_are_tracked);
}

static void *live_until_the_end(void *argument) {
  while (!__atomic_load_n(&is_over, __ATOMIC_RELAXED)) {
    uint64_t random = (uintptr_t)argument;
    for (int i = 0; i < 50; i++) {
      swift_object *object = made_birth(types[check_random(&random) % CLASSES]);
      made_death(object);
    }
    // Records are for ever: where nothing stops them millions come to be while another thread waits.
    nanosleep(&(struct timespec){0, 500000}, NULL);
  }
  return NULL;
}

// A tracker's memory is gone when it is destroyed: under AddressSanitizer any later look at it shows, as it does here
// by a fault.
TEST(trackers_come_and_go_while_objects_are_made) {
  make_types();
  pthread_t threads[THREADS];
  is_over = false;
  start(threads, live_until_the_end);
  uint64_t random = 9;
  size_t seen = 0;
  for (int i = 0; i < 50; i++) {
    csizer_lifetimes *trackers[3];
    for (int j = 0; j < 3; j++) {
      trackers[j] = made_tracker();
      made_track(trackers[j], types[check_random(&random) % CLASSES], (uint32_t)j);
      made_track(trackers[j], base, 10);
    }
    for (int j = 0; j < 20; j++) sched_yield();
    csizer_lifetimes_untrack_class(trackers[1], base);
    csizer_lifetimes_untrack_classes(trackers[2]);
    csizer_kept kept;
    CHECK_EQUAL(csizer_lifetimes_untrack_objects(trackers[2], &kept), CSIZER_OK);
    csizer_kept_release(&kept);
    for (int j = 0; j < 3; j++) seen += csizer_lifetimes_count(trackers[j]);
    for (int j = 0; j < 3; j++) csizer_lifetimes_destroy(trackers[j]);
  }
  __atomic_store_n(&is_over, true, __ATOMIC_RELAXED);
  join(threads);
  CHECK(seen > 0);
  CHECK(!csizer_deaths_are_tracked);
  for (int i = 0; i < CLASSES; i++) CHECK(made_slot_is_own(types[i]));
}

TEST(nobody_is_born_or_dies_while_all_is_held) {
  make_types();
  csizer_lifetimes *tracker = made_tracker();
  made_track(tracker, base, 1);
  pthread_t threads[THREADS];
  is_over = false;
  start(threads, live_until_the_end);
  for (int i = 0; i < 50; i++) {
    while (csizer_lifetimes_count(tracker) < (uint32_t)i * 100) sched_yield();
    csizer_lifetimes_hold();
    uint32_t count = csizer_lifetimes_count(tracker), alive = made_count(tracker, CSIZER_ALIVE);
    for (int j = 0; j < 10; j++) sched_yield();
    CHECK_EQUAL(csizer_lifetimes_count(tracker), count);
    CHECK_EQUAL(made_count(tracker, CSIZER_ALIVE), alive);
    CHECK(alive <= THREADS);
    csizer_lifetimes_resume();
  }
  __atomic_store_n(&is_over, true, __ATOMIC_RELAXED);
  join(threads);
  csizer_lifetimes_destroy(tracker);
}

TEST(a_child_goes_on_recording) {
  make_types();
  csizer_lifetimes *tracker = made_tracker();
  CHECK_EQUAL(csizer_tracked_class_add(tracker, base, &(csizer_tracking){.trace_depth = 20}), CSIZER_OK);
  pthread_t threads[THREADS];
  is_over = false;
  start(threads, live_until_the_end);
  for (int i = 0; i < 20; i++) {
    while (csizer_lifetimes_count(tracker) < (uint32_t)i * 100) sched_yield();
    pid_t child = fork();
    if (child == 0) {
      alarm(120);
      uint32_t before = csizer_lifetimes_count(tracker);
      for (int j = 0; j < CLASSES; j++) made_death(made_birth(types[j]));
      _exit(csizer_lifetimes_count(tracker) != before + CLASSES);
    }
    int status;
    CHECK(child > 0);
    CHECK_EQUAL(waitpid(child, &status, 0), child);
    CHECK_EQUAL(status, 0);
  }
  __atomic_store_n(&is_over, true, __ATOMIC_RELAXED);
  join(threads);
  csizer_lifetimes_destroy(tracker);
}
