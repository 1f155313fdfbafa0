// SPDX-License-Identifier: Apache-2.0
#include <pthread.h>
#include <time.h>

#include "platform/clock.h"
#include "support/check.h"

static uint64_t system_nanoseconds(void) {
  struct timespec now;
  CHECK_EQUAL(clock_gettime(CLOCK_MONOTONIC, &now), 0);
  return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static void sleep_milliseconds(long milliseconds) {
  const struct timespec time = {0, milliseconds * 1000000};
  nanosleep(&time, NULL);
}

TEST(ticks_never_go_back) {
  csizer_clock_start();
  uint64_t last = csizer_clock_ticks(), first = last;
  for (int i = 0; i < 1000000; i++) {
    uint64_t now = csizer_clock_ticks();
    CHECK(now >= last);
    last = now;
  }
  CHECK(last > first);
  CHECK(csizer_clock_nanoseconds(first, last) > 0);
}

// The system's clock is read on both sides of ours, so what happens in between makes the bounds wider, not wrong.
TEST(time_passes_as_for_the_system) {
  csizer_clock_start();
  uint64_t before = system_nanoseconds(), first = csizer_clock_ticks(), behind = system_nanoseconds();
  sleep_milliseconds(50);
  uint64_t later_before = system_nanoseconds(), last = csizer_clock_ticks(), later_behind = system_nanoseconds();
  int64_t shortest = (int64_t)(later_before - behind), longest = (int64_t)(later_behind - before);
  int64_t told = csizer_clock_nanoseconds(first, last);
  CHECK(told >= shortest - shortest / 100);
  CHECK(told <= longest + longest / 100);
}

TEST(a_later_tick_is_never_earlier_in_nanoseconds) {
  csizer_clock_start();
  uint64_t random = 3, base = csizer_clock_ticks();
  for (int i = 0; i < 100000; i++) {
    uint64_t near = check_random(&random) % ((uint64_t)1 << (i % 61)), far = near + check_random(&random) % 1000;
    CHECK(csizer_clock_nanoseconds(base, base + far) >= csizer_clock_nanoseconds(base, base + near));
  }
}

TEST(equal_pairs_are_answered_equally) {
  csizer_clock_start();
  uint64_t first = csizer_clock_ticks(), last = first + 123456789012345u;
  int64_t told = csizer_clock_nanoseconds(first, last);
  sleep_milliseconds(20);
  csizer_clock_start();
  CHECK_EQUAL(csizer_clock_nanoseconds(first, last), told);
  // Only the distance counts, so that two histories of one process agree.
  CHECK_EQUAL(csizer_clock_nanoseconds(first + 1000, last + 1000), told);
}

TEST(what_was_before_is_negative) {
  csizer_clock_start();
  uint64_t random = 5;
  for (int i = 0; i < 1000; i++) {
    uint64_t first = check_random(&random) >> 4, last = first + (check_random(&random) >> 8);
    int64_t forth = csizer_clock_nanoseconds(first, last);
    CHECK(forth >= 0);
    CHECK_EQUAL(csizer_clock_nanoseconds(last, first), -forth);
  }
  CHECK_EQUAL(csizer_clock_nanoseconds(77, 77), 0);
}

// A record's highest bits say how an object ended (lifetimes_internal.h).
TEST(ticks_leave_the_highest_bits_free) {
  csizer_clock_start();
  CHECK_EQUAL(csizer_clock_ticks() >> 62, 0);
}

static void *read_ticks(void *argument) {
  uint64_t *ticks = argument;
  csizer_clock_start();
  *ticks = csizer_clock_ticks();
  return NULL;
}

TEST(threads_share_the_clock) {
  csizer_clock_start();
  for (int i = 0; i < 200; i++) {
    pthread_t thread;
    uint64_t inner, before = csizer_clock_ticks();
    CHECK_EQUAL(pthread_create(&thread, NULL, read_ticks, &inner), 0);
    pthread_join(thread, NULL);
    CHECK(inner >= before);
    CHECK(csizer_clock_ticks() >= inner);
  }
}
