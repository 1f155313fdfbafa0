// SPDX-License-Identifier: Apache-2.0
#ifndef CSIZER_LATE_DEATHS_H
#define CSIZER_LATE_DEATHS_H
#include <stdbool.h>
#include <stdint.h>

// Deaths that a signal handler can't record, because its thread was interrupted inside of its line: who holds all
// shards may be waiting for just that, and the handler must not wait for a shard in turn. They are noted, and recorded
// by whoever holds the address's shard next: before anything else is born or found there, and before a holder looks.

/// How many are noted, at least. Atomic; 0 nearly always.
extern uint32_t csizer_late_deaths_noted;
static inline bool late_deaths_are_noted(void) {
  return __builtin_expect(__atomic_load_n(&csizer_late_deaths_noted, __ATOMIC_ACQUIRE) != 0, 0);
}

/// Notes that the object at an address dies now, once for each object, and what records that. False: there is no room
/// left.
bool csizer_late_deaths_note(uintptr_t address, void (*record)(uintptr_t address, uint64_t end));

/// As csizer_late_deaths_settle, when there are any.
void csizer_late_deaths_record(unsigned shard);

/// Records those of a shard, or of all with SHARD_COUNT, which are noted no more then. Holding it, or all.
static inline void csizer_late_deaths_settle(unsigned shard) {
  if (late_deaths_are_noted()) csizer_late_deaths_record(shard);
}

#endif
