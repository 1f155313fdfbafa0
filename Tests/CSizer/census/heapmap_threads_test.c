// SPDX-License-Identifier: Apache-2.0
#include <pthread.h>

#include "csizer_heapmap.h"
#include "platform/pages.h"
#include "support/check.h"

// Four threads on one map: no bit gets lost and no leaf is made twice. Neighbours belong to different threads, so that
// all of them write the same words all the time.

enum { THREADS = 4, BLOCKS = 100000, ROUNDS = 5 };

typedef struct worker {
  pthread_t thread;
  pthread_barrier_t *start;
  csizer_heapmap *map;
  uintptr_t number;
} worker;

static const void *block_of(uintptr_t worker, uintptr_t i) {
  return (const void *)(((uintptr_t)0x7F << 30) + (i * THREADS + worker) * 16);
}

static void *churn(void *argument) {
  worker *self = argument;
  pthread_barrier_wait(self->start);
  for (int round = 0; round < ROUNDS; round++) {
    for (uintptr_t i = 0; i < BLOCKS; i++) CHECK(csizer_heapmap_insert(self->map, block_of(self->number, i)));
    // The last round leaves every third block of every thread alive.
    for (uintptr_t i = 0; i < BLOCKS; i++)
      if (round < ROUNDS - 1 || i % 3) CHECK(csizer_heapmap_remove(self->map, block_of(self->number, i)));
  }
  return NULL;
}

static void run_all(csizer_heapmap *map, void *(*body)(void *)) {
  pthread_barrier_t start;
  worker workers[THREADS];
  pthread_barrier_init(&start, NULL, THREADS);
  for (uintptr_t i = 0; i < THREADS; i++) {
    workers[i] = (worker){.start = &start, .map = map, .number = i};
    CHECK_EQUAL(pthread_create(&workers[i].thread, NULL, body, &workers[i]), 0);
  }
  for (int i = 0; i < THREADS; i++) pthread_join(workers[i].thread, NULL);
  pthread_barrier_destroy(&start);
}

TEST(churn_ends_with_the_exact_count) {
  csizer_heapmap *map;
  CHECK_EQUAL(csizer_heapmap_create(&map), CSIZER_OK);
  run_all(map, churn);
  CHECK_EQUAL(csizer_heapmap_count(map), THREADS * ((BLOCKS + 2) / 3));
  for (uintptr_t i = 0; i < BLOCKS; i++)
    for (uintptr_t worker = 0; worker < THREADS; worker++)
      CHECK_EQUAL(csizer_heapmap_contains(map, block_of(worker, i)), i % 3 == 0);
  csizer_heapmap_destroy(map);
  CHECK_EQUAL(csizer_pages_held(), 0);
}

// All threads are the first in every GiB: one leaf of each race stays, the others are given back.
static void *race(void *argument) {
  worker *self = argument;
  for (uintptr_t gib = 0; gib < 64; gib++) {
    pthread_barrier_wait(self->start);
    CHECK(csizer_heapmap_insert(self->map, (const void *)((gib << 30) + (self->number + 1) * 16)));
  }
  return NULL;
}

TEST(races_for_a_leaf_lose_nothing) {
  csizer_heapmap *map;
  CHECK_EQUAL(csizer_heapmap_create(&map), CSIZER_OK);
  size_t empty = csizer_pages_held();
  CHECK(csizer_heapmap_insert(map, (const void *)((uintptr_t)100 << 30)));
  size_t leaf = csizer_pages_held() - empty;
  run_all(map, race);
  CHECK_EQUAL(csizer_pages_held() - empty, 65 * leaf);
  for (uintptr_t gib = 0; gib < 64; gib++)
    for (uintptr_t i = 1; i <= THREADS; i++)
      CHECK(csizer_heapmap_contains(map, (const void *)((gib << 30) + i * 16)));
  csizer_heapmap_destroy(map);
  CHECK_EQUAL(csizer_pages_held(), 0);
}
