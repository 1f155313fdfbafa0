// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "lifetimes/shards.h"
#include "support/check.h"

enum { THREADS = 8, ROUNDS = 30000 };

// One plain counter to a shard and one for all of them: an update that gets lost shows.
static size_t counters[SHARD_COUNT], total;

static void *count_up(void *argument) {
  uint64_t random = (uintptr_t)argument;
  for (int i = 0; i < ROUNDS; i++) {
    unsigned shard = check_random(&random) % SHARD_COUNT;
    if (i % 100 == 0) {
      csizer_shards_hold();
      total++;
      for (unsigned j = 0; j < SHARD_COUNT; j++) counters[j]++;
      csizer_shards_release();
    }
    csizer_shard_lock(shard);
    counters[shard]++;
    csizer_shard_unlock(shard);
  }
  return NULL;
}

TEST(one_thread_at_a_time) {
  pthread_t threads[THREADS];
  total = 0;
  for (int i = 0; i < SHARD_COUNT; i++) counters[i] = 0;
  for (uintptr_t i = 0; i < THREADS; i++) CHECK_EQUAL(pthread_create(&threads[i], NULL, count_up, (void *)i), 0);
  for (int i = 0; i < THREADS; i++) pthread_join(threads[i], NULL);
  size_t sum = 0;
  for (int i = 0; i < SHARD_COUNT; i++) sum += counters[i];
  CHECK_EQUAL(total, THREADS * ROUNDS / 100);
  CHECK_EQUAL(sum, THREADS * ROUNDS + total * SHARD_COUNT);
}

static bool is_stopped;  // holding all shards
static bool is_over;     // atomic
static size_t entered;   // atomic

static void *enter_and_leave(void *argument) {
  uint64_t random = (uintptr_t)argument;
  while (!__atomic_load_n(&is_over, __ATOMIC_RELAXED)) {
    unsigned shard = check_random(&random) % SHARD_COUNT;
    csizer_shard_lock(shard);
    CHECK(!is_stopped);
    csizer_shard_unlock(shard);
    __atomic_fetch_add(&entered, 1, __ATOMIC_RELAXED);
  }
  return NULL;
}

TEST(holding_all_shuts_everybody_out) {
  pthread_t threads[THREADS];
  is_over = is_stopped = false;
  for (uintptr_t i = 0; i < THREADS; i++) CHECK_EQUAL(pthread_create(&threads[i], NULL, enter_and_leave, (void *)i), 0);
  for (int i = 0; i < 20; i++) {
    size_t before = __atomic_load_n(&entered, __ATOMIC_RELAXED);
    while (__atomic_load_n(&entered, __ATOMIC_RELAXED) == before) sched_yield();
    csizer_shards_hold();
    csizer_shards_hold();
    is_stopped = true;
    nanosleep(&(struct timespec){0, 1000000}, NULL);
    csizer_shards_release();  // nested: still held
    nanosleep(&(struct timespec){0, 1000000}, NULL);
    is_stopped = false;
    csizer_shards_release();
  }
  __atomic_store_n(&is_over, true, __ATOMIC_RELAXED);
  for (int i = 0; i < THREADS; i++) pthread_join(threads[i], NULL);
}

static int turns;  // atomic

static void *take_turns(void *argument) {
  while (!__atomic_load_n(&is_over, __ATOMIC_RELAXED)) {
    csizer_shard_lock(5);
    __atomic_fetch_add(&turns, 1, __ATOMIC_RELAXED);
    csizer_shard_unlock(5);
  }
  return argument;
}

static void be_busy(int64_t microseconds) {
  struct timespec start, now;
  clock_gettime(CLOCK_MONOTONIC, &start);
  do clock_gettime(CLOCK_MONOTONIC, &now);
  while ((now.tv_sec - start.tv_sec) * 1000000 + (now.tv_nsec - start.tv_nsec) / 1000 < microseconds);
}

// Births sleep while all is held; who holds it again at once would find them asleep for ever.
TEST(who_holds_all_again_and_again_lets_others_in_between) {
  enum { HOLDS = 3000 };
  pthread_t thread;
  turns = 0;
  is_over = false;
  CHECK_EQUAL(pthread_create(&thread, NULL, take_turns, NULL), 0);
  int starved = 0, longest = 0;
  for (int i = 0, before = 0; i < HOLDS; i++) {
    csizer_shards_hold();
    int now = __atomic_load_n(&turns, __ATOMIC_RELAXED);
    starved = now == before ? starved + 1 : 0;
    if (longest < starved) longest = starved;
    before = now;
    be_busy(200);
    csizer_shards_release();
  }
  __atomic_store_n(&is_over, true, __ATOMIC_RELAXED);
  pthread_join(thread, NULL);
  CHECK(longest < HOLDS / 10);
}

static void *tell_whether_held(void *argument) {
  *(bool *)argument = csizer_shards_held();
  return NULL;
}

