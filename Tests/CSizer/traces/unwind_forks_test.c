// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include <dlfcn.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "csizer_trace.h"
#include "support/check.h"
#include "traces/trace_internal.h"
#include "traces/unwind.h"

// Forks while other threads are inside libunwind, whose locks the child inherits as they are. Stacks that are read by
// rules have no such trouble: here each is libunwind's.

enum { THREADS = 4 };

// The stacks of threads lie as far apart as they are large, with guards of a page or, on AArch64, of 64 KiB.
TEST(threads_count_in_several_cells) {
  enum { COUNT = 16, LEAST = 6 };
  static const uintptr_t apart[] = {0x8000, 0x21000, 0x101000, 0x801000, 0x810000, 0x4010000};
  for (size_t i = 0; i < sizeof apart / sizeof *apart; i++) {
    unsigned used = 0;
    for (uintptr_t thread = 0; thread < COUNT; thread++) {
      const unwind_cell *cell = unwind_cell_of((const void *)(0x7f0000000740 - thread * apart[i]));
      CHECK(cell >= csizer_unwind_cells && cell < csizer_unwind_cells + UNWIND_CELLS);
      used |= 1u << (cell - csizer_unwind_cells);
    }
    CHECK(__builtin_popcount(used) >= LEAST);
  }
}

static bool is_over;  // atomic

static __attribute__((noinline)) uint32_t take_stack(void) {
  return csizer_trace_unwind(20, __builtin_return_address(0));
}

static void (*flush_cache)(void *space, uintptr_t from, uintptr_t to);
static void *space;

#if defined(__aarch64__)
#define PREFIX "aarch64_"
#else
#define PREFIX "x86_64_"
#endif

// With nothing in its cache libunwind takes its lock for each call on a stack.
static void find_flush(void) {
  CHECK(csizer_trace_is_available());
  void *library = dlopen("libunwind.so.8", RTLD_NOW | RTLD_NOLOAD);
  CHECK(library != NULL);
  void *function = dlsym(library, "_U" PREFIX "flush_cache"), **found = dlsym(library, "_UL" PREFIX "local_addr_space");
  CHECK(function && found);
  memcpy(&flush_cache, &function, sizeof flush_cache);
  space = *found;
}

static void *take_first_stack(void *unused) {
  (void)unused;
  flush_cache(space, 0, 0);
  take_stack();  // there is none where a fork takes long, as under an emulator
  return NULL;
}

// A thread's first stack is the one that needs the locks: later ones come out of a cache of its own.
static void *start_threads(void *unused) {
  (void)unused;
  while (!__atomic_load_n(&is_over, __ATOMIC_RELAXED)) {
    pthread_t thread;
    CHECK_EQUAL(pthread_create(&thread, NULL, take_first_stack, NULL), 0);
    pthread_join(thread, NULL);
  }
  return NULL;
}

enum { TAKEN, FAILED, REFUSED };

// Of calls that nobody saw before, so that no cache has them.
static __attribute__((noinline, noreturn)) void take_new_stack(void) {
  _exit(take_stack() ? TAKEN : csizer_trace_is_available() ? FAILED : REFUSED);
}

// libunwind blocks all signals while it waits: only the parent can end a child that hangs.
static int end_of(pid_t child) {
  const struct timespec moment = {0, 1000000};
  int status;
  for (int i = 0; i < 60000; i++) {
    pid_t ended = waitpid(child, &status, WNOHANG);
    if (ended == child) return status;
    nanosleep(&moment, NULL);
  }
  kill(child, SIGKILL);
  waitpid(child, &status, 0);
  return status;
}

TEST(a_child_takes_stacks_whatever_other_threads_did) {
  find_flush();
  pthread_t threads[THREADS];
  for (int i = 0; i < THREADS; i++) CHECK_EQUAL(pthread_create(&threads[i], NULL, start_threads, NULL), 0);
  int taken = 0;
  for (int i = 0; i < 200; i++) {
    pid_t child = fork();
    if (child == 0) take_new_stack();
    CHECK(child > 0);
    int status = end_of(child);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) != FAILED);
    taken += WEXITSTATUS(status) == TAKEN;
  }
  // On a machine with no time for it a thread may be inside for longer than a fork waits: then the child says so.
  CHECK(taken > 100);
  __atomic_store_n(&is_over, true, __ATOMIC_RELAXED);
  for (int i = 0; i < THREADS; i++) pthread_join(threads[i], NULL);
}

static int stage;  // atomic

static void wait_for(int wanted) {
  while (__atomic_load_n(&stage, __ATOMIC_ACQUIRE) != wanted) sched_yield();
}

static void *stay_inside(void *unused) {
  (void)unused;
  unwind_cell *cell;
  CHECK(unwind_enter(&cell));
  __atomic_store_n(&stage, 1, __ATOMIC_RELEASE);
  wait_for(2);
  unwind_leave(cell);
  return NULL;
}

// Who is inside for as long as the fork waits may wait for the forking thread: the fork goes on, and the child has no
// stacks rather than one that never ends.
TEST(a_child_that_cannot_trust_libunwind_has_no_stacks) {
  CHECK(take_stack() != 0);
  pthread_t thread;
  CHECK_EQUAL(pthread_create(&thread, NULL, stay_inside, NULL), 0);
  wait_for(1);
  pid_t child = fork();
  if (child == 0) {
    bool is_right = take_stack() == 0 && !csizer_trace_is_available() && strstr(csizer_trace_reason(), "forked");
    pid_t grandchild = fork();
    if (grandchild == 0) _exit(take_stack() != 0);
    _exit(!is_right || end_of(grandchild) != 0);
  }
  CHECK(child > 0);
  CHECK_EQUAL(end_of(child), 0);
  CHECK(take_stack() != 0);
  __atomic_store_n(&stage, 2, __ATOMIC_RELEASE);
  pthread_join(thread, NULL);
  child = fork();
  if (child == 0) _exit(take_stack() == 0);
  CHECK_EQUAL(end_of(child), 0);
}

// A fork that nobody ends in time costs a stack, and does not keep who makes an object.
TEST(a_fork_that_takes_long_costs_a_stack) {
  CHECK(take_stack() != 0);
  __atomic_fetch_add(&csizer_unwind_forks, 1, __ATOMIC_SEQ_CST);
  CHECK_EQUAL(take_stack(), 0);
  __atomic_fetch_sub(&csizer_unwind_forks, 1, __ATOMIC_SEQ_CST);
  CHECK(take_stack() != 0);
  for (int i = 0; i < UNWIND_CELLS; i++) CHECK_EQUAL(csizer_unwind_cells[i].inside, 0);
}
