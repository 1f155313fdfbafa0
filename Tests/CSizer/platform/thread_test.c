// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "csizer_thread.h"
#include "platform/pages.h"
#include "support/check.h"

static uint64_t now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

// ---- Threads ----

typedef struct seen {
  char name[32];
  sigset_t blocked;
  bool is_done;  // atomic
} seen;

static void *look_around(void *argument) {
  seen *seen = argument;
  char path[64];
  snprintf(path, sizeof path, "/proc/self/task/%d/comm", (int)gettid());
  FILE *file = fopen(path, "r");
  CHECK(file && fgets(seen->name, sizeof seen->name, file));
  fclose(file);
  seen->name[strcspn(seen->name, "\n")] = 0;
  pthread_sigmask(SIG_SETMASK, NULL, &seen->blocked);
  __atomic_store_n(&seen->is_done, true, __ATOMIC_RELEASE);
  return NULL;
}

static seen look_in_thread(const char *name) {
  seen seen = {0};
  CHECK_EQUAL(csizer_thread_start(name, look_around, &seen), CSIZER_OK);
  while (!__atomic_load_n(&seen.is_done, __ATOMIC_ACQUIRE)) sched_yield();
  return seen;
}

TEST(a_thread_has_its_name_before_it_runs) {
  CHECK_TEXT(look_in_thread("sizer.test").name, "sizer.test");
  CHECK_TEXT(look_in_thread("123456789012345").name, "123456789012345");
  CHECK_TEXT(look_in_thread("1234567890123456789").name, "123456789012345");
}

// Which of SIGPROF, SIGUSR2 and SIGUSR1 a thread is started with open, when its maker blocks these.
static int open_signal_beside(const int *blocked_here, size_t count) {
  const int candidates[] = {SIGPROF, SIGUSR2, SIGUSR1};
  sigset_t here, before;
  sigemptyset(&here);
  for (size_t i = 0; i < count; i++) sigaddset(&here, blocked_here[i]);
  pthread_sigmask(SIG_SETMASK, &here, &before);
  seen seen = look_in_thread("sizer.test");
  pthread_sigmask(SIG_SETMASK, &before, &here);
  for (size_t i = 0; i < count; i++) CHECK(sigismember(&here, blocked_here[i]));  // the maker's are as they were
  int open = 0;
  for (size_t i = 0; i < sizeof candidates / sizeof *candidates; i++) {
    if (sigismember(&seen.blocked, candidates[i])) continue;
    CHECK_EQUAL(open, 0);
    open = candidates[i];
  }
  return open;
}

TEST(one_signal_stays_open_for_a_crash_to_stop_the_thread) {
  const int all[] = {SIGPROF, SIGUSR2, SIGUSR1};
  for (size_t blocked = 0; blocked <= 3; blocked++)
    CHECK_EQUAL(open_signal_beside(all, blocked), blocked < 3 ? all[blocked] : 0);
}

TEST(a_thread_takes_no_other_signals_and_its_maker_goes_on_taking_them) {
  sigset_t before, behind;
  pthread_sigmask(SIG_SETMASK, NULL, &before);
  seen seen = look_in_thread("sizer.test");
  pthread_sigmask(SIG_SETMASK, NULL, &behind);
  const int signals[] = {SIGINT, SIGTERM, SIGHUP, SIGALRM, SIGUSR1, SIGUSR2, SIGCHLD, SIGPIPE, SIGIO, SIGXFSZ};
  for (size_t i = 0; i < sizeof signals / sizeof *signals; i++) CHECK(sigismember(&seen.blocked, signals[i]) == 1);
  for (int signal = 1; signal < 32; signal++) CHECK_EQUAL(sigismember(&behind, signal), sigismember(&before, signal));
}

// A thread that is over at once must not be touched any more.
static void *count_down(void *argument) {
  __atomic_fetch_sub((int *)argument, 1, __ATOMIC_RELEASE);
  return NULL;
}