TEST(holding_is_the_threads_own_and_nests) {
  CHECK(!csizer_shards_held());
  for (int i = 0; i < 3; i++) csizer_shards_hold();
  bool other = true;
  pthread_t thread;
  CHECK_EQUAL(pthread_create(&thread, NULL, tell_whether_held, &other), 0);
  pthread_join(thread, NULL);
  CHECK(!other);
  // Who holds all needs no single one, and gives none away.
  csizer_shard_lock(3);
  csizer_shard_unlock(3);
  for (int i = 0; i < 3; i++) {
    CHECK(csizer_shards_held());
    csizer_shards_release();
  }
  CHECK(!csizer_shards_held());
}

static void *wait_for_a_shard(void *argument) {
  (void)argument;
  errno = 77;
  csizer_shard_lock(1);
  bool is_kept = errno == 77;
  csizer_shard_unlock(1);
  return (void *)(uintptr_t)is_kept;
}

static void ignore(int signal) { (void)signal; }

// A program reads errno after a call of its own; that an object died in between must not show.
TEST(waiting_leaves_errno_alone) {
  struct sigaction before, action = {.sa_handler = ignore};
  CHECK_EQUAL(sigaction(SIGUSR1, &action, &before), 0);
  csizer_shards_hold();
  pthread_t thread;
  CHECK_EQUAL(pthread_create(&thread, NULL, wait_for_a_shard, NULL), 0);
  for (int i = 0; i < 50; i++) {
    nanosleep(&(struct timespec){0, 1000000}, NULL);
    pthread_kill(thread, SIGUSR1);  // sleeps end with EINTR
  }
  csizer_shards_release();
  void *is_kept;
  pthread_join(thread, &is_kept);
  CHECK(is_kept != NULL);
  sigaction(SIGUSR1, &before, NULL);
}

// Were it cancelled while it waits, it would keep the shards that it has for ever.
TEST(a_thread_that_waits_for_all_is_not_cancelled_meanwhile) {
  csizer_shard_lock(SHARD_COUNT - 1);
  pthread_t thread;
  is_over = false;
  CHECK_EQUAL(pthread_create(&thread, NULL, count_up, NULL), 0);
  nanosleep(&(struct timespec){0, 20000000}, NULL);
  pthread_cancel(thread);
  nanosleep(&(struct timespec){0, 5000000}, NULL);
  csizer_shard_unlock(SHARD_COUNT - 1);
  void *result;
  pthread_join(thread, &result);
  csizer_shards_hold();  // comes back
  csizer_shards_release();
}

static unsigned held_shard;
static bool is_taken, may_give;  // atomic

static void *take_one(void *argument) {
  (void)argument;
  csizer_shard_lock(held_shard);
  __atomic_store_n(&is_taken, true, __ATOMIC_RELEASE);
  while (!__atomic_load_n(&may_give, __ATOMIC_ACQUIRE)) sched_yield();
  csizer_shard_unlock(held_shard);
  return NULL;
}

static void *give_soon(void *argument) {
  (void)argument;
  nanosleep(&(struct timespec){0, 3000000}, NULL);
  __atomic_store_n(&may_give, true, __ATOMIC_RELEASE);
  return NULL;
}

static void check_child(pid_t child) {
  CHECK(child > 0);
  int status;
  CHECK_EQUAL(waitpid(child, &status, 0), child);
  CHECK(WIFEXITED(status));
  CHECK_EQUAL(WEXITSTATUS(status), 0);
}

// In a child there is nobody to give back what another thread held: fork waits until nobody holds anything.
TEST(a_child_can_hold_all_though_another_thread_held_one) {
  for (held_shard = 0; held_shard < SHARD_COUNT; held_shard += 7) {
    pthread_t taker, giver;
    is_taken = may_give = false;
    CHECK_EQUAL(pthread_create(&taker, NULL, take_one, NULL), 0);
    while (!__atomic_load_n(&is_taken, __ATOMIC_ACQUIRE)) sched_yield();
    CHECK_EQUAL(pthread_create(&giver, NULL, give_soon, NULL), 0);
    pid_t child = fork();
    if (child == 0) {
      alarm(120);
      csizer_shards_hold();
      csizer_shards_release();
      _exit(csizer_shards_held());
    }
    check_child(child);
    csizer_shards_hold();
    csizer_shards_release();
    pthread_join(taker, NULL);
    pthread_join(giver, NULL);
  }
}

// As a snapshot in a child does it.
TEST(who_holds_at_a_fork_holds_on_both_sides) {
  csizer_shards_hold();
  pid_t child = fork();
  if (child == 0) {
    alarm(120);
    bool is_held = csizer_shards_held();
    csizer_shards_release();
    csizer_shards_hold();
    csizer_shards_release();
    _exit(!is_held || csizer_shards_held());
  }
  CHECK(csizer_shards_held());
  csizer_shards_release();
  CHECK(!csizer_shards_held());
  check_child(child);
}
