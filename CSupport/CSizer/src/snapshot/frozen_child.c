// SPDX-License-Identifier: Apache-2.0
// How a child with a frozen image is made, and how it keeps from doing harm.
#define _GNU_SOURCE
#include "snapshot/frozen_child.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/futex.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "platform/refusals.h"

// ---- The parent ----

bool csizer_child_fork(csizer_child *ret_child, csizer_status *ret_status) {
  sigset_t all, before;
  sigfillset(&all);
  sigprocmask(SIG_SETMASK, &all, &before);  // no handler of the program's runs in the child
  // A debugger would take a child without a signal for one more thread of the host, and stop it.
  long process = syscall(SYS_clone, (unsigned long)CLONE_UNTRACED, NULL, NULL, NULL, 0ul);
  if (process == 0) return true;
  int error = errno;
  sigprocmask(SIG_SETMASK, &before, NULL);
  *ret_status = CSIZER_OK;
  if (process < 0) *ret_status = csizer_refusal_tell(error == ENOMEM ? CSIZER_NO_ROOM : CSIZER_REFUSED, error, NULL);
  ret_child->process = (int)process;
  return false;
}

// ---- The child ----

// Where a fault leads back to. The child is a copy: no other process sees its globals.
sigjmp_buf csizer_child_after_fault;

static void on_fault(int signal) {
  (void)signal;
  sigjmp_buf *of_crew = csizer_child_after_fault_of_crew();
  siglongjmp(of_crew ? *of_crew : csizer_child_after_fault, 1);
}

void csizer_child_catch_faults(void) {
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

static void leave_descriptors(int kept) {
#ifdef SYS_close_range
  if (kept < 0 && syscall(SYS_close_range, 0u, ~0u, 0u) == 0) return;
  if (kept >= 0 && (kept == 0 || syscall(SYS_close_range, 0u, (unsigned)kept - 1, 0u) == 0) &&
      syscall(SYS_close_range, (unsigned)kept + 1, ~0u, 0u) == 0)
    return;
#endif
  enum { MOST = 1 << 16 };  // kernels before 5.9
  struct rlimit limit = {MOST, MOST};
  getrlimit(RLIMIT_NOFILE, &limit);
  for (int file = 0; file < MOST && (rlim_t)file < limit.rlim_cur; file++)
    if (file != kept) close(file);
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

void csizer_child_begin(int parent, int file) {
  be_alone();
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) syscall(SYS_exit_group, 1);  // the host was gone before it could be told
  prctl(PR_SET_NAME, "sizer-frozen");
  leave_descriptors(file);
  be_expendable();
}

void csizer_child_end_done(uint32_t *is_done) {
  __atomic_store_n(is_done, 1, __ATOMIC_RELEASE);
  syscall(SYS_futex, is_done, FUTEX_WAKE, INT_MAX, NULL, NULL, 0);
  syscall(SYS_exit_group, 0);
  __builtin_unreachable();
}
