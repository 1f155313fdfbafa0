// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include "csizer_frozen.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/futex.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "csizer_allocator.h"
#include "platform/clock.h"
#include "snapshot/sizing_internal.h"

// Tests only; see csizer_frozen.h.
static struct {
  csizer_frozen_fault fault;
  uint32_t times;
} fail;

void csizer_frozen_fail(csizer_frozen_fault fault, uint32_t times) {
  __atomic_store_n(&fail.times, 0, __ATOMIC_RELEASE);
  __atomic_store_n(&fail.fault, fault, __ATOMIC_RELEASE);
  __atomic_store_n(&fail.times, times, __ATOMIC_RELEASE);
}

static csizer_frozen_fault next_fault(void) {
  if (!__atomic_load_n(&fail.times, __ATOMIC_ACQUIRE)) return CSIZER_FAULT_NONE;
  return __atomic_load_n(&fail.fault, __ATOMIC_ACQUIRE);
}

static bool take(void) {
  uint32_t times = __atomic_load_n(&fail.times, __ATOMIC_RELAXED);
  while (times && !__atomic_compare_exchange_n(&fail.times, &times, times - 1, false, __ATOMIC_ACQUIRE,
                                               __ATOMIC_RELAXED)) {}
  return times != 0;
}

bool csizer_frozen_takes_refusal(void) { return next_fault() == CSIZER_FAULT_MEMORY && take(); }

static csizer_frozen_fault take_fault(void) {
  csizer_frozen_fault fault = next_fault();
  return fault != CSIZER_FAULT_NONE && fault != CSIZER_FAULT_MEMORY && take() ? fault : CSIZER_FAULT_NONE;
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

// A fault may have come in the middle of anything: what was found and not scanned belongs to the object that is given
// up, and so does what the loops have counted and not added yet: it must not be added to the next object's.
static void abandon(csizer_walk *walk) {
  csizer_walk_cool(walk);
  walk->head = walk->tail;
  walk->value_count = 0;
  walk->next_count = 0;
  csizer_walk_drop_guesses(walk);
  walk->sweeping = false;
  walk->limit = WALK_QUEUE;
}

/// What the child works with.
typedef struct child_tools {
  csizer_sizing *sizing;
  csizer_walk *walk;
  csizer_referents *referents;
} child_tools;

static csizer_status size_next(const child_tools *tools) {
  return csizer_sizing_next(tools->sizing, tools->walk, tools->referents);
}

// Tests only: one object at a time, with a fault at every other one.
static csizer_status crash_and_size(const child_tools *tools) {
  csizer_sizing *sizing = tools->sizing;
  static int *volatile nowhere = (int *)16;  // volatile: compilers refuse a store that they see go wrong
  if (sizing->next % 2) *nowhere = 0;
  uint32_t count = sizing->count;
  sizing->count = sizing->next + 1;
  csizer_status status = size_next(tools);
  sizing->count = count;
  return status;
}

static void size_all(const child_tools *tools, csizer_frozen_fault fault) {
  csizer_sizing *const sizing = tools->sizing;
  const uint32_t count = sizing->count;
  if (sigsetjmp(after_fault, 1)) {
    // It is behind before anything else is done: giving it up may fault as well.
    uint32_t given_up = sizing->next;
    __atomic_store_n(&sizing->next, given_up + 1, __ATOMIC_RELEASE);
    sizing->count = count;
    if (given_up < count) sizing->sizes[given_up] = SIZING_NONE;
    abandon(tools->walk);
  }
  while (!sizing->report.status && sizing->next < count)
    sizing->report.status = fault == CSIZER_FAULT_CRASH ? crash_and_size(tools) : size_next(tools);
}

static bool add_object(void *context, const void *object) {
  csizer_walk *walk = context;
  (*walk->steps)++;
  if (walk_is_dead(walk, (uintptr_t)object)) {  // nothing in it may be read
    csizer_walk_dead(walk, (uintptr_t)object);
    return !walk->status;
  }
  return !csizer_heapmap_mark(walk->map, object) || csizer_walk_marked(walk, object) == CSIZER_OK;
}

// What no tracked object reaches: with it the walk has met every Swift object of the process. An object that faults is
// marked by then, so that it is met once however often the heap is gone through.
static void measure_heap(csizer_sizing *sizing, csizer_walk *walk) {
  enum { MOST_FAULTS = 1000 };
  static unsigned faults;  // not in a register, which a fault would set back
  if (sigsetjmp(after_fault, 1)) {
    if (faults++ == MOST_FAULTS) return;
    abandon(walk);
  }
  walk->ignores_pointers = true;  // whatever has an owner is met
  csizer_heapmap_enumerate(walk->map, add_object, walk);
  csizer_totals totals = csizer_walk_totals(walk);
  sizing->report.heap_objects = totals.bytes - totals.raw_bytes - totals.dead_bytes;
  sizing->report.heap_dead = totals.dead_bytes;
  sizing->report.heap_raw = totals.raw_bytes - walk->pointed_bytes;  // some of that was met again, by its owner
}

static void leave_descriptors(void) {
#ifdef SYS_close_range
  if (syscall(SYS_close_range, 0u, ~0u, 0u) == 0) return;
#endif
  enum { MOST = 1 << 16 };  // kernels before 5.9
  struct rlimit limit = {MOST, MOST};
  getrlimit(RLIMIT_NOFILE, &limit);
  for (int file = 0; file < MOST && (rlim_t)file < limit.rlim_cur; file++) close(file);
}

// When memory runs out the child is to go, not the host; and if it goes it leaves no image of the host on the disk.
static void be_expendable(void) {
  int file = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
  if (file >= 0) {
    if (write(file, "1000", 4) < 0) errno = 0;  // then it is as likely as the host
    close(file);
  }
  prctl(PR_SET_DUMPABLE, 0);  // from now on /proc/self is root's
}

// ThreadSanitizer took no part in a fork that was none of libc's: what other threads wrote before it looks like a race
// with what is read here, where none of them exists. Its report would need locks that they may hold. Present in
// processes that were built with it.
extern __attribute__((weak)) void AnnotateIgnoreReadsBegin(const char *file, int line);
extern __attribute__((weak)) void AnnotateIgnoreWritesBegin(const char *file, int line);
extern __attribute__((weak)) void AnnotateIgnoreSyncBegin(const char *file, int line);

static void be_alone(void) {
  if (AnnotateIgnoreReadsBegin) AnnotateIgnoreReadsBegin(__FILE__, __LINE__);
  if (AnnotateIgnoreWritesBegin) AnnotateIgnoreWritesBegin(__FILE__, __LINE__);
  if (AnnotateIgnoreSyncBegin) AnnotateIgnoreSyncBegin(__FILE__, __LINE__);
}

static __attribute__((noreturn)) void run_child(csizer_sizing *sizing, csizer_walk *walk, csizer_key_types keys,
                                                pid_t parent, csizer_frozen_fault fault) {
  be_alone();
  child_tools tools = {.sizing = sizing, .walk = walk};
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) syscall(SYS_exit_group, 1);  // the host was gone before it could be told
  prctl(PR_SET_NAME, "sizer-frozen");
  leave_descriptors();
  be_expendable();
  if (fault == CSIZER_FAULT_DEATH) kill((pid_t)syscall(SYS_getpid), SIGKILL);
  while (fault == CSIZER_FAULT_HANG) pause();
  catch_faults();
  csizer_sizing_ask_nobody(sizing, walk);
  walk->steps = &sizing->steps;
  if (sigsetjmp(after_fault, 1)) syscall(SYS_exit_group, 1);  // there is no object that could be given up
  sizing->report.status = csizer_referents_create(keys, &tools.referents);
  if (!sizing->report.status) sizing->report.status = csizer_sizing_begin(sizing, walk);
  size_all(&tools, fault);
  sizing->report.unresolved = csizer_walk_totals(walk).unresolved + sizing->unknown.count;
  sizing->report.estimated_bytes = csizer_walk_totals(walk).estimated_bytes;
  sizing->report.unknown = csizer_unknown_keep_types(&sizing->unknown, &walk->layouts->images);
  if (!sizing->report.status && !sizing->report.unknown) {
    measure_heap(sizing, walk);
    sizing->report.unknown = csizer_unknown_keep_types(&sizing->unknown, &walk->layouts->images);
  }
  __atomic_store_n(&sizing->is_done, 1, __ATOMIC_RELEASE);
  syscall(SYS_futex, &sizing->is_done, FUTEX_WAKE, INT_MAX, NULL, NULL, 0);
  syscall(SYS_exit_group, 0);
  __builtin_unreachable();
}

