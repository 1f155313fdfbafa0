// SPDX-License-Identifier: Apache-2.0
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "platform/pages.h"
#include "support/check.h"
#include "traces/trace_internal.h"

// Stacks are kept for the life of the process: each test has addresses of its own.

enum { THREADS = 8 };

static uint32_t intern(uintptr_t test, uint64_t number, uint32_t count) {
  uintptr_t frames[CSIZER_TRACE_DEEPEST];
  for (uint32_t i = 0; i < count; i++) frames[i] = (test << 56) + number * 1000 + i;
  return csizer_trace_intern(frames, count);
}

static void check_frames(uint32_t trace, uintptr_t test, uint64_t number, uint32_t count) {
  const uintptr_t *frames;
  CHECK_EQUAL(csizer_trace_frames(trace, &frames), count);
  for (uint32_t i = 0; i < count; i++) CHECK_EQUAL(frames[i], (test << 56) + number * 1000 + i);
}

// Runs first in a process of its own: before that nothing is kept.
TEST(nothing_is_kept_at_first) {
  const uintptr_t *frames;
  CHECK_EQUAL(csizer_trace_frames(0, &frames), 0);
  CHECK_EQUAL(csizer_trace_frames(UINT32_MAX, &frames), 0);
  CHECK_EQUAL(csizer_trace_frames(1u << 26, &frames), 0);
}

TEST(equal_stacks_are_kept_once) {
  enum { STACKS = 30000 };
  static uint32_t traces[STACKS];
  for (uint64_t i = 0; i < STACKS; i++) CHECK((traces[i] = intern(1, i, 1 + i % 40)) != 0);
  size_t bytes = csizer_trace_bytes();
  CHECK(bytes >= STACKS * 20 * sizeof(uintptr_t));
  for (uint64_t i = 0; i < STACKS; i++) CHECK_EQUAL(intern(1, i, 1 + i % 40), traces[i]);
  CHECK_EQUAL(csizer_trace_bytes(), bytes);
  // Numbers are given out in order, so all are different.
  for (uint64_t i = 1; i < STACKS; i++) CHECK_EQUAL(traces[i], traces[0] + i);
  for (uint64_t i = 0; i < STACKS; i++) check_frames(traces[i], 1, i, 1 + i % 40);
}

TEST(stacks_that_begin_alike_are_different) {
  uint32_t traces[CSIZER_TRACE_DEEPEST];
  for (uint32_t count = 1; count <= CSIZER_TRACE_DEEPEST; count++) traces[count - 1] = intern(2, 0, count);
  for (uint32_t count = 1; count <= CSIZER_TRACE_DEEPEST; count++) {
    check_frames(traces[count - 1], 2, 0, count);
    for (uint32_t other = 1; other < count; other++) CHECK(traces[count - 1] != traces[other - 1]);
  }
  uintptr_t frames[] = {(uintptr_t)2 << 56, 5, 6, 7}, swapped[] = {5, (uintptr_t)2 << 56, 7, 6};
  CHECK(csizer_trace_intern(frames, 4) != csizer_trace_intern(swapped, 4));
}

TEST(a_refused_stack_is_no_stack) {
  size_t refusals = 0;
  for (uint64_t i = 0; i < 5000; i++) {
    csizer_pages_fail_at = 1;
    uint32_t trace = intern(3, i, 30);
    bool refused = csizer_pages_fail_at == 0;
    csizer_pages_fail_at = 0;
    CHECK_EQUAL(trace == 0, refused);
    refusals += refused;
    trace = intern(3, i, 30);
    check_frames(trace, 3, i, 30);
  }
  CHECK(refusals > 10);
}

// ---- Threads ----

enum { SHARED = 20000, OWN = 5000 };

typedef struct worker {
  pthread_t thread;
  pthread_barrier_t *start;
  uint64_t number;
  uint32_t shared[SHARED], own[OWN];
} worker;

static void *intern_all(void *argument) {
  worker *self = argument;
  pthread_barrier_wait(self->start);
  for (uint64_t i = 0; i < SHARED; i++) {
    self->shared[i] = intern(4, i, 1 + i % 20);
    check_frames(self->shared[i], 4, i, 1 + i % 20);  // whoever kept it
    if (i % 4 == 0) self->own[i / 4] = intern(5 + self->number, i, 12);
  }
  return NULL;
}

