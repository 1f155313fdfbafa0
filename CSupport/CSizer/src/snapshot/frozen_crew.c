// SPDX-License-Identifier: Apache-2.0
// The second worker of a frozen child: a thread of the child's, so that whatever ends the child ends it.
//
// A thread and no second process: it is in the same memory, which costs nothing more and has no marks that would have
// to be brought together; who kills the child, its parent's death, the kernel's want of memory (memory.oom.group or
// not) reach both at once; the control groups count both; and there is nobody more to be reaped.
//
// libc does not know it, for in the child libc's locks may be held for ever by threads that are not there. It has the
// first thread's thread-local storage, and so calls nothing that uses any: walk_crew.h. What it may write there is
// errno, which in the child nobody reads later than at once and nothing decides by.
#define _GNU_SOURCE
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "platform/pages.h"
#include "snapshot/frozen_child.h"
#include "walk/walk_crew.h"

// The child's, which is a copy of the host: no other process sees it. A handler of faults is given nothing else.
static walk_crew *crew;

static int work(void *number) {
  csizer_crew_work(crew, (unsigned)(uintptr_t)number);
  return 0;
}

// Present in processes that were built with it: it keeps an account of each thread in its thread-local storage.
extern __attribute__((weak)) void AnnotateIgnoreReadsBegin(const char *file, int line);

static bool start_thread(unsigned number) {
  enum { STACK = 128 * 1024 };
  if (AnnotateIgnoreReadsBegin) return false;
  char *stack = csizer_pages_map(STACK);
  if (!stack) return false;
  // As for the child itself: no debugger is to take it for one of the host's.
  const int flags = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM | CLONE_UNTRACED;
  if (clone(work, stack + STACK, flags, (void *)(uintptr_t)number) >= 0) return true;
  csizer_pages_unmap(stack, STACK);
  return false;
}

csizer_status csizer_child_hire(csizer_walk *walk, uint32_t processors) {
  const unsigned most = processors < CREW_MOST ? processors : CREW_MOST;
  csizer_status status = csizer_crew_create(walk, &crew);
  for (unsigned i = 1; !status && i < most && start_thread(i); i++) csizer_crew_admit(crew);
  return status;
}

sigjmp_buf *csizer_child_after_fault_of_crew(void) {
  if (!crew) return NULL;
  const int thread = (int)syscall(SYS_gettid);
  sigjmp_buf *place = csizer_crew_after_fault(crew, thread);
  // None but the first has anywhere else to go on.
  if (!place && thread != (int)syscall(SYS_getpid)) syscall(SYS_exit_group, 1);
  return place;
}
