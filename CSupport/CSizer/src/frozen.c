// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include "csizer_frozen.h"

#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <setjmp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"
#include "sizing_internal.h"

// Tests only; see csizer_frozen.h.
static struct {
  csizer_frozen_fault fault;
  uint32_t times;
} fail;

void csizer_frozen_fail(csizer_frozen_fault fault, uint32_t times) {
  __atomic_store_n(&fail.times, times, __ATOMIC_RELAXED);
  fail.fault = fault;
}

static csizer_frozen_fault take_fault(void) {
  uint32_t times = __atomic_load_n(&fail.times, __ATOMIC_RELAXED);
  while (times && !__atomic_compare_exchange_n(&fail.times, &times, times - 1, false, __ATOMIC_RELAXED,
                                               __ATOMIC_RELAXED)) {}
  return times ? fail.fault : CSIZER_FAULT_NONE;
}

// ---- The child ----

// Where a fault leads back to. The child has one thread and is a copy: no other process sees its globals.
static sigjmp_buf after_fault;

static void on_fault(int signal) {
  (void)signal;
  siglongjmp(after_fault, 1);
}

static void catch_faults(void) {
  enum { STACK = 64 * 1024 };
  static const int signals[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP};
  stack_t stack = {.ss_sp = csizer_pages_map(STACK), .ss_size = STACK};
  if (stack.ss_sp) sigaltstack(&stack, NULL);
  struct sigaction action = {.sa_handler = on_fault, .sa_flags = SA_ONSTACK | SA_NODEFER};
  sigset_t unblocked;
  sigemptyset(&unblocked);
  for (size_t i = 0; i < sizeof signals / sizeof *signals; i++) {
    sigaction(signals[i], &action, NULL);
    sigaddset(&unblocked, signals[i]);
  }
  sigprocmask(SIG_UNBLOCK, &unblocked, NULL);
}

// A fault may have come in the middle of anything: what was found and not scanned belongs to the object that is given up.
static void abandon(csizer_walk *walk) {
  walk->head = walk->tail;
  walk->value_count = 0;
  walk->next_count = 0;
  walk->sweeping = false;
  walk->limit = WALK_QUEUE;
}

static void size_all(csizer_sizing *sizing, csizer_walk *walk, csizer_frozen_fault fault) {
  const void *named;
  uint32_t level;
  volatile uint32_t crashes = 0;
  if (sigsetjmp(after_fault, 1)) {
    abandon(walk);
    sizing->sizes[sizing->next++] = SIZING_NONE;
  }
  while (!sizing->report.status && sizing->next < sizing->count) {
    if (fault == CSIZER_FAULT_CRASH && sizing->next % 2 == 1 && crashes++ % 2 == 0) *(volatile int *)16 = 0;
    sizing->report.status = csizer_sizing_run(sizing, walk, &named, &level);
    if (!named) continue;
    // Its size is known without the names of its referents.
    size_t before = csizer_walk_totals(walk).bytes;
    sizing->report.status = csizer_walk_marked(walk, named);
    csizer_sizing_name(sizing, csizer_walk_totals(walk).bytes - before);
  }
}

static bool add_object(void *context, const void *object) {
  csizer_walk *walk = context;
  return !csizer_heapmap_mark(walk->map, object) || csizer_walk_marked(walk, object) == CSIZER_OK;
}

// What no tracked object reaches: with it the walk has met every Swift object of the process.
static void measure_heap(csizer_sizing *sizing, csizer_walk *walk) {
  if (sigsetjmp(after_fault, 1)) return;
  csizer_heapmap_enumerate(walk->map, add_object, walk);
  csizer_totals totals = csizer_walk_totals(walk);
  sizing->report.heap_objects = totals.bytes - totals.raw_bytes;
  sizing->report.heap_raw = totals.raw_bytes;
}

static void leave_descriptors(void) {
#ifdef SYS_close_range
  syscall(SYS_close_range, 0u, ~0u, 0u);
#endif
}

