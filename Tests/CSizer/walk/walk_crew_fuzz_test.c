// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "snapshot/frozen_child.h"
#include "support/check.h"
#include "support/made_faults.h"
#include "support/random_heap.h"
#include "walk/walk_crew.h"

// Random heaps in memory of the test's own, walked by a walk alone, by a crew of one and by one of two, whose workers
// are held up at random places and stopped by signals at others. What there is to be found the test knows for itself.
//
// CSIZER_FUZZ_SECONDS lets each test go on for so long; CSIZER_FUZZ_SEED begins elsewhere.

// ---- What there is to be found ----

static int compare_starts(const void *one, const void *other) {
  const object *first = one, *second = other;
  return first->start < second->start ? -1 : first->start > second->start;
}

static object *find(uintptr_t address) {
  const object key = {.start = (char *)address};
  return bsearch(&key, world.objects, world.count, sizeof key, compare_starts);
}

typedef struct outcome {
  size_t sizes[ROOTS];  // SIZE_MAX: given up
  csizer_totals totals;
  csizer_kind_totals kinds[KINDS];
} outcome;

// In a plain world with holes: all that can be read, though who leads to a hole has no size.
static void model(const size_t *roots, bool sees_holes, outcome *ret) {
  static bool seen[MOST_OBJECTS];
  static size_t stack[MOST_OBJECTS];
  memset(seen, 0, sizeof seen);
  *ret = (outcome){0};
  for (int i = 0; i < ROOTS; i++) {
    size_t depth = 0, bytes = 0;
    bool is_lost = false;
    if (!seen[roots[i]]) stack[depth++] = roots[i];
    seen[roots[i]] = true;
    while (depth) {
      const object *object = &world.objects[stack[--depth]];
      if (sees_holes && is_in_hole(object)) {
        is_lost = true;
        continue;
      }
      bytes += object->bytes;
      ret->totals.objects++;
      for (size_t j = 0; j < object->count; j++) {
        const struct object *to = find(*reference(object, j));
        if (!to || seen[to - world.objects]) continue;
        seen[to - world.objects] = true;
        stack[depth++] = (size_t)(to - world.objects);
      }
    }
    ret->totals.bytes += bytes;
    ret->sizes[i] = is_lost ? SIZE_MAX : bytes;
  }
}

// ---- Holding up and stopping ----

static void pause_at_random(void) {
  static _Thread_local uint64_t random;
  if (!random) random = (uint64_t)syscall(SYS_gettid) * 77;
  const uint64_t chance = check_random(&random) % 64;
  if (chance < 8) sched_yield();
  const struct timespec moment = {0, (long)(check_random(&random) % (chance ? 5000 : 100000))};
  if (chance < 2) clock_nanosleep(CLOCK_MONOTONIC, 0, &moment, NULL);
}

static void pass_by(int place) {
  (void)place;
  pause_at_random();
}

static void stop(int signal) {
  (void)signal;
  int before = errno;
  static _Thread_local uint64_t random;
  const struct timespec moment = {0, (long)(check_random(&random) % 150000)};
  nanosleep(&moment, NULL);
  errno = before;
}

static struct {
  pthread_t thread, targets[2];
  bool is_over;  // atomic
} stopper;

static void *stop_others(void *ignored) {
  (void)ignored;
  uint64_t random = 99;
  while (!__atomic_load_n(&stopper.is_over, __ATOMIC_ACQUIRE)) {
    const struct timespec moment = {0, (long)(check_random(&random) % 300000)};
    nanosleep(&moment, NULL);
    pthread_kill(stopper.targets[check_random(&random) % 2], SIGUSR1);
  }
  return NULL;
}

static void begin_stopping(pthread_t other) {
  stopper.targets[0] = pthread_self();
  stopper.targets[1] = other;
  stopper.is_over = false;
  CHECK_EQUAL(pthread_create(&stopper.thread, NULL, stop_others, NULL), 0);
}

static void end_stopping(void) {
  __atomic_store_n(&stopper.is_over, true, __ATOMIC_RELEASE);
  CHECK_EQUAL(pthread_join(stopper.thread, NULL), 0);
}

// ---- Walks ----

static void size_roots(csizer_walk *walk, const size_t *roots, outcome *ret) {
  static volatile int i;
  for (i = 0; i < ROOTS; i++) {
    if (sigsetjmp(csizer_child_after_fault, 1)) {
      csizer_walk_give_up(walk);
      ret->sizes[i] = SIZE_MAX;
      continue;
    }
    const size_t before = csizer_walk_totals(walk).bytes;
    if (world.sweeps_always) csizer_walk_begin_sweep(walk);
    CHECK_EQUAL(csizer_walk_object(walk, world.objects[roots[i]].start), CSIZER_OK);
    ret->sizes[i] = csizer_walk_totals(walk).bytes - before;
  }
}

