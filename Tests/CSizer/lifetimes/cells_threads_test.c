// SPDX-License-Identifier: Apache-2.0
#include <pthread.h>
#include <sys/mman.h>

#include "lifetimes/deaths.h"
#include "lifetimes/numbers.h"
#include "support/check.h"
#include "support/made_lifetimes.h"

// Cells are given back while threads make and free objects, whose addresses wander and share cells with other threads'.

enum { THREADS = 4, STEP = 32, PLACES = 1 << 16, ROUNDS = 400, ALIVE = 512 };

static const swift_class *type;
static char *memory;
static bool is_over;  // atomic

// Each thread has every fourth place: objects in a cell are of different threads.
static void *object_of(uintptr_t thread, size_t number) { return memory + (number * THREADS + thread) % PLACES * STEP; }

static void *wander(void *argument) {
  const uintptr_t thread = (uintptr_t)argument;
  for (size_t round = 0; round < ROUNDS; round++) {
    for (size_t i = 0; i < ALIVE; i++) csizer_lifetimes_born(object_of(thread, round * ALIVE + i), type, NULL);
    for (size_t i = 0; i < ALIVE; i++) csizer_lifetimes_ended(object_of(thread, round * ALIVE + i));
  }
  return NULL;
}

static void *give_back(void *argument) {
  while (!__atomic_load_n(&is_over, __ATOMIC_RELAXED)) csizer_cells_give_back();
  return argument;
}

TEST(cells_are_given_back_while_others_use_them) {
  csizer_lifetimes *tracker = made_tracker();
  type = made_life_class(NULL);
  made_track(tracker, type, 1);
  memory = mmap(NULL, PLACES * STEP, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  CHECK(memory != MAP_FAILED);
  pthread_t threads[THREADS], giver;
  CHECK_EQUAL(pthread_create(&giver, NULL, give_back, NULL), 0);
  for (uintptr_t i = 0; i < THREADS; i++) CHECK_EQUAL(pthread_create(&threads[i], NULL, wander, (void *)i), 0);
  for (int i = 0; i < THREADS; i++) pthread_join(threads[i], NULL);
  __atomic_store_n(&is_over, true, __ATOMIC_RELAXED);
  pthread_join(giver, NULL);
  made_check_lives();
  // None was lost, and none's death.
  CHECK_EQUAL(csizer_lifetimes_count(tracker), THREADS * ROUNDS * ALIVE);
  CHECK_EQUAL(made_count(tracker, CSIZER_DEAD), THREADS * ROUNDS * ALIVE);
  CHECK_EQUAL(csizer_lifetimes_lost(tracker), 0);
  csizer_lifetimes_destroy(tracker);
  munmap(memory, PLACES * STEP);
  CHECK_EQUAL(csizer_living_bytes(), 0);
}
