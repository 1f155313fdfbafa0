// SPDX-License-Identifier: Apache-2.0
#ifndef CSIZER_LATE_ACTS_H
#define CSIZER_LATE_ACTS_H
#include <stdbool.h>
#include <stdint.h>

// What a signal handler can't do, because its thread was interrupted inside of its line or of what the shards guard
// (shards.h): somebody may be waiting for just that, and nobody else can end it. It is noted, and done by whoever holds
// the address's shard next: before anything else is born or found there, before a holder looks, and when the
// interrupted thread leaves the shards.

/// What is done of an address later, and the moment when it was noted. Holding the address's shard, or all.
typedef void (*csizer_late_act)(uintptr_t address, uint64_t moment);

/// How many acts are noted, at least, and by LATE_OTHERS whether an object's end needs its shard for another reason:
/// 0, as it nearly always is, when the line is enough. Atomic.
extern uint32_t csizer_ends_by_shard;
#define LATE_OTHERS ((uint32_t)1 << 31)

static inline bool ends_need_shards(void) {
  return __builtin_expect(__atomic_load_n(&csizer_ends_by_shard, __ATOMIC_ACQUIRE) != 0, 0);
}
static inline bool late_acts_are_noted(void) {
  return __builtin_expect((__atomic_load_n(&csizer_ends_by_shard, __ATOMIC_ACQUIRE) & ~LATE_OTHERS) != 0, 0);
}

/// Says whether an object's end needs its shard anyway. Holding all shards.
void csizer_ends_need_shards(bool they_need);

/// Whether the act is noted now, was already, or can't be: the system refuses memory.
typedef enum csizer_late_answer { LATE_NOTED, LATE_KNOWN, LATE_REFUSED } csizer_late_answer;

/// Notes an act, once for each address. Waits for nobody.
csizer_late_answer csizer_late_note(uintptr_t address, csizer_late_act act);

/// Takes it back, unless it was done.
void csizer_late_withdraw(uintptr_t address, csizer_late_act act);

/// As csizer_late_settle, when there are any.
void csizer_late_do(unsigned shard);

/// Does what was noted of a shard's addresses, or of all with SHARD_COUNT. Holding it, or all.
static inline void csizer_late_settle(unsigned shard) {
  if (late_acts_are_noted()) csizer_late_do(shard);
}

/// In a child of a fork, whose parent's other threads may have been about to note something. Holding all shards.
void csizer_late_survive_fork(void);

#endif
