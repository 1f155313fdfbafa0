// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include <limits.h>
#include <pthread.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "csizer_accounts.h"
#include "csizer_stack.h"
#include "csizer_thread.h"
#include "platform/own_stack.h"
#include "platform/pages.h"
#include "support/check.h"
#include "traces/trace_internal.h"

enum { NEAR = 4096 };  // bytes that the frames of calls of each other take at most

// ---- What runs on the profiler's stack ----

// 1 MiB of frames, each written to.
static __attribute__((noinline)) unsigned descend(unsigned levels) {
  volatile char frame[1024];
  memset((char *)frame, (int)levels, sizeof frame);
  return levels ? descend(levels - 1) + (unsigned)frame[levels % sizeof frame] - (unsigned)frame[0] + 1 : 0;
}

static void descend_deep(void *context) { *(unsigned *)context = descend(1024); }

static void *call_from_here(void *context) {
  CHECK_EQUAL(csizer_stack_call(descend_deep, context), CSIZER_OK);
  return NULL;
}

// On a thread of so many bytes of stack.
static void run_on_thread(size_t stack, void *(*body)(void *), void *context) {
  pthread_attr_t attributes;
  pthread_t thread;
  pthread_attr_init(&attributes);
  CHECK_EQUAL(pthread_attr_setstacksize(&attributes, stack), 0);
  CHECK_EQUAL(pthread_create(&thread, &attributes, body, context), 0);
  pthread_join(thread, NULL);
  pthread_attr_destroy(&attributes);
}

TEST(a_thread_of_the_smallest_stack_can_go_deep) {
  // Sanitizers put more into a thread's stack than the smallest one holds.
  for (int i = 0; i < 20; i++) {
    unsigned depth = 0;
    run_on_thread(PTHREAD_STACK_MIN + (32 << 10), call_from_here, &depth);
    CHECK_EQUAL(depth, 1024);
  }
}

static void note_place(void *context) { *(uintptr_t *)context = (uintptr_t)__builtin_frame_address(0); }

static void nest(void *context) {
  uintptr_t *places = context;
  places[0] = (uintptr_t)__builtin_frame_address(0);
  CHECK_EQUAL(csizer_stack_call(note_place, &places[1]), CSIZER_OK);
}

TEST(a_call_within_a_call_stays_where_it_is) {
  uintptr_t places[2], again[2];
  CHECK_EQUAL(csizer_stack_call(nest, places), CSIZER_OK);
  CHECK(places[0] > places[1] && places[0] - places[1] < NEAR);
  CHECK_EQUAL(csizer_stack_call(nest, again), CSIZER_OK);
  CHECK_EQUAL(again[0], places[0]);  // the stack was kept
}

// ---- Unwinding ----

static void unwind(void *context) {
  *(uint32_t *)context = csizer_trace_unwind(CSIZER_TRACE_DEEPEST, __builtin_return_address(0));
}

// Who calls the profiler, and where it returns to.
static __attribute__((noinline)) const void *unwind_there(uint32_t *ret_trace) {
  CHECK_EQUAL(csizer_stack_call(unwind, ret_trace), CSIZER_OK);
  return __builtin_extract_return_addr(__builtin_return_address(0));
}

TEST(a_stack_goes_on_to_the_caller) {
  uint32_t trace = 0;
  const uintptr_t *frames;
  const void *caller = unwind_there(&trace);
  const size_t count = csizer_trace_frames(trace, &frames);
  size_t place = 0;
  while (place < count && frames[place] != (uintptr_t)caller) place++;
  CHECK(place < count - 1);  // in this test, which has callers
}

// ---- Several threads ----

enum { THREADS = 8, ROUNDS = 200 };

static void add(void *context) {
  unsigned *sum = context;
  *sum += descend(64) == 64;
}

static void *call_often(void *context) {
  for (int i = 0; i < ROUNDS; i++) CHECK_EQUAL(csizer_stack_call(add, context), CSIZER_OK);
  return NULL;
}

TEST(threads_have_a_stack_each_and_all_but_one_go) {
  size_t held = csizer_pages_held();
  unsigned sums[THREADS] = {0};
  pthread_t threads[THREADS];
  for (int i = 0; i < THREADS; i++) CHECK_EQUAL(pthread_create(&threads[i], NULL, call_often, &sums[i]), 0);
  for (int i = 0; i < THREADS; i++) pthread_join(threads[i], NULL);
  for (int i = 0; i < THREADS; i++) CHECK_EQUAL(sums[i], ROUNDS);
  CHECK_EQUAL(csizer_pages_held(), held);
}

