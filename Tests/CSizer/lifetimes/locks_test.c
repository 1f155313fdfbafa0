// SPDX-License-Identifier: Apache-2.0
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "csizer_filter.h"
#include "lifetimes/lines.h"
#include "platform/membarrier.h"
#include "support/check.h"
#include "support/made_lifetimes.h"

// Whole lives on many threads where births and deaths take locks: from the start, from some moment on, and for want of
// a thread key.

enum { THREADS = 8, PHASES = 3, ROUNDS = 3000, ALIVE = 16, LOOKS = 8 };

// ---- Lives ----

/// A thread that makes and ends objects. Atomic: births that it has begun and ended, deaths.
typedef struct actor {
  pthread_t thread;
  const swift_class *type;
  uint64_t begun, born, died;
} actor;

static actor actors[THREADS];
static pthread_barrier_t door;

static void count(uint64_t *counter) { __atomic_fetch_add(counter, 1, __ATOMIC_SEQ_CST); }

static void end(actor *self, swift_object *object) {
  if (!object) return;
  made_death(object);
  count(&self->died);
}

// Stands still twice after each phase: before and after it is counted.
static void *live(void *argument) {
  actor *self = argument;
  uint64_t random = (uint64_t)(self - actors);
  swift_object *objects[ALIVE] = {0};
  for (int i = 0; i < PHASES * ROUNDS; i++) {
    swift_object **place = &objects[check_random(&random) % ALIVE];
    end(self, *place);
    count(&self->begun);
    *place = made_birth(self->type);
    count(&self->born);
    for (int stops = 0; stops < 2 && i % ROUNDS == ROUNDS - 1; stops++) pthread_barrier_wait(&door);
  }
  for (int i = 0; i < ALIVE; i++) end(self, objects[i]);
  return NULL;
}

typedef struct sums {
  uint64_t begun, born, died;
} sums;

static sums add_up(void) {
  sums all = {0};
  for (int i = 0; i < THREADS; i++) {
    all.begun += __atomic_load_n(&actors[i].begun, __ATOMIC_SEQ_CST);
    all.born += __atomic_load_n(&actors[i].born, __ATOMIC_SEQ_CST);
    all.died += __atomic_load_n(&actors[i].died, __ATOMIC_SEQ_CST);
  }
  return all;
}

// A thread may stand between its birth and its count, before one or behind the other.
static void look_in_the_midst(csizer_lifetimes *tracker) {
  csizer_lifetimes_hold();
  const uint32_t born = csizer_lifetimes_count(tracker), dead = made_count(tracker, CSIZER_DEAD);
  const sums all = add_up();
  nanosleep(&(struct timespec){0, 100000}, NULL);
  CHECK_EQUAL(csizer_lifetimes_count(tracker), born);
  CHECK_EQUAL(made_count(tracker, CSIZER_DEAD), dead);
  csizer_lifetimes_resume();
  CHECK(all.born <= born && born <= all.begun);
  CHECK(all.died <= dead && dead <= all.died + THREADS);
  nanosleep(&(struct timespec){0, 100000}, NULL);
}

static void look_at_quiet(csizer_lifetimes *tracker) {
  const sums all = add_up();
  CHECK_EQUAL(csizer_lifetimes_count(tracker), all.born);
  CHECK_EQUAL(made_count(tracker, CSIZER_DEAD), all.died);
  CHECK_EQUAL(made_count(tracker, CSIZER_ALIVE), all.born - all.died);
  CHECK_EQUAL(csizer_lifetimes_lost(tracker), 0);
  made_check_lives();
}

// Not at all times: a look is linear in all records.
static void look_until(csizer_lifetimes *tracker, uint64_t born) {
  for (int looks = 0; add_up().born < born; looks++) {
    if (looks < LOOKS) look_in_the_midst(tracker);
    else nanosleep(&(struct timespec){0, 100000}, NULL);
  }
}

