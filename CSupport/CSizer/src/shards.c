// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include "shards.h"

#include <pthread.h>
#include <sched.h>
#include <time.h>

// One process has one heap, so there is one set of locks. A cache line each: neighbours are taken by different threads.
static struct {
  int taken;
} __attribute__((aligned(64))) shards[SHARD_COUNT];

// How often the calling thread holds all of them.
static _Thread_local unsigned holds;

static bool try_lock(unsigned shard) {
  return !__atomic_load_n(&shards[shard].taken, __ATOMIC_RELAXED) &&
         !__atomic_exchange_n(&shards[shard].taken, 1, __ATOMIC_ACQUIRE);
}

// A birth holds a shard for some ten nanoseconds; a snapshot holds them for as long as it takes.
static __attribute__((noinline)) void wait_for(unsigned shard) {
  for (unsigned tries = 0; !try_lock(shard); tries++) {
    if (tries < 64) {
#if defined(__x86_64__)
      __builtin_ia32_pause();
#endif
    } else if (tries < 256) {
      sched_yield();
    } else {
      struct timespec moment = {0, 50000};
      nanosleep(&moment, NULL);
    }
  }
}

void csizer_shard_lock(unsigned shard) {
  if (__builtin_expect(holds != 0, 0)) return;
  if (__builtin_expect(__atomic_exchange_n(&shards[shard].taken, 1, __ATOMIC_ACQUIRE) != 0, 0)) wait_for(shard);
}

void csizer_shard_unlock(unsigned shard) {
  if (__builtin_expect(holds != 0, 0)) return;
  __atomic_store_n(&shards[shard].taken, 0, __ATOMIC_RELEASE);
}

void csizer_shards_hold(void) {
  if (!holds)
    for (unsigned i = 0; i < SHARD_COUNT; i++) csizer_shard_lock(i);
  holds++;
}

void csizer_shards_release(void) {
  if (--holds) return;
  for (unsigned i = 0; i < SHARD_COUNT; i++) csizer_shard_unlock(i);
}

bool csizer_shards_held(void) { return holds != 0; }

// A child has only the thread that forked: a lock that another one held would be held in it for ever.
__attribute__((constructor)) static void survive_forks(void) {
  pthread_atfork(csizer_shards_hold, csizer_shards_release, csizer_shards_release);
}
