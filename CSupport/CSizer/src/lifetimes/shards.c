// SPDX-License-Identifier: Apache-2.0
// The locks of tracking: one for a birth or a death that has no line, all of them to hold.
#define _GNU_SOURCE
#include "lifetimes/shards.h"

#include <errno.h>
#include <pthread.h>

#include "lifetimes/lines.h"
#include "platform/backoff.h"
#include "platform/clock.h"

csizer_shard csizer_shard_locks[SHARD_COUNT];
_Thread_local unsigned csizer_shard_holds;
_Thread_local __attribute__((tls_model("initial-exec"))) unsigned csizer_shard_depth;

// Threads that found a shard taken and wait, and how many such waits have ended. Atomic, and relaxed like `wanted`:
// these say who waits; what a lock guards is ordered by `taken`.
static unsigned waiting, served;

static bool try_lock(unsigned shard) {
  return !__atomic_load_n(&csizer_shard_locks[shard].taken, __ATOMIC_RELAXED) &&
         !__atomic_exchange_n(&csizer_shard_locks[shard].taken, 1, __ATOMIC_ACQUIRE);
}

// A birth holds a shard for some ten nanoseconds; a snapshot holds them for as long as it takes.
__attribute__((noinline)) void csizer_shard_wait(unsigned shard) {
  int error_before = errno;  // the program's: it made or freed an object, it called nothing that may set it
  __atomic_fetch_add(&waiting, 1, __ATOMIC_RELAXED);
  for (unsigned tries = 0; shard_is_wanted(shard) || !try_lock(shard); tries++) csizer_backoff(tries);
  __atomic_fetch_sub(&waiting, 1, __ATOMIC_RELAXED);
  __atomic_fetch_add(&served, 1, __ATOMIC_RELAXED);
  errno = error_before;
}

static __attribute__((noinline)) void insist_on(unsigned shard) {
  int error_before = errno;
  __atomic_fetch_add(&csizer_shard_locks[shard].wanted, 1, __ATOMIC_RELAXED);
  for (unsigned tries = 0; !try_lock(shard); tries++) csizer_backoff(tries);
  __atomic_fetch_sub(&csizer_shard_locks[shard].wanted, 1, __ATOMIC_RELAXED);
  errno = error_before;
}

// Nanoseconds: for how long all were held since others last had a chance, and since when they are held. Atomic;
// written by who holds all.
static uint64_t owed, held_since;

enum { LEAST_DEBT = 50000, MOST_DEBT = 2000000 };

// Who takes all of them again and again would always be back before a thread that sleeps meanwhile: it gives those who
// wait as long as it had, or until all of them were in.
static void let_others_in(void) {
  unsigned before = __atomic_load_n(&served, __ATOMIC_RELAXED), due = __atomic_load_n(&waiting, __ATOMIC_RELAXED);
  uint64_t debt = __atomic_load_n(&owed, __ATOMIC_RELAXED);
  if (!due || debt < LEAST_DEBT) return;
  __atomic_store_n(&owed, 0, __ATOMIC_RELAXED);
  int error_before = errno;
  uint64_t end = clock_monotonic() + (debt < MOST_DEBT ? debt : MOST_DEBT);
  unsigned tries = 0;
  while (__atomic_load_n(&served, __ATOMIC_RELAXED) - before < due && clock_monotonic() < end) csizer_backoff(tries++);
  errno = error_before;
}

void csizer_shard_lock(unsigned shard) { shard_lock(shard); }
void csizer_shard_unlock(unsigned shard) { shard_unlock(shard); }

void csizer_shards_hold(void) {
  shards_enter();
  if (!csizer_shard_holds) {
    let_others_in();
    for (unsigned i = 0; i < SHARD_COUNT; i++)
      if (!try_lock(i)) insist_on(i);
    csizer_lines_hold();
    __atomic_store_n(&held_since, clock_monotonic(), __ATOMIC_RELAXED);
  }
  if (!csizer_shard_holds++) csizer_late_settle(SHARD_COUNT);
}

static void give_all(void) {
  __atomic_thread_fence(__ATOMIC_SEQ_CST);  // behind the numbers that were taken away (deaths.c, end_later)
  csizer_late_settle(SHARD_COUNT);  // what was noted of objects that nobody tracks any more must not outlive them
  csizer_shard_holds = 0;
  csizer_lines_release();
  __atomic_fetch_add(&owed, clock_monotonic() - __atomic_load_n(&held_since, __ATOMIC_RELAXED), __ATOMIC_RELAXED);
  for (unsigned i = 0; i < SHARD_COUNT; i++) __atomic_store_n(&csizer_shard_locks[i].taken, 0, __ATOMIC_RELEASE);
}

static void release_once(void) {
  if (csizer_shard_holds == 1) give_all();
  else csizer_shard_holds--;
}

void csizer_shards_release(void) {
  release_once();
  shards_leave();
}

// Once: what is noted from here on is left to whoever comes next.
__attribute__((noinline)) void csizer_shards_catch_up(void) {
  if (csizer_shard_depth || line_is_busy()) return;
  csizer_shards_hold();
  csizer_late_settle(SHARD_COUNT);  // not done by who holds them anyway
  release_once();
  __atomic_signal_fence(__ATOMIC_SEQ_CST);
  csizer_shard_depth--;
}

bool csizer_shards_held(void) { return csizer_shard_holds != 0; }

// Whoever waited for all of them in the parent is not there.
static void release_in_child(void) {
  for (unsigned i = 0; i < SHARD_COUNT; i++) csizer_shard_locks[i].wanted = 0;
  waiting = 0;
  csizer_lines_survive_fork();
  csizer_late_survive_fork();
  csizer_shards_release();
}

// A child has only the thread that forked: a lock that another one held would be held in it for ever.
__attribute__((constructor)) static void survive_forks(void) {
  pthread_atfork(csizer_shards_hold, csizer_shards_release, release_in_child);
}