enum { ALONE, CREW_OF_ONE, CREW_OF_TWO };

static void walk_once(const size_t *roots, int way, outcome *ret) {
  *ret = (outcome){0};
  csizer_walk *walk = made_walk(&world.heap, (csizer_walk_options){0});
  csizer_pagememo_init(&walk->memo, world_usable_size, true);
  walk->sweep_at = world.sweep_at;
  made_crew crew = {0};
  if (way == CREW_OF_TWO) {
    csizer_crew_is_patient = below(2);
    csizer_crew_passes_by = pass_by;
  }
  if (way) made_crew_begin(&crew, walk, way == CREW_OF_TWO);
  made_faults_are_of(crew.crew);
  if (way == CREW_OF_TWO) begin_stopping(crew.other);
  size_roots(walk, roots, ret);
  if (way == CREW_OF_TWO) end_stopping();
  made_faults_are_of(NULL);
  if (way) made_crew_end(&crew);
  csizer_crew_passes_by = NULL;
  csizer_crew_is_patient = false;
  ret->totals = csizer_walk_totals(walk);
  CHECK(csizer_layouts_kind_count(world.heap.layouts) <= KINDS);
  for (size_t kind = 0; kind < KINDS; kind++) ret->kinds[kind] = csizer_walk_kind_totals(walk, kind);
  made_wipe_marks(world.heap.map);
  made_walk_end(&world.heap, walk);
}

static void check_same(const outcome *one, const outcome *other) {
  for (int i = 0; i < ROOTS; i++) CHECK_EQUAL(one->sizes[i], other->sizes[i]);
  CHECK(memcmp(&one->totals, &other->totals, sizeof one->totals) == 0);
  CHECK(memcmp(one->kinds, other->kinds, sizeof one->kinds) == 0);
}

static void choose_roots(size_t *roots) {
  for (int i = 0; i < ROOTS; i++) roots[i] = below(world.count);
  qsort(world.objects, world.count, sizeof *world.objects, compare_starts);
}

// ---- Rounds ----

static void begin(void) {
  struct sigaction stopping = {.sa_handler = stop, .sa_flags = SA_RESTART};
  sigaction(SIGUSR1, &stopping, NULL);
}

static bool goes_on(unsigned round, unsigned least, time_t began) {
  const char *seconds = getenv("CSIZER_FUZZ_SECONDS");
  return round < least || (seconds && time(NULL) - began < atoi(seconds));
}

static uint64_t first_seed(void) {
  const char *seed = getenv("CSIZER_FUZZ_SEED");
  return seed ? strtoull(seed, NULL, 10) : 1;
}

TEST(random_heaps_are_walked_alike) {
  enum { LEAST = 25 };
  begin();
  const time_t began = time(NULL);
  static outcome expected, alone, one, two;
  for (unsigned round = 0; goes_on(round, LEAST, began); round++) {
    make_world(first_seed() * 1000003 + round, false);
    size_t roots[ROOTS];
    choose_roots(roots);
    model(roots, false, &expected);
    walk_once(roots, ALONE, &alone);
    for (int i = 0; i < ROOTS; i++) CHECK_EQUAL(alone.sizes[i], expected.sizes[i]);
    CHECK_EQUAL(alone.totals.objects, expected.totals.objects);
    walk_once(roots, CREW_OF_ONE, &one);
    check_same(&alone, &one);
    walk_once(roots, CREW_OF_TWO, &two);
    check_same(&one, &two);
    unmake_world();
  }
}

static void walk_with_holes(const size_t *roots, outcome *ret_one, outcome *ret_two) {
  made_faults before;
  made_faults_begin(&before);
  protect_holes(PROT_NONE);
  walk_once(roots, CREW_OF_ONE, ret_one);
  walk_once(roots, CREW_OF_TWO, ret_two);
  protect_holes(PROT_READ | PROT_WRITE);
  made_faults_end(&before);
}

// One fault after the other, and good objects in the next page.
TEST(beside_holes_each_object_counts_once_at_most) {
  enum { LEAST = 25 };
  begin();
  const time_t began = time(NULL);
  static outcome expected, one, two;
  for (unsigned round = 0; goes_on(round, LEAST, began); round++) {
    make_plain_world(first_seed() * 3000017 + round);
    size_t roots[ROOTS];
    choose_roots(roots);
    model(roots, true, &expected);
    walk_with_holes(roots, &one, &two);
    check_same(&one, &two);
    // The first root that leads to a hole takes with it what was found and not scanned.
    for (int i = 0; i < ROOTS; i++) {
      CHECK_EQUAL(one.sizes[i], expected.sizes[i]);
      if (expected.sizes[i] == SIZE_MAX) break;
    }
    CHECK(one.totals.objects <= expected.totals.objects);
    CHECK(one.totals.bytes <= expected.totals.bytes);
    unmake_world();
  }
}

