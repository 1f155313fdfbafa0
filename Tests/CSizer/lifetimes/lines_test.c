// SPDX-License-Identifier: Apache-2.0
#include "lifetimes/lines.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "csizer_filter.h"
#include "lifetimes/deaths.h"
#include "lifetimes/numbers.h"
#include "lifetimes/shards.h"
#include "platform/membarrier.h"
#include "support/check.h"
#include "support/made_lifetimes.h"

enum { THREADS = 8, ROUNDS = 200000, HOLDS = 300 };

// ---- Who is inside ----

static size_t counters[THREADS];  // each its thread's, but for who holds
static bool is_over;              // atomic

static void *count_inside(void *argument) {
  size_t *counter = argument;
  CHECK(csizer_line_make() != NULL);
  for (int i = 0; i < ROUNDS; i++) {
    csizer_line *line = line_enter();
    if (line) {
      (*counter)++;  // plainly: a holder that did not wait would lose it, or be seen by a sanitizer
      line_leave(line);
    } else {
      csizer_shard_lock(3);
      (*counter)++;
      csizer_shard_unlock(3);
    }
  }
  return NULL;
}

TEST(who_holds_all_meets_nobody_inside) {
  CHECK(csizer_membarrier_is_there());
  pthread_t threads[THREADS];
  size_t added = 0;
  for (size_t i = 0; i < THREADS; i++) counters[i] = 0;
  for (size_t i = 0; i < THREADS; i++)
    CHECK_EQUAL(pthread_create(&threads[i], NULL, count_inside, &counters[i]), 0);
  for (; added < HOLDS; added++) {
    csizer_shards_hold();
    for (size_t i = 0; i < THREADS; i++) counters[i]++;
    CHECK(!line_enter());  // the holder goes the way of the shards, which are its own
    csizer_shards_release();
  }
  for (size_t i = 0; i < THREADS; i++) pthread_join(threads[i], NULL);
  for (size_t i = 0; i < THREADS; i++) CHECK_EQUAL(counters[i], ROUNDS + added);
}

TEST(a_line_is_entered_once) {
  csizer_line *line = csizer_line_make();
  CHECK(line != NULL && csizer_line_make() == line);
  CHECK(line_enter() == line && line_is_busy());
  CHECK(!line_enter());
  csizer_shards_hold();  // as a signal handler's snapshot: it does not wait for its own thread
  csizer_shards_release();
  line_leave(line);
  CHECK(line_enter() == line);
  line_leave(line);
}

// ---- Threads ----

static void count_taken(void *context, csizer_line *line) { *(size_t *)context += !line->is_free; }

static size_t taken_lines(void) {
  size_t count = 0;
  csizer_shards_hold();
  csizer_lines_each(count_taken, &count);
  csizer_shards_release();
  return count;
}

static pthread_key_t late;

// Runs after the line's own destructor, or before: keys are in no order.
static void make_late_objects(void *tracked) {
  for (int i = 0; i < 3; i++) made_death(made_birth(tracked));
}

static void *live_for_a_moment(void *tracked) {
  made_death(made_birth(tracked));
  CHECK_EQUAL(pthread_setspecific(late, tracked), 0);
  return NULL;
}

TEST(lines_are_used_again_when_their_threads_ended) {
  csizer_lifetimes *tracker = made_tracker();
  const swift_class *type = made_life_class(NULL);
  made_track(tracker, type, 1);
  made_death(made_birth(type));
  CHECK_EQUAL(pthread_key_create(&late, make_late_objects), 0);
  const size_t before = taken_lines();
  for (int i = 0; i < 200; i++) {
    pthread_t thread;
    CHECK_EQUAL(pthread_create(&thread, NULL, live_for_a_moment, (void *)(uintptr_t)type), 0);
    pthread_join(thread, NULL);
  }
  CHECK_EQUAL(taken_lines(), before);
  CHECK_EQUAL(made_count(tracker, CSIZER_DEAD), 1 + 200 * 4);
  CHECK_EQUAL(csizer_lifetimes_lost(tracker), 0);
  pthread_key_delete(late);
  csizer_lifetimes_destroy(tracker);
}

// ---- Signals ----

static csizer_lifetimes *signalled;
static swift_object *interrupted;

// A birth and a death inside of another one: the one can't be recorded and is told, the other is.
static void live_in_a_handler(int number) {
  (void)number;
  swift_object *object = made_birth((const swift_class *)(const void *)interrupted->metadata);
  made_death(object);
  made_death(interrupted);
}

