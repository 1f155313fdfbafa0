// SPDX-License-Identifier: Apache-2.0
// Deaths that signal handlers note and others record: a list without a lock.
#include "lifetimes/late_deaths.h"

#include "lifetimes/shards.h"
#include "platform/clock.h"

enum { ROOM = 256, EMPTY = 0, TAKEN = 1 };

// The address is EMPTY, TAKEN by who is filling it in, or an object's. Emptied by who holds its shard.
typedef struct late_death {
  uintptr_t address;
  uint64_t end;
  void (*record)(uintptr_t address, uint64_t end);
} late_death;

static late_death list[ROOM];
uint32_t csizer_late_deaths_noted;

// A death is told twice, when the object's deinit begins and when its memory is given back.
static bool is_noted(uintptr_t address) {
  for (size_t i = 0; late_deaths_are_noted() && i < ROOM; i++)
    if (__atomic_load_n(&list[i].address, __ATOMIC_RELAXED) == address) return true;
  return false;
}

bool csizer_late_deaths_note(uintptr_t address, void (*record)(uintptr_t address, uint64_t end)) {
  if (is_noted(address)) return true;
  for (size_t i = 0; i < ROOM; i++) {
    uintptr_t found = EMPTY;
    if (!__atomic_compare_exchange_n(&list[i].address, &found, TAKEN, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
      continue;
    list[i].end = clock_ticks();
    list[i].record = record;
    // Counted first: who sees it and does not find the death yet came before that was noted.
    __atomic_fetch_add(&csizer_late_deaths_noted, 1, __ATOMIC_RELEASE);
    __atomic_store_n(&list[i].address, address, __ATOMIC_RELEASE);
    return true;
  }
  return false;
}

void csizer_late_deaths_record(unsigned shard) {
  for (size_t i = 0; late_deaths_are_noted() && i < ROOM; i++) {
    const uintptr_t address = __atomic_load_n(&list[i].address, __ATOMIC_ACQUIRE);
    if (address == EMPTY || address == TAKEN) continue;
    if (shard != SHARD_COUNT && shard_of(shard_hash(address)) != shard) continue;
    list[i].record(address, list[i].end);
    __atomic_store_n(&list[i].address, EMPTY, __ATOMIC_RELEASE);
    __atomic_fetch_sub(&csizer_late_deaths_noted, 1, __ATOMIC_RELEASE);
  }
}