TEST(threads_agree_on_numbers) {
  static worker workers[THREADS];
  pthread_barrier_t start;
  pthread_barrier_init(&start, NULL, THREADS);
  for (uint64_t i = 0; i < THREADS; i++) {
    workers[i].start = &start;
    workers[i].number = i;
    CHECK_EQUAL(pthread_create(&workers[i].thread, NULL, intern_all, &workers[i]), 0);
  }
  for (int i = 0; i < THREADS; i++) pthread_join(workers[i].thread, NULL);
  pthread_barrier_destroy(&start);
  for (uint64_t i = 0; i < THREADS; i++) {
    CHECK_EQUAL(memcmp(workers[i].shared, workers[0].shared, sizeof workers[0].shared), 0);
    for (uint64_t j = 0; j < OWN; j++) check_frames(workers[i].own[j], 5 + i, j * 4, 12);
  }
}

static bool is_over;  // atomic

static void *intern_new(void *argument) {
  for (uint64_t i = 0; !__atomic_load_n(&is_over, __ATOMIC_RELAXED); i++) {
    if (i < 200000) CHECK(intern(20 + (uintptr_t)argument, i, 5) != 0);
    else sched_yield();
  }
  return NULL;
}

TEST(a_child_can_keep_stacks) {
  pthread_t threads[THREADS];
  is_over = false;
  for (uintptr_t i = 0; i < THREADS; i++) CHECK_EQUAL(pthread_create(&threads[i], NULL, intern_new, (void *)i), 0);
  for (uint64_t i = 0; i < 50; i++) {
    pid_t child = fork();
    if (child == 0) {
      alarm(120);
      check_frames(intern(40, i, 9), 40, i, 9);
      _exit(0);
    }
    int status;
    CHECK(child > 0 && waitpid(child, &status, 0) == child);
    CHECK_EQUAL(status, 0);
  }
  __atomic_store_n(&is_over, true, __ATOMIC_RELAXED);
  for (int i = 0; i < THREADS; i++) pthread_join(threads[i], NULL);
}

// ---- Captures ----

// Nothing is inlined and no call is the last thing a function does, so that every call has its frame.
#define FRAME __attribute__((noinline))
#define KEEP_FRAME() __asm__ volatile("" ::: "memory")

typedef struct capture {
  uint32_t depth, trace;
  const void *return_address;
} capture;

// The place of an allocation function: it captures from its caller on.
static FRAME void allocate(capture *capture) {
  capture->return_address = __builtin_extract_return_addr(__builtin_return_address(0));
  capture->trace = csizer_trace_capture(capture->depth, capture->return_address);
  KEEP_FRAME();
}

static FRAME void recurse(capture *capture, int levels) {
  if (levels) recurse(capture, levels - 1);
  else allocate(capture);
  KEEP_FRAME();
}

static capture captured(uint32_t depth, int levels) {
  capture capture = {.depth = depth};
  recurse(&capture, levels);
  KEEP_FRAME();
  return capture;
}

TEST(stacks_can_be_captured) {
  CHECK(csizer_trace_is_available());
  CHECK_TEXT(csizer_trace_reason(), "");
}

TEST(a_capture_begins_at_the_caller) {
  const capture capture = captured(100, 0);
  const uintptr_t *frames;
  size_t count = csizer_trace_frames(capture.trace, &frames);
  CHECK(count >= 3);  // recurse, captured, this test, main
  CHECK_EQUAL(frames[0], (uintptr_t)capture.return_address);
}