TEST(a_signal_inside_of_a_line_loses_no_death) {
  signalled = made_tracker();
  const swift_class *type = made_life_class(NULL);
  made_track(signalled, type, 1);
  interrupted = made_birth(type);
  signal(SIGUSR1, live_in_a_handler);
  csizer_line *line = line_enter();
  CHECK(line != NULL);
  raise(SIGUSR1);
  line_leave(line);
  CHECK_EQUAL(made_count(signalled, CSIZER_DEAD), 1);
  CHECK_EQUAL(csizer_lifetimes_count(signalled), 1);
  CHECK_EQUAL(csizer_lifetimes_lost(signalled), 1);
  csizer_lifetimes_destroy(signalled);
}

// The end of an object that two trackers track, which is in the index: its deinit, and its memory.
static void end_in_a_handler(int number) {
  (void)number;
  csizer_lifetimes_ended(interrupted);
  csizer_lifetimes_ended(interrupted);
}

static csizer_lifetimes *watchers[2];

static void *look_while_all_is_held(void *argument) {
  csizer_shards_hold();
  for (int i = 0; i < 2; i++) CHECK(!csizer_living_find((uintptr_t)interrupted, watchers[i]->number));
  csizer_shards_release();
  return argument;
}

// Who holds waits for the line that the handler's thread is inside of: the handler must not wait for the holder.
TEST(a_death_in_a_handler_waits_for_no_holder) {
  const swift_class *type = made_life_class(NULL);
  for (int i = 0; i < 2; i++) made_track(watchers[i] = made_tracker(), type, 1);
  interrupted = made_birth(type);
  signal(SIGUSR1, end_in_a_handler);
  alarm(60);
  csizer_line *line = line_enter();
  pthread_t holder;
  CHECK_EQUAL(pthread_create(&holder, NULL, look_while_all_is_held, NULL), 0);
  while (__atomic_load_n(&csizer_lines_held, __ATOMIC_RELAXED) != LINES_OUT) sched_yield();
  raise(SIGUSR1);
  line_leave(line);
  pthread_join(holder, NULL);
  alarm(0);
  for (int i = 0; i < 2; i++) {
    CHECK_EQUAL(made_count(watchers[i], CSIZER_DEAD), 1);
    CHECK_EQUAL(csizer_lifetimes_lost(watchers[i]), 0);
  }
  // And where the memory is used again before anybody holds.
  csizer_lifetimes_born(interrupted, type, NULL);
  line = line_enter();
  raise(SIGUSR1);
  line_leave(line);
  csizer_lifetimes_born(interrupted, type, NULL);
  for (int i = 0; i < 2; i++) {
    CHECK_EQUAL(made_count(watchers[i], CSIZER_DEAD), 2);
    CHECK_EQUAL(made_count(watchers[i], CSIZER_ALIVE), 1);
  }
  made_check_lives();
  made_death(interrupted);
  for (int i = 0; i < 2; i++) csizer_lifetimes_destroy(watchers[i]);
}

static int is_in_handler;

static void end_and_tell(int number) {
  __atomic_store_n(&is_in_handler, 1, __ATOMIC_RELEASE);
  end_in_a_handler(number);
}

// Lets go when the handler waits, and holds again at once.
static void *hold_twice(void *argument) {
  csizer_shards_hold();
  while (!__atomic_load_n(&is_in_handler, __ATOMIC_ACQUIRE)) sched_yield();
  usleep(2000);
  csizer_shards_release();
  csizer_shards_hold();
  CHECK(!csizer_living_find((uintptr_t)interrupted, watchers[0]->number));
  csizer_shards_release();
  return argument;
}

// The thread has said that it is going in, and has not looked yet whether it may.
TEST(a_death_in_a_handler_at_the_door_waits_for_no_second_holder) {
  const swift_class *type = made_life_class(NULL);
  signal(SIGUSR1, end_and_tell);
  alarm(60);
  for (int trackers = 1; trackers <= 2; trackers++) {
    for (int i = 0; i < trackers; i++) made_track(watchers[i] = made_tracker(), type, 1);
    interrupted = made_birth(type);
    is_in_handler = 0;
    pthread_t holder;
    CHECK_EQUAL(pthread_create(&holder, NULL, hold_twice, NULL), 0);
    while (lines_state() != LINES_HELD) sched_yield();
    csizer_line *line = line_occupy();
    CHECK(line != NULL);
    raise(SIGUSR1);
    line_leave(line);
    pthread_join(holder, NULL);
    for (int i = 0; i < trackers; i++) {
      CHECK_EQUAL(made_count(watchers[i], CSIZER_DEAD), 1);
      csizer_lifetimes_destroy(watchers[i]);
    }
  }
  alarm(0);
}

