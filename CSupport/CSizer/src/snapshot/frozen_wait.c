// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include <errno.h>
#include <linux/futex.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "csizer_frozen.h"
#include "platform/clock.h"
#include "snapshot/frozen_child.h"
#include "snapshot/sizing_internal.h"

// What the parent does while its child works: it waits, and sees to it that neither a stuck child nor the memory that
// the image costs hurts the host.

// Whether the child is gone, and how; a host that waits for all kinds of children may have been first: then nobody
// knows.
static bool has_ended(csizer_child child, int options, int *ret_how) {
  pid_t ended;
  while ((ended = waitpid(child.process, ret_how, options | __WCLONE)) < 0 && errno == EINTR) {}
  if (ended < 0) *ret_how = 0;
  return ended == child.process || (ended < 0 && errno == ECHILD);
}

/// What a child tells.
typedef struct signs {
  const uint32_t *is_done, *steps;
} signs;

static bool is_done(const signs *signs) { return __atomic_load_n(signs->is_done, __ATOMIC_ACQUIRE) != 0; }

// It may have been stopped by somebody.
static void end(csizer_child child) {
  int how;
  if (has_ended(child, WNOHANG, &how)) return;
  kill(child.process, SIGKILL);
  has_ended(child, 0, &how);
}

// The kernel kills with SIGKILL; who was reaped by the host may have been killed.
static csizer_child_end why(const signs *signs, csizer_headroom *headroom, int how) {
  if (is_done(signs)) return CSIZER_CHILD_DONE;
  bool may_be_kernel = how == 0 || (WIFSIGNALED(how) && WTERMSIG(how) == SIGKILL);
  if (headroom && may_be_kernel && csizer_headroom_was_killed(headroom)) return CSIZER_CHILD_KILLED_FOR_MEMORY;
  return CSIZER_CHILD_DIED;
}

// Ends a child that does not go on by itself: what it did by then may be all.
static csizer_child_end give_up(const signs *signs, csizer_child child, csizer_child_end reason) {
  end(child);
  return is_done(signs) ? CSIZER_CHILD_DONE : reason;
}

/// How far the child was when it was last looked at.
typedef struct progress {
  uint32_t steps;
  uint64_t idle, last_look;
} progress;

// For how long it made no step. The whole of a program may be stopped and go on much later: that is no time that the
// child had.
static uint64_t idle_time(const signs *signs, progress *before, uint64_t slice) {
  // Relaxed: whether it has changed is all that is asked.
  uint32_t steps = __atomic_load_n(signs->steps, __ATOMIC_RELAXED);
  uint64_t now = clock_monotonic(), passed = now - before->last_look;
  before->last_look = now;
  before->idle = steps != before->steps ? 0 : before->idle + (passed < 4 * slice ? passed : 4 * slice);
  before->steps = steps;
  return before->idle;
}

csizer_child_end csizer_child_await(const uint32_t *told_done, const uint32_t *told_steps, csizer_child child,
                                    uint64_t patience, csizer_headroom *headroom) {
  const signs told = {told_done, told_steps}, *signs = &told;
  enum { SLICE = 5000000, SHORT_SLICE = 1000000 };  // a child that is killed can't ring
  progress progress = {.last_look = clock_monotonic()};
  csizer_room room = CSIZER_ROOM_NEAR;
  int how;
  while (!is_done(signs)) {
    struct timespec slice = {0, room == CSIZER_ROOM_AMPLE ? SLICE : SHORT_SLICE};
    syscall(SYS_futex, told_done, FUTEX_WAIT, 0, &slice, NULL, 0);
    if (is_done(signs)) break;
    if (has_ended(child, WNOHANG, &how)) return why(signs, headroom, how);
    room = headroom ? csizer_headroom_look(headroom) : CSIZER_ROOM_AMPLE;
    if (room == CSIZER_ROOM_SHORT) {
      csizer_headroom_learn(false);
      return give_up(signs, child, CSIZER_CHILD_NO_ROOM);
    }
    if (idle_time(signs, &progress, SLICE) > patience) return give_up(signs, child, CSIZER_CHILD_STUCK);
  }
  end(child);
  csizer_headroom_learn(true);
  return CSIZER_CHILD_DONE;
}

csizer_child_end csizer_frozen_await(csizer_sizing *sizing, csizer_child child, uint64_t patience,
                                     csizer_headroom *headroom) {
  return csizer_child_await(&sizing->is_done, &sizing->steps, child, patience, headroom);
}

csizer_frozen_report csizer_frozen_report_of(const csizer_sizing *sizing) { return sizing->report; }
