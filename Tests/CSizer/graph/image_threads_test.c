// SPDX-License-Identifier: Apache-2.0
// Where a thread's own variables are, which the ABI of each processor says otherwise.
#define _GNU_SOURCE
#include <pthread.h>
#include <semaphore.h>
#include <unistd.h>

#include "graph/image_places.h"
#include "graph/image_threads.h"
#include "support/check.h"

// Several pages, so that some are far from what the C library keeps of a thread.
static _Thread_local struct {
  uintptr_t first;
  char between[40 << 10];
  uintptr_t last;
} own;

static bool is_in(const image_thread *thread, const void *address) {
  const uintptr_t at = (uintptr_t)address;
  return (at >= thread->own_start && at + sizeof(uintptr_t) <= thread->own_end) ||
         (at >= thread->stack_start && at + sizeof(uintptr_t) <= thread->stack_end);
}

static const image_thread *thread_numbered(const csizer_image_places *places, uint64_t id) {
  for (uint32_t i = 0; i < places->thread_count; i++)
    if (places->threads[i].id == id) return &places->threads[i];
  return NULL;
}

/// A thread that tells where its variables are.
typedef struct other {
  const void *first, *last;
  uint64_t id;
  sem_t has_told, may_end;
} other;

static void *tell(void *context) {
  other *other = context;
  other->first = &own.first;
  other->last = &own.last;
  other->id = (uint64_t)gettid();
  sem_post(&other->has_told);
  sem_wait(&other->may_end);
  return NULL;
}

static void demand_both(const csizer_image_places *places, uint64_t id, const void *first, const void *last) {
  const image_thread *thread = thread_numbered(places, id);
  CHECK(thread != NULL);
  CHECK(is_in(thread, first));
  CHECK(is_in(thread, last));
}

TEST(all_variables_of_a_thread_are_its_own) {
  other other;
  pthread_t thread;
  csizer_image_places *places;
  CHECK(!sem_init(&other.has_told, 0, 0) && !sem_init(&other.may_end, 0, 0));
  CHECK(!pthread_create(&thread, NULL, tell, &other));
  CHECK(!sem_wait(&other.has_told));
  CHECK_EQUAL(csizer_image_places_create(&places), CSIZER_OK);
  demand_both(places, (uint64_t)getpid(), &own.first, &own.last);
  demand_both(places, other.id, other.first, other.last);
  csizer_image_places_destroy(places);
  sem_post(&other.may_end);
  pthread_join(thread, NULL);
}
