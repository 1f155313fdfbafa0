// SPDX-License-Identifier: Apache-2.0
// The locks of tracking: one for a birth or a death, all of them to hold.
#define _GNU_SOURCE
#include "lifetimes/shards.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

csizer_shard csizer_shard_locks[SHARD_COUNT];
_Thread_local unsigned csizer_shard_holds;

static bool try_lock(unsigned shard) {
  return !__atomic_load_n(&csizer_shard_locks[shard].taken, __ATOMIC_RELAXED) &&
         !__atomic_exchange_n(&csizer_shard_locks[shard].taken, 1, __ATOMIC_ACQUIRE);
}

// A birth holds a shard for some ten nanoseconds; a snapshot holds them for as long as it takes.
static void pause_before(unsigned try) {
  if (try < 64) {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#endif
  } else if (try < 80) {
    sched_yield();
  } else {
    const struct timespec moment = {0, 50000};
    syscall(SYS_nanosleep, &moment, NULL);  // libc's ends a cancelled thread, and with it the locks it holds
  }
}

__attribute__((noinline)) void csizer_shard_wait(unsigned shard) {
  int error_before = errno;  // the program's: it made or freed an object, it called nothing that may set it
  for (unsigned tries = 0; shard_is_wanted(shard) || !try_lock(shard); tries++) pause_before(tries);
  errno = error_before;
}

static __attribute__((noinline)) void insist_on(unsigned shard) {
  int error_before = errno;
  __atomic_fetch_add(&csizer_shard_locks[shard].wanted, 1, __ATOMIC_RELAXED);
  for (unsigned tries = 0; !try_lock(shard); tries++) pause_before(tries);
  __atomic_fetch_sub(&csizer_shard_locks[shard].wanted, 1, __ATOMIC_RELAXED);
  errno = error_before;
}

void csizer_shard_lock(unsigned shard) { shard_lock(shard); }
void csizer_shard_unlock(unsigned shard) { shard_unlock(shard); }

void csizer_shards_hold(void) {
  if (!csizer_shard_holds)
    for (unsigned i = 0; i < SHARD_COUNT; i++)
      if (!try_lock(i)) insist_on(i);
  csizer_shard_holds++;
}

void csizer_shards_release(void) {
  if (--csizer_shard_holds) return;
  for (unsigned i = 0; i < SHARD_COUNT; i++) csizer_shard_unlock(i);
}

bool csizer_shards_held(void) { return csizer_shard_holds != 0; }

// Whoever waited for all of them in the parent is not there.
static void release_in_child(void) {
  for (unsigned i = 0; i < SHARD_COUNT; i++) csizer_shard_locks[i].wanted = 0;
  csizer_shards_release();
}

// A child has only the thread that forked: a lock that another one held would be held in it for ever.
__attribute__((constructor)) static void survive_forks(void) {
  pthread_atfork(csizer_shards_hold, csizer_shards_release, release_in_child);
}