// `between` comes in the middle of the second phase.
static void demand_whole_lives(void (*between)(void)) {
  csizer_lifetimes *tracker = made_tracker();
  const swift_class *type = made_life_class(NULL);
  made_track(tracker, type, 1);
  CHECK_EQUAL(pthread_barrier_init(&door, NULL, THREADS + 1), 0);
  for (int i = 0; i < THREADS; i++) {
    actors[i].type = type;
    CHECK_EQUAL(pthread_create(&actors[i].thread, NULL, live, &actors[i]), 0);
  }
  for (uint64_t phase = 0; phase < PHASES; phase++) {
    const uint64_t start = phase * THREADS * ROUNDS, middle = start + THREADS * ROUNDS / 2;
    look_until(tracker, middle);
    if (between && phase == 1) between();
    look_until(tracker, start + THREADS * ROUNDS);
    pthread_barrier_wait(&door);
    look_at_quiet(tracker);
    pthread_barrier_wait(&door);
  }
  for (int i = 0; i < THREADS; i++) pthread_join(actors[i].thread, NULL);
  look_at_quiet(tracker);
  CHECK_EQUAL(made_count(tracker, CSIZER_DEAD), THREADS * ROUNDS * PHASES);
  csizer_lifetimes_destroy(tracker);
}

static void demand_no_lines(void) {
  CHECK(!csizer_line_make());
  CHECK(!line_enter());
}

// ---- In processes of their own ----

static const char refused[] = "the system refuses membarrier(2)";
static const char child_of[] = "CSIZER_LOCKS_TEST";  // set in this program's children: what is the matter there

static bool is_child(const char *matter) {
  const char *found = getenv(child_of);
  return found && strcmp(found, matter) == 0;
}

// A filter stays when the process goes over to a program, this one again: it is there before the engine is.
static void begin_anew(const char *matter, const char *test, int (*prepare)(void)) {
  pid_t child = fork();
  CHECK(child >= 0);
  if (child == 0) {
    setenv(child_of, matter, 1);
    if (prepare) CHECK_EQUAL(prepare(), 0);
    execl("/proc/self/exe", "locks_test", test, NULL);
    _exit(127);
  }
  int status;
  CHECK_EQUAL(waitpid(child, &status, 0), child);
  CHECK_EQUAL(status, 0);
}

TEST(lives_are_whole_where_barriers_are_refused_from_the_start) {
  if (!is_child("filter")) return begin_anew("filter", __func__, csizer_refuse_membarrier);
  alarm(200);
  CHECK_TEXT(csizer_lifetimes_locks_reason(), refused);
  demand_no_lines();
  demand_whole_lives(NULL);
  demand_no_lines();
}

static void refuse_barriers(void) {
  CHECK_TEXT(csizer_lifetimes_locks_reason(), "");
  CHECK_EQUAL(csizer_refuse_membarrier(), 0);
}

TEST(lives_are_whole_where_barriers_are_refused_later) {
  if (!is_child("later")) return begin_anew("later", __func__, NULL);
  alarm(200);
  CHECK(csizer_line_make() != NULL);
  demand_whole_lives(refuse_barriers);
  CHECK_TEXT(csizer_lifetimes_locks_reason(), refused);
  CHECK(!line_enter());
}

// Before the engine's constructors, which come from a library that is linked later.
__attribute__((constructor(101))) static void take_all_keys_without_memory(void) {
  enum { KEYS = 32 };
  pthread_key_t key;
  for (int i = 0; i < KEYS && is_child("keys"); i++)
    if (pthread_key_create(&key, NULL)) return;
}

TEST(lives_are_whole_where_a_threads_end_is_not_told) {
  if (!is_child("keys")) return begin_anew("keys", __func__, NULL);
  alarm(200);
  CHECK(csizer_membarrier_is_there());
  CHECK_TEXT(csizer_lifetimes_locks_reason(),
             "the thread keys that take no memory were taken before Sizer came (pthread_key_create)");
  demand_no_lines();
  demand_whole_lives(NULL);
  demand_no_lines();
}
