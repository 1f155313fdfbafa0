// SPDX-License-Identifier: Apache-2.0
// The lines of threads: made at a thread's first birth or death, free when it ends, and used again.
#define _GNU_SOURCE
#include "lifetimes/lines.h"

#include <errno.h>
#include <pthread.h>
#include <unistd.h>

#include "lifetimes/shards.h"
#include "platform/membarrier.h"
#include "platform/pages.h"
#include "platform/spin.h"

_Thread_local __attribute__((tls_model("initial-exec"))) csizer_line *csizer_line_own;
int csizer_lines_held;
_Thread_local __attribute__((tls_model("initial-exec"))) bool csizer_lines_are_own;

// All lines that were ever made, as many as threads that tracked something at the same time, and those of them that are
// free. Under the lock, which whoever holds all shards keeps.
static csizer_line *lines, *free_lines;
static csizer_spin lock;

static void set_free(csizer_line *line) {
  line->is_free = true;
  line->is_busy = 0;  // its thread may have ended in the middle
  line->next_free = free_lines;
  free_lines = line;
}

// ---- A thread's end ----

static pthread_key_t at_exit;
static bool has_key;  // written once, before there are threads

// Destructors that run later may make objects: the thread gets a line again, and this is called again.
static void leave(void *line) {
  csizer_line_own = NULL;
  shards_enter();
  csizer_spin_take(&lock);
  set_free(line);
  csizer_spin_give(&lock);
  shards_leave();
}

// A thread has room for its first 32 keys, for later ones it allocates, and a birth must not (glibc,
// pthread_setspecific.c).
__attribute__((constructor(101))) static void make_key(void) {
  enum { WITHOUT_MEMORY = 32 };
  if (pthread_key_create(&at_exit, leave)) return;
  has_key = at_exit < WITHOUT_MEMORY;
  if (!has_key) pthread_key_delete(at_exit);
}

// ---- Lines ----

static csizer_line *take_free(void) {
  if (!free_lines) {
    const size_t room = (size_t)sysconf(_SC_PAGESIZE) / sizeof(csizer_line);  // a page of them
    csizer_line *made = csizer_pages_map(room * sizeof *made);
    if (!made) return NULL;
    for (size_t i = 0; i < room; i++) {
      made[i].next = lines;
      lines = &made[i];
      set_free(&made[i]);
    }
  }
  csizer_line *line = free_lines;
  free_lines = line->next_free;
  line->is_free = false;
  return line;
}

const char *csizer_lines_reason(void) {
  if (!csizer_membarrier_is_there()) return "the system refuses membarrier(2)";
  if (!has_key) return "the thread keys that take no memory were taken before Sizer came (pthread_key_create)";
  return "";
}

csizer_line *csizer_line_make(void) {
  if (csizer_line_own || *csizer_lines_reason()) return csizer_line_own;
  int error_before = errno;  // the program's
  shards_enter();
  csizer_spin_take(&lock);
  csizer_line *line = take_free();
  csizer_spin_give(&lock);
  if (line && pthread_setspecific(at_exit, line) != 0) {
    leave(line);
    line = NULL;
  }
  csizer_line_own = line;
  errno = error_before;
  shards_leave();
  return line;
}

void csizer_lines_each(void (*visit)(void *context, csizer_line *line), void *context) {
  for (csizer_line *line = lines; line; line = line->next) visit(context, line);
}

// ---- Holding ----

static bool are_others(void) {
  for (const csizer_line *line = lines; line; line = line->next)
    if (!line->is_free && line != csizer_line_own) return true;
  return false;
}

// A filter of system calls came later than the question whether there is a barrier: stores become visible by
// themselves, in far less than these 50 µs each. It is the last time: all lines stay held from now on.
static void wait_instead(void) {
  enum { SLEEPS = 80 };
  for (unsigned tries = 0; tries < 10; tries++) csizer_backoff(SLEEPS);
}

static void wait_for_others(void) {
  if (!csizer_membarrier_pass()) wait_instead();
  // The calling thread is busy if this is a signal handler's doing: nobody else is to be waited for then.
  for (const csizer_line *line = lines; line; line = line->next)
    for (unsigned tries = 0; line != csizer_line_own && __atomic_load_n(&line->is_busy, __ATOMIC_ACQUIRE); tries++)
      csizer_backoff(tries);
}

void csizer_lines_hold(void) {
  int error_before = errno;
  csizer_spin_take(&lock);
  csizer_lines_are_own = true;
  __atomic_signal_fence(__ATOMIC_SEQ_CST);
  const bool are_out = __atomic_exchange_n(&csizer_lines_held, LINES_OUT, __ATOMIC_SEQ_CST);
  if (!are_out && are_others()) wait_for_others();
  __atomic_store_n(&csizer_lines_held, LINES_HELD, __ATOMIC_RELEASE);
  errno = error_before;
}

void csizer_lines_release(void) {
  __atomic_store_n(&csizer_lines_held, csizer_membarrier_is_there() ? LINES_IN : LINES_OUT, __ATOMIC_RELEASE);
  __atomic_signal_fence(__ATOMIC_SEQ_CST);
  csizer_lines_are_own = false;
  csizer_spin_give(&lock);
}

// A thread of the parent's may just have been about to see that it must stay out.
void csizer_lines_survive_fork(void) {
  for (csizer_line *line = lines; line; line = line->next)
    if (line != csizer_line_own && !line->is_free) set_free(line);
}