TEST(a_capture_is_as_deep_as_wished) {
  const uintptr_t *frames, *deepest;
  CHECK_EQUAL(captured(0, 300).trace, 0);
  const struct {
    uint32_t wished, got;
  } depths[] = {{1, 1}, {2, 2}, {7, 7}, {255, 255}, {256, 256}, {257, 256}, {100000, 256}, {UINT32_MAX, 256}};
  size_t all = csizer_trace_frames(captured(CSIZER_TRACE_DEEPEST, 300).trace, &deepest);
  CHECK_EQUAL(all, CSIZER_TRACE_DEEPEST);
  for (size_t i = 0; i < sizeof depths / sizeof *depths; i++) {
    uint32_t trace = captured(depths[i].wished, 300).trace;
    CHECK_EQUAL(csizer_trace_frames(trace, &frames), depths[i].got);
    // The innermost calls are those that are kept.
    CHECK_EQUAL(memcmp(frames, deepest, depths[i].got * sizeof *frames), 0);
  }
}

TEST(one_place_is_one_stack) {
  uint32_t traces[100], first;
  for (volatile int i = 0; i < 100; i++) traces[i] = captured(50, 3).trace;  // volatile: one call, not several unrolled
  first = traces[0];
  CHECK(first != 0);
  for (int i = 1; i < 100; i++) CHECK_EQUAL(traces[i], first);
  // A level more of recursion is a call more.
  const uintptr_t *frames;
  size_t count = csizer_trace_frames(first, &frames);
  uint32_t deeper = captured(50, 4).trace;
  CHECK(deeper != first);
  CHECK_EQUAL(csizer_trace_frames(deeper, &frames), count + 1);
}

// A thread's stack ends where the thread began.
static void *capture_in_thread(void *argument) {
  *(capture *)argument = captured(CSIZER_TRACE_DEEPEST, 5);
  return NULL;
}

TEST(threads_capture_their_own_stacks) {
  uint32_t first = 0;
  for (int i = 0; i < 20; i++) {
    pthread_t thread;
    capture capture;
    CHECK_EQUAL(pthread_create(&thread, NULL, capture_in_thread, &capture), 0);
    pthread_join(thread, NULL);
    if (!i) first = capture.trace;
    CHECK(capture.trace != 0);
    CHECK_EQUAL(capture.trace, first);
    const uintptr_t *frames;
    size_t count = csizer_trace_frames(capture.trace, &frames);
    CHECK(count >= 7 && count < 20);
  }
}

// ---- In signal handlers ----

static uint64_t handled;  // atomic

static void intern_in_handler(int number) {
  (void)number;
  const uint64_t i = __atomic_load_n(&handled, __ATOMIC_RELAXED);
  if (!intern(40, i, 20)) abort();
  __atomic_store_n(&handled, i + 1, __ATOMIC_RELEASE);
}

enum { HANDLED = 200 };

static void *interrupt(void *thread) {
  for (uint64_t i = 0; i < HANDLED; i++) {
    CHECK_EQUAL(pthread_kill(*(pthread_t *)thread, SIGUSR1), 0);
    while (__atomic_load_n(&handled, __ATOMIC_ACQUIRE) == i) sched_yield();
  }
  return NULL;
}

// Handlers come while their thread keeps a new stack or counts bytes.
TEST(a_stack_in_a_handler_waits_for_no_other) {
  alarm(60);
  signal(SIGUSR1, intern_in_handler);
  handled = 0;
  pthread_t self = pthread_self(), thread;
  CHECK_EQUAL(pthread_create(&thread, NULL, interrupt, &self), 0);
  for (uint64_t i = 0; __atomic_load_n(&handled, __ATOMIC_ACQUIRE) < HANDLED; i++) {
    if (i % 64 == 0) CHECK(intern(41, i, 20) != 0);
    CHECK(csizer_trace_bytes() > 0);
  }
  pthread_join(thread, NULL);
  sigset_t blocked;
  CHECK_EQUAL(pthread_sigmask(SIG_SETMASK, NULL, &blocked), 0);
  CHECK(!sigismember(&blocked, SIGUSR1));
  for (uint64_t i = 0; i < HANDLED; i++) check_frames(intern(40, i, 20), 40, i, 20);
  const pid_t child = fork();
  CHECK(child >= 0);
  CHECK_EQUAL(pthread_sigmask(SIG_SETMASK, NULL, &blocked), 0);
  CHECK(!sigismember(&blocked, SIGUSR1));
  if (!child) _exit(0);
  int status;
  CHECK_EQUAL(waitpid(child, &status, 0), child);
  CHECK_EQUAL(status, 0);
  alarm(0);
}