// More than there is room to note: all are recorded, and each once.
TEST(deaths_in_handlers_are_each_recorded) {
  enum { MANY = 1000 };
  static swift_object *objects[MANY];
  const swift_class *type = made_life_class(NULL);
  for (int i = 0; i < 2; i++) made_track(watchers[i] = made_tracker(), type, 1);
  for (int i = 0; i < MANY; i++) objects[i] = made_birth(type);
  signal(SIGUSR1, end_in_a_handler);
  csizer_line *line = line_enter();
  for (int i = 0; i < MANY; i++) {
    interrupted = objects[i];
    raise(SIGUSR1);
  }
  line_leave(line);
  for (int i = 0; i < 2; i++) CHECK_EQUAL(made_count(watchers[i], CSIZER_DEAD), MANY);
  made_check_lives();
  for (int i = 0; i < MANY; i++) free(objects[i]);
  for (int i = 0; i < 2; i++) csizer_lifetimes_destroy(watchers[i]);
}

// ---- Forks ----

static void *enter_all_the_time(void *argument) {
  csizer_line_make();
  while (!__atomic_load_n(&is_over, __ATOMIC_RELAXED)) {
    csizer_line *line = line_enter();
    if (line) line_leave(line);
  }
  return argument;
}

TEST(a_child_waits_for_no_thread_of_its_parents) {
  pthread_t threads[THREADS];
  is_over = false;
  for (int i = 0; i < THREADS; i++) CHECK_EQUAL(pthread_create(&threads[i], NULL, enter_all_the_time, NULL), 0);
  for (int i = 0; i < 30; i++) {
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
      alarm(60);
      csizer_shards_hold();
      csizer_shards_release();
      csizer_line *line = csizer_line_make();
      _exit(!line || line_enter() != line);
    }
    int status;
    CHECK_EQUAL(waitpid(child, &status, 0), child);
    CHECK_EQUAL(status, 0);
  }
  __atomic_store_n(&is_over, true, __ATOMIC_RELAXED);
  for (int i = 0; i < THREADS; i++) pthread_join(threads[i], NULL);
}

// ---- A filter that comes late ----

static size_t rounds[THREADS];

static void *count_until_the_end(void *argument) {
  const size_t index = (size_t)(uintptr_t)argument;
  csizer_line_make();
  while (!__atomic_load_n(&is_over, __ATOMIC_RELAXED)) {
    csizer_line *line = line_enter();
    if (!line) csizer_shard_lock(3);
    counters[index]++;
    if (line) line_leave(line);
    else csizer_shard_unlock(3);
    rounds[index]++;
  }
  return NULL;
}

static void hold_and_count(size_t *added) {
  csizer_shards_hold();
  for (size_t i = 0; i < THREADS; i++) counters[i]++;
  csizer_shards_release();
  (*added)++;
}

static bool have_all_begun(void) {
  bool have = true;
  csizer_shards_hold();
  for (size_t i = 0; i < THREADS; i++) have &= counters[i] != 0;
  csizer_shards_release();
  return have;
}

static void count_while_barriers_are_refused(void) {
  pthread_t threads[THREADS];
  size_t added = 0;
  is_over = false;
  for (size_t i = 0; i < THREADS; i++) {
    counters[i] = rounds[i] = 0;
    CHECK_EQUAL(pthread_create(&threads[i], NULL, count_until_the_end, (void *)(uintptr_t)i), 0);
  }
  while (!have_all_begun()) sched_yield();
  CHECK(csizer_membarrier_is_there());
  CHECK_EQUAL(csizer_refuse_membarrier(), 0);
  while (added < HOLDS) hold_and_count(&added);
  CHECK(!csizer_membarrier_is_there());
  __atomic_store_n(&is_over, true, __ATOMIC_RELAXED);
  for (size_t i = 0; i < THREADS; i++) pthread_join(threads[i], NULL);
  for (size_t i = 0; i < THREADS; i++) CHECK_EQUAL(counters[i], rounds[i] + added);
  csizer_line_make();
  CHECK(!line_enter());
}

// In a child, for a filter stays.
TEST(without_barriers_locks_are_taken) {
  pid_t child = fork();
  CHECK(child >= 0);
  if (child == 0) {
    alarm(200);
    count_while_barriers_are_refused();
    _exit(0);
  }
  int status;
  CHECK_EQUAL(waitpid(child, &status, 0), child);
  CHECK_EQUAL(status, 0);
}
