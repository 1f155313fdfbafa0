// SPDX-License-Identifier: Apache-2.0
#ifndef CSIZER_SHARDS_H
#define CSIZER_SHARDS_H
#include <stdbool.h>
#include <stdint.h>

// The locks of tracking. An address belongs to one of SHARD_COUNT shards; who reads or writes what is known of a tracked object holds
// its shard. Who changes what is tracked, or needs all objects to stay, holds all shards. So births and deaths of different
// objects seldom meet, and nobody is born or freed while a snapshot holds them.

enum { SHARD_BITS = 5, SHARD_COUNT = 1 << SHARD_BITS };

/// Spreads addresses: objects lie 16 bytes apart or more. The top bits choose the shard, the next ones the place in it.
static inline uint64_t shard_hash(uintptr_t address) { return (address >> 4) * 0x9E3779B97F4A7C15u; }
static inline unsigned shard_of(uint64_t hash) { return (unsigned)(hash >> (64 - SHARD_BITS)); }

/// Takes one shard's lock, unless the calling thread holds all of them. Never allocates; waiting threads give up their processor.
void csizer_shard_lock(unsigned shard);
void csizer_shard_unlock(unsigned shard);

/// Takes all locks, in order; nests. The calling thread only.
void csizer_shards_hold(void);
void csizer_shards_release(void);

/// Whether the calling thread holds all locks: what it makes meanwhile is the profiler's own and is not tracked.
bool csizer_shards_held(void);

#endif