// Pages that can't be read, between others, with many objects in each, in both parts. Groups that have nothing there
// are what they are, to the byte; what becomes of the others does not depend on how many work.
TEST(holes_cost_no_other_group_whoever_works) {
  enum { LEAST = 25 };
  begin();
  const time_t began = time(NULL);
  static outcome expected, one, two;
  for (unsigned round = 0; goes_on(round, LEAST, began); round++) {
    make_world(first_seed() * 2000003 + round, true);
    size_t roots[ROOTS];
    choose_roots(roots);
    bool has_root[ROOTS] = {false};
    for (size_t i = 0, from = below(world.count); i < world.count; i++) {
      const size_t index = (i + from) % world.count;
      const unsigned group = world.objects[index].group;
      if (!has_root[group] || !below(i + 1)) roots[group] = index;
      has_root[group] = true;
    }
    model(roots, false, &expected);
    walk_with_holes(roots, &one, &two);
    check_same(&one, &two);
    for (int i = 0; i < ROOTS; i += 2)
      if (has_root[i]) CHECK_EQUAL(one.sizes[i], expected.sizes[i]);
    CHECK(one.totals.bytes <= expected.totals.bytes);
    unmake_world();
  }
}

// ---- All that lives ----

// Some whose life has ended, which nothing strong leads to and nothing of which is followed.
static size_t kill_some(void) {
  const uint64_t rare = below(40) + 2;
  size_t bytes = 0;
  for (size_t i = 0; i < world.count; i++) {
    if (below(rare)) continue;
    ((swift_object *)(void *)world.objects[i].start)->references |= SWIFT_DEINITING;
    if (!is_in_hole(&world.objects[i])) bytes += world.objects[i].bytes;
  }
  return bytes;
}

static void walk_all(int way, const size_t *roots, csizer_totals *ret) {
  static csizer_walk *volatile walk;
  walk = made_walk(&world.heap, (csizer_walk_options){0});
  csizer_pagememo_init(&walk->memo, world_usable_size, true);
  walk->sweep_at = world.sweep_at;
  made_crew crew = {0};
  if (way) made_crew_begin(&crew, walk, way == CREW_OF_TWO);
  made_faults_are_of(crew.crew);
  walk->keeps_place = true;
  static outcome ignored;
  if (roots) size_roots(walk, roots, &ignored);
  if (sigsetjmp(csizer_child_after_fault, 1)) {
    csizer_walk_go_on(walk);
  }
  CHECK_EQUAL(csizer_walk_all(walk), CSIZER_OK);
  made_faults_are_of(NULL);
  if (way) made_crew_end(&crew);
  *ret = csizer_walk_totals(walk);
  made_wipe_marks(world.heap.map);
  made_walk_end(&world.heap, walk);
}

// Each object once that can be read, whatever leads to it and whoever works: what waited when the walk from a root came
// to a hole, too.
TEST(all_that_lives_is_counted_beside_holes) {
  enum { LEAST = 10 };
  begin();
  const time_t began = time(NULL);
  made_faults before;
  made_faults_begin(&before);
  for (unsigned round = 0; goes_on(round, LEAST, began); round++) {
    make_plain_world(first_seed() * 4000037 + round);
    world.sweeps_always = below(2);
    size_t roots[ROOTS];
    choose_roots(roots);
    const size_t dead = round % 2 ? 0 : kill_some();
    size_t count = 0, bytes = 0;
    for (size_t i = 0; i < world.count; i++) {
      if (is_in_hole(&world.objects[i])) continue;
      count++;
      bytes += world.objects[i].bytes;
    }
    protect_holes(PROT_NONE);
    for (int way = ALONE; way <= CREW_OF_TWO; way++) {
      csizer_totals totals;
      walk_all(way, round % 2 ? roots : NULL, &totals);
      CHECK_EQUAL(totals.objects, count);
      CHECK_EQUAL(totals.bytes, bytes);
      CHECK_EQUAL(totals.dead_bytes, dead);
    }
    protect_holes(PROT_READ | PROT_WRITE);
    unmake_world();
  }
  made_faults_end(&before);
}

TEST(all_that_lives_is_counted) {
  enum { LEAST = 15 };
  begin();
  const time_t began = time(NULL);
  for (unsigned round = 0; goes_on(round, LEAST, began); round++) {
    make_world(first_seed() * 5000011 + round, false);
    const size_t dead = kill_some();
    size_t bytes = 0;
    for (size_t i = 0; i < world.count; i++) bytes += world.objects[i].bytes;
    for (int way = ALONE; way <= CREW_OF_TWO; way++) {
      csizer_totals totals;
      walk_all(way, NULL, &totals);
      CHECK_EQUAL(totals.objects, world.count);
      CHECK_EQUAL(totals.bytes, bytes);
      CHECK_EQUAL(totals.dead_bytes, dead);
    }
    unmake_world();
  }
}
