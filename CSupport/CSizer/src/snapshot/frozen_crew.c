// SPDX-License-Identifier: Apache-2.0
// The second worker of a frozen child: a thread of the child's, so that whatever ends the child ends it.
//
// A thread and no second process: it is in the same memory, which costs nothing more and has no marks that would have
// to be brought together; who stops or kills the child, its parent's death, the kernel's want of memory
// (memory.oom.group or not) reach both at once; the control groups count both; and there is nobody more to be reaped.
//
// Why it may run at all. libc does not know it, for in the child libc's locks may be held for ever by threads that are
// not there. Its stack comes from the kernel. It has the first thread's thread-local storage, and so calls nothing that
// changes any:
// - the allocator's look-ups, which may, are under a lock that the first thread takes for its own meanwhile, and never
//   outside of a turn (walk_crew.h);
// - it waits by a futex(2) that does not touch errno; sched_yield(2), gettid(2) and nanosleep(2) do not fail here, for
//   all signals are blocked that do not end or stop the process, but those of faults;
// - siglongjmp(3) reads libc's list of the thread's cleanup handlers of old, in which libc's stdio alone enters any
//   while it works; the thread that forked was in none of it.
// It has the child's priority: to lower it takes setpriority(2), for which services that are shut in (systemd's
// SystemCallFilter=~@resources) are killed. One that is kept from its processor is asked no more.
//
// Signals of faults go to the thread that faults, and each has a place of its own to go on from. It has no stack for
// signals: the kernel clears that for a thread, and its own has room.
#define _GNU_SOURCE
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "platform/pages.h"
#include "snapshot/frozen_child.h"
#include "walk/walk_crew.h"

// The child's, which is a copy of the host: no other process sees it. A handler of faults is given nothing else.
static walk_crew *crew;

static int work(void *ignored) {
  (void)ignored;
  csizer_crew_work(crew);
  return 0;
}

// Present in processes that were built with it: it keeps an account of each thread in its thread-local storage.
extern __attribute__((weak)) void AnnotateIgnoreReadsBegin(const char *file, int line);

static bool start_thread(void) {
  enum { STACK = 128 * 1024 };
  if (AnnotateIgnoreReadsBegin) return false;
  char *stack = csizer_pages_map(STACK);
  if (!stack) return false;
  // As for the child itself: no debugger is to take it for one of the host's.
  const int flags = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM | CLONE_UNTRACED;
  if (clone(work, stack + STACK, flags, NULL) >= 0) return true;
  csizer_pages_unmap(stack, STACK);
  return false;
}

// Without a second worker the walk sweeps by itself, which is as quick.
void csizer_child_hire(csizer_walk *walk, uint32_t processors) {
  if (processors < CREW_MOST || csizer_crew_create(walk, &crew)) return;
  if (csizer_crew_pays(crew) && start_thread()) {
    csizer_crew_admit(crew);
    return;
  }
  csizer_crew_destroy(crew);
  crew = NULL;
}

sigjmp_buf *csizer_child_after_fault_of_crew(void) {
  if (!crew) return NULL;
  const int thread = (int)syscall(SYS_gettid);
  sigjmp_buf *place = csizer_crew_after_fault(crew, thread);
  // None but the first has anywhere else to go on, and that only while the other waits.
  const bool is_first = thread == (int)syscall(SYS_getpid);
  if (!place && (!is_first || csizer_crew_is_in_turn(crew))) syscall(SYS_exit_group, 1);
  return place;
}
