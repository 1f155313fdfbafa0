// SPDX-License-Identifier: Apache-2.0
#ifndef CSIZER_SHARDS_H
#define CSIZER_SHARDS_H
#include <stdbool.h>
#include <stdint.h>

#include "lifetimes/late_acts.h"
#include "platform/hash.h"

// The locks of tracking. An address belongs to one of SHARD_COUNT shards; who reads or writes what is known of a
// tracked object holds its shard, or is inside of its own line (lines.h), which most births and deaths are. Who changes
// what is tracked, or needs all objects to stay, holds all shards, and with them all lines. So births and deaths of
// different objects seldom meet, and nobody is born or freed while a snapshot holds them.
//
// A signal handler may come at any moment, and what it does must not wait for a lock that its own thread has, nor touch
// what that was about to change: the thread counts how deep it is inside, and what it can't do then is done later
// (late_acts.h).

enum { SHARD_BITS = 5, SHARD_COUNT = 1 << SHARD_BITS, SHARD_UNIT_SHIFT = 10 };

/// Spreads addresses: objects lie 16 bytes apart or more. The top bits choose the shard, the next ones the place in it.
///
/// A shard is of whole units of the heap map (heapmap_internal.h).
static inline uint64_t shard_hash(uintptr_t address) {
  const uint64_t top = ~(uint64_t)0 << (64 - SHARD_BITS);
  return (hash_word(address >> SHARD_UNIT_SHIFT) & top) | (hash_word(address >> 4) & ~top);
}
static inline unsigned shard_of(uint64_t hash) { return (unsigned)(hash >> (64 - SHARD_BITS)); }

/// One process has one heap, so there is one set of locks. A cache line each: neighbours are taken by different
/// threads. They stand in the open because each birth and death of a tracked object takes one.
typedef struct csizer_shard {
  int taken;
  int wanted;  // by so many that take all of them: everybody else stands back, or a busy shard would never be theirs
} __attribute__((aligned(64))) csizer_shard;
extern csizer_shard csizer_shard_locks[SHARD_COUNT];

// Relaxed: it says who stands back, and what a shard guards is ordered by `taken`.
static inline bool shard_is_wanted(unsigned shard) {
  return __atomic_load_n(&csizer_shard_locks[shard].wanted, __ATOMIC_RELAXED) != 0;
}

/// How often the calling thread holds all of them.
extern _Thread_local unsigned csizer_shard_holds;

/// How many locks of this folder the calling thread is taking, has, or is giving back. 0, too, while it holds all for
/// those above (csizer_lifetimes_hold), who change nothing that the shards guard.
extern _Thread_local __attribute__((tls_model("initial-exec"))) unsigned csizer_shard_depth;

/// Whether what the calling thread does comes from a signal handler and may neither wait for a shard nor change what it
/// guards.
static inline bool shards_are_entered(void) { return __builtin_expect(csizer_shard_depth != 0, 0); }

static inline void shards_enter(void) {
  csizer_shard_depth++;
  __atomic_signal_fence(__ATOMIC_SEQ_CST);
}

/// Does what handlers have noted meanwhile.
void csizer_shards_catch_up(void);

static inline void shards_leave(void) {
  __atomic_signal_fence(__ATOMIC_SEQ_CST);
  csizer_shard_depth--;
  __atomic_signal_fence(__ATOMIC_SEQ_CST);
  if (late_acts_are_noted()) csizer_shards_catch_up();
}

/// Takes a shard that was found taken.
void csizer_shard_wait(unsigned shard);

/// As csizer_shard_lock.
static inline void shard_lock(unsigned shard) {
  shards_enter();
  if (__builtin_expect(csizer_shard_holds != 0, 0)) return;
  if (__builtin_expect(shard_is_wanted(shard) ||
                           __atomic_exchange_n(&csizer_shard_locks[shard].taken, 1, __ATOMIC_ACQUIRE) != 0, 0))
    csizer_shard_wait(shard);
}

static inline void shard_unlock(unsigned shard) {
  if (__builtin_expect(csizer_shard_holds == 0, 1))
    __atomic_store_n(&csizer_shard_locks[shard].taken, 0, __ATOMIC_RELEASE);
  shards_leave();
}

/// Takes one shard's lock, unless the calling thread holds all of them. Never allocates; waiting threads give up their
/// processor.
void csizer_shard_lock(unsigned shard);
void csizer_shard_unlock(unsigned shard);

/// Takes all locks, in order; nests. The calling thread only. Where others wait for a single one they
/// have as long as all were held before, 2 ms at most.
void csizer_shards_hold(void);
void csizer_shards_release(void);

/// Whether the calling thread holds all locks: what it makes meanwhile is the profiler's own and is not tracked.
bool csizer_shards_held(void);

#endif