TEST(many_short_threads) {
  enum { COUNT = 2000 };
  size_t held = csizer_pages_held();
  int left = COUNT;
  for (int i = 0; i < COUNT; i++) {
    CHECK_EQUAL(csizer_thread_start("short", count_down, &left), CSIZER_OK);
    while (__atomic_load_n(&left, __ATOMIC_ACQUIRE) > COUNT - i) sched_yield();
  }
  while (__atomic_load_n(&left, __ATOMIC_ACQUIRE)) sched_yield();
  CHECK_EQUAL(csizer_pages_held(), held);
}

TEST(a_refused_thread_never_runs) {
  int left = 1;
  size_t held = csizer_pages_held();
  csizer_pages_fail_at = 1;
  CHECK_EQUAL(csizer_thread_start("refused", count_down, &left), CSIZER_NO_MEMORY);
  CHECK_EQUAL(csizer_pages_fail_at, 0);
  CHECK_EQUAL(left, 1);
  CHECK_EQUAL(csizer_pages_held(), held);
}

// ---- Bells ----

static csizer_wakeup *make_wakeup(void) {
  csizer_wakeup *wakeup;
  CHECK_EQUAL(csizer_wakeup_create(&wakeup), CSIZER_OK);
  return wakeup;
}

#define FOR_EVER ((uint64_t)1 << 62)  // nanoseconds: the test's own time limit ends it

TEST(a_ring_before_the_wait_is_not_lost) {
  csizer_wakeup *wakeup = make_wakeup();
  csizer_wakeup_signal(wakeup);
  csizer_wakeup_wait(wakeup, FOR_EVER);
  csizer_wakeup_signal(wakeup);
  csizer_wakeup_signal(wakeup);  // two before one wait are one
  csizer_wakeup_wait(wakeup, FOR_EVER);
  uint64_t start = now();
  csizer_wakeup_wait(wakeup, 20000000);
  CHECK(now() - start >= 20000000);
  csizer_wakeup_destroy(wakeup);
}

TEST(nobody_is_woken_before_the_time) {
  csizer_wakeup *wakeup = make_wakeup();
  const uint64_t limits[] = {0, 1, 999, 1000000, 999999999 / 20, 30000000};
  for (size_t i = 0; i < sizeof limits / sizeof *limits; i++) {
    uint64_t start = now();
    csizer_wakeup_wait(wakeup, limits[i]);
    CHECK(now() - start >= limits[i]);
  }
  csizer_wakeup_destroy(wakeup);
}

typedef struct waiter {
  csizer_wakeup *asks, *answers;
  int rounds;
} waiter;

static void *answer(void *argument) {
  waiter *waiter = argument;
  for (int i = 0; i < waiter->rounds; i++) {
    csizer_wakeup_wait(waiter->asks, FOR_EVER);
    csizer_wakeup_signal(waiter->answers);
  }
  return NULL;
}

TEST(a_ring_ends_the_wait_under_way) {
  waiter waiter = {make_wakeup(), make_wakeup(), 5000};
  pthread_t thread;
  CHECK_EQUAL(pthread_create(&thread, NULL, answer, &waiter), 0);
  for (int i = 0; i < waiter.rounds; i++) {
    if (i % 1000 == 0) nanosleep(&(struct timespec){0, 2000000}, NULL);  // it waits by now
    csizer_wakeup_signal(waiter.asks);
    csizer_wakeup_wait(waiter.answers, FOR_EVER);
  }
  pthread_join(thread, NULL);
  csizer_wakeup_destroy(waiter.asks);
  csizer_wakeup_destroy(waiter.answers);
}

TEST(a_bell_that_is_refused_leaves_nothing) {
  size_t held = csizer_pages_held();
  csizer_wakeup *wakeup = NULL;
  csizer_pages_fail_at = 1;
  CHECK_EQUAL(csizer_wakeup_create(&wakeup), CSIZER_NO_MEMORY);
  CHECK(!wakeup);
  csizer_wakeup_destroy(NULL);
  csizer_wakeup_destroy(make_wakeup());
  CHECK_EQUAL(csizer_pages_held(), held);
}