static __attribute__((noreturn)) void run_child(csizer_sizing *sizing, csizer_walk *walk, csizer_frozen_fault fault) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  prctl(PR_SET_NAME, "sizer-frozen");
  leave_descriptors();
  if (fault == CSIZER_FAULT_DEATH) kill((pid_t)syscall(SYS_getpid), SIGKILL);
  while (fault == CSIZER_FAULT_HANG) pause();
  catch_faults();
  walk->layouts->unknown = &sizing->unknown;
  walk->steps = &sizing->steps;
  if (sigsetjmp(after_fault, 1)) syscall(SYS_exit_group, 1);  // there is no object that could be given up
  sizing->report.status = csizer_sizing_begin(sizing, walk);
  size_all(sizing, walk, fault);
  sizing->report.unresolved = csizer_walk_totals(walk).unresolved + sizing->unknown.count;
  sizing->report.unknown = sizing->unknown.count;
  if (!sizing->report.status && !sizing->report.unknown) measure_heap(sizing, walk);
  __atomic_store_n(&sizing->is_done, 1, __ATOMIC_RELEASE);
  syscall(SYS_futex, &sizing->is_done, FUTEX_WAKE, INT_MAX, NULL, NULL, 0);
  syscall(SYS_exit_group, 0);
  __builtin_unreachable();
}

// ---- The parent ----

csizer_status csizer_frozen_prepare(const csizer_lifetimes *lifetimes, csizer_layouts *layouts) {
  uint32_t count = csizer_lifetimes_cohort_count(lifetimes);
  for (uint32_t i = 0; i < count; i++)
    if (!csizer_layouts_object(layouts, csizer_lifetimes_cohort(lifetimes, i).type)) return CSIZER_NO_MEMORY;
  return CSIZER_OK;
}

csizer_status csizer_frozen_start(csizer_sizing *sizing, csizer_walk *walk, csizer_child *ret_child) {
  csizer_frozen_fault fault = take_fault();
  if (fault == CSIZER_FAULT_FORK) return CSIZER_REFUSED;
  sigset_t all, before;
  sigfillset(&all);
  sigprocmask(SIG_SETMASK, &all, &before);  // no handler of the program's runs in the child
  long process = syscall(SYS_clone, 0ul, NULL, NULL, NULL, 0ul);
  if (process == 0) run_child(sizing, walk, fault);
  sigprocmask(SIG_SETMASK, &before, NULL);
  if (process < 0) return CSIZER_REFUSED;
  ret_child->process = (int)process;
  return CSIZER_OK;
}

// Whether the child is gone; a host that waits for all kinds of children may have been first.
static bool has_ended(csizer_child child, int options) {
  pid_t ended;
  while ((ended = waitpid(child.process, NULL, options | __WCLONE)) < 0 && errno == EINTR) {}
  return ended == child.process || (ended < 0 && errno == ECHILD);
}

static bool is_done(const csizer_sizing *sizing) { return __atomic_load_n(&sizing->is_done, __ATOMIC_ACQUIRE) != 0; }

csizer_child_end csizer_frozen_await(csizer_sizing *sizing, csizer_child child, uint64_t patience) {
  enum { SLICE = 5000000 };  // a child that is killed can't ring
  uint32_t steps = 0;
  uint64_t last_progress = clock_monotonic();
  while (!is_done(sizing)) {
    struct timespec slice = {0, SLICE};
    syscall(SYS_futex, &sizing->is_done, FUTEX_WAIT, 0, &slice, NULL, 0);
    if (is_done(sizing)) break;
    if (has_ended(child, WNOHANG)) return is_done(sizing) ? CSIZER_CHILD_DONE : CSIZER_CHILD_DIED;
    uint32_t now = __atomic_load_n(&sizing->steps, __ATOMIC_RELAXED);
    if (now != steps) {
      steps = now;
      last_progress = clock_monotonic();
    } else if (clock_monotonic() - last_progress > patience) {
      kill(child.process, SIGKILL);
      has_ended(child, 0);
      return is_done(sizing) ? CSIZER_CHILD_DONE : CSIZER_CHILD_STUCK;
    }
  }
  has_ended(child, 0);
  return CSIZER_CHILD_DONE;
}

csizer_frozen_report csizer_frozen_report_of(const csizer_sizing *sizing) { return sizing->report; }

uint32_t csizer_frozen_learn(const csizer_sizing *sizing, csizer_layouts *layouts) {
  return csizer_unknown_compile(&sizing->unknown, layouts);
}