static void *where_am_i(void *context) {
  uintptr_t *places = context;
  places[0] = (uintptr_t)__builtin_frame_address(0);
  CHECK_EQUAL(csizer_stack_call(note_place, &places[1]), CSIZER_OK);
  __atomic_store_n(&places[2], 1, __ATOMIC_RELEASE);
  return NULL;
}

TEST(a_thread_of_the_profilers_uses_its_own) {
  uintptr_t places[3] = {0};
  CHECK_EQUAL(csizer_thread_start("sizer.test", where_am_i, places), CSIZER_OK);
  while (!__atomic_load_n(&places[2], __ATOMIC_ACQUIRE)) usleep(1000);
  CHECK(places[0] > places[1] && places[0] - places[1] < NEAR);
}

// ---- Refusals, and children ----

TEST(without_memory_nothing_runs_or_it_runs_where_it_is) {
  uintptr_t place = 0, here = (uintptr_t)__builtin_frame_address(0);
  csizer_pages_fail_at = 1;
  CHECK_EQUAL(csizer_stack_call(note_place, &place), CSIZER_NO_MEMORY);
  CHECK_EQUAL(place, 0);
  csizer_pages_fail_at = 1;
  csizer_stack_prefer(note_place, &place);
  CHECK(here > place && here - place < NEAR);
  CHECK_EQUAL(csizer_pages_fail_at, 0);
  // What was refused once is asked for again.
  CHECK_EQUAL(csizer_stack_call(note_place, &place), CSIZER_OK);
  CHECK(here < place || here - place > NEAR);
}

static void fork_there(void *context) {
  pid_t child = fork();
  if (child == 0) {
    unsigned depth = 0;
    _exit(csizer_stack_call(descend_deep, &depth) == CSIZER_OK && depth == 1024 ? 7 : 1);
  }
  waitpid(child, (int *)context, 0);
}

TEST(a_child_goes_on_and_has_a_stack_too) {
  int status = 0;
  CHECK_EQUAL(csizer_stack_call(fork_there, &status), CSIZER_OK);
  CHECK(WIFEXITED(status));
  CHECK_EQUAL(WEXITSTATUS(status), 7);
}

static unsigned is_there, may_leave, has_left;

static void stay(void *context) {
  __atomic_store_n(&is_there, 1, __ATOMIC_RELEASE);
  while (!__atomic_load_n(&may_leave, __ATOMIC_ACQUIRE)) usleep(1000);
  if (context) pthread_testcancel();
  __atomic_store_n(&has_left, 1, __ATOMIC_RELEASE);
}

static void *stay_there(void *context) {
  CHECK_EQUAL(csizer_stack_call(stay, context), CSIZER_OK);
  pthread_testcancel();
  return NULL;
}

static pthread_t start_staying(void *context) {
  pthread_t thread;
  CHECK_EQUAL(pthread_create(&thread, NULL, stay_there, context), 0);
  while (!__atomic_load_n(&is_there, __ATOMIC_ACQUIRE)) usleep(1000);
  return thread;
}

// The thread that was on the stack is not in the child.
TEST(a_child_keeps_a_stack_of_its_own) {
  pthread_t thread = start_staying(NULL);
  pid_t child = fork();
  CHECK(child >= 0);
  if (child == 0) {
    unsigned depth = 0;
    bool is_called = csizer_stack_call(descend_deep, &depth) == CSIZER_OK && depth == 1024;
    size_t held = csizer_pages_held();
    bool is_kept = csizer_stack_bytes() >= 1024 * 1024;
    is_called = is_called && csizer_stack_call(descend_deep, &depth) == CSIZER_OK;
    _exit(!is_called ? 1 : !is_kept ? 2 : csizer_pages_held() != held ? 3 : 7);
  }
  int status = 0;
  waitpid(child, &status, 0);
  CHECK_EQUAL(WEXITSTATUS(status), 7);
  __atomic_store_n(&may_leave, 1, __ATOMIC_RELEASE);
  pthread_join(thread, NULL);
}

// It would leave the stack taken for ever.
TEST(nobody_is_cancelled_there) {
  int cancel = 1;
  void *result = NULL;
  pthread_t thread = start_staying(&cancel);
  CHECK_EQUAL(pthread_cancel(thread), 0);
  __atomic_store_n(&may_leave, 1, __ATOMIC_RELEASE);
  pthread_join(thread, &result);
  CHECK(has_left);
  CHECK(result == PTHREAD_CANCELED);  // afterwards it is
}

TEST(what_is_kept_is_counted) {
  size_t before = csizer_overhead_page_bytes();
  unsigned depth = 0;
  CHECK_EQUAL(csizer_stack_call(descend_deep, &depth), CSIZER_OK);
  size_t grown = csizer_overhead_page_bytes() - before;
  CHECK(grown >= 1024 * 1024 && grown < 3 * 1024 * 1024);
}