// ---- The parent ----

csizer_status csizer_frozen_prepare(csizer_lifetimes *lifetimes, csizer_layouts *layouts) {
  // The allocator makes itself and its data of this thread ready now: in the child it would take locks for that.
  csizer_allocator_scope scope;
  csizer_allocator_scope_enter(&scope);
  csizer_allocator_scope_leave(&scope);
  return csizer_sizing_prepare(lifetimes, layouts);
}

csizer_status csizer_frozen_start(csizer_sizing *sizing, csizer_walk *walk, csizer_key_types keys,
                                  csizer_child *ret_child) {
  csizer_frozen_fault fault = take_fault();
  if (fault == CSIZER_FAULT_FORK) return CSIZER_REFUSED;
  if (fault == CSIZER_FAULT_NO_ROOM) return CSIZER_NO_ROOM;
  if (fault == CSIZER_FAULT_SLOW) clock_nanosleep(CLOCK_MONOTONIC, 0, &(struct timespec){.tv_nsec = 100000000}, NULL);
  pid_t parent = getpid();
  sigset_t all, before;
  sigfillset(&all);
  sigprocmask(SIG_SETMASK, &all, &before);  // no handler of the program's runs in the child
  // A debugger would take a child without a signal for one more thread of the host, and stop it.
  long process = syscall(SYS_clone, (unsigned long)CLONE_UNTRACED, NULL, NULL, NULL, 0ul);
  if (process == 0) run_child(sizing, walk, keys, parent, fault);
  int error = errno;
  sigprocmask(SIG_SETMASK, &before, NULL);
  if (process < 0) return error == ENOMEM ? CSIZER_NO_ROOM : CSIZER_REFUSED;
  ret_child->process = (int)process;
  return CSIZER_OK;
}
