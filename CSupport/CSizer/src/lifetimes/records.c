// SPDX-License-Identifier: Apache-2.0
// The trackers there are, and their records: one for each object that was ever tracked.
#include "lifetimes/lifetimes_internal.h"

// The trackers there are, by number: the living index has room for a number, not for an address. Holding all shards to
// change.
csizer_lifetimes *csizer_trackers[TRACKER_LIMIT];
uint32_t csizer_trackers_end;

// Read at every allocation of the process; written holding all shards.
bool csizer_births_are_tracked;
bool csizer_deaths_are_tracked;

void csizer_lifetimes_each(bool (*visit)(void *context, csizer_lifetimes *lifetimes), void *context) {
  for (uint32_t i = 0; i < csizer_trackers_end; i++)
    if (csizer_trackers[i] && !visit(context, csizer_trackers[i])) return;
}

bool csizer_lifetimes_take_number(csizer_lifetimes *lifetimes) {
  uint32_t number = 0;
  while (number < csizer_trackers_end && csizer_trackers[number]) number++;
  if (number == TRACKER_LIMIT) return false;
  if (number == csizer_trackers_end) csizer_trackers_end++;
  csizer_trackers[number] = lifetimes;
  lifetimes->number = number;
  return true;
}

// Threads that hold different shards may need the same chunk.
static bool make_chunk(csizer_lifetimes *lifetimes, uint32_t number) {
  lifetime_record **place = &lifetimes->chunks[number >> CHUNK_SHIFT], *other = NULL;
  if (__builtin_expect(__atomic_load_n(place, __ATOMIC_ACQUIRE) != NULL, 1)) return true;
  lifetime_record *chunk = csizer_pages_map(CHUNK_RECORDS * sizeof *chunk);
  if (!chunk) return false;
  if (!__atomic_compare_exchange_n(place, &other, chunk, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
    csizer_pages_unmap(chunk, CHUNK_RECORDS * sizeof *chunk);
  return true;
}

lifetime_record *csizer_lifetimes_append(csizer_lifetimes *lifetimes, uint32_t *ret_number) {
  // A number is taken only when its chunk is there: one that was taken can't be given back, and readers would meet it.
  uint32_t number = __atomic_load_n(&lifetimes->count, __ATOMIC_RELAXED);
  do {
    if (__builtin_expect(number >= RECORD_LIMIT || !make_chunk(lifetimes, number), 0)) return NULL;
  } while (
      !__atomic_compare_exchange_n(&lifetimes->count, &number, number + 1, true, __ATOMIC_RELAXED, __ATOMIC_RELAXED));
  *ret_number = number;
  return lifetime_record_at(lifetimes, number);
}

uint32_t csizer_lifetimes_count(const csizer_lifetimes *lifetimes) {
  return __atomic_load_n(&lifetimes->count, __ATOMIC_RELAXED);
}

uint64_t csizer_lifetimes_lost(const csizer_lifetimes *lifetimes) {
  return __atomic_load_n(&lifetimes->lost, __ATOMIC_RELAXED);
}

csizer_lifetime csizer_lifetimes_read(const csizer_lifetimes *lifetimes, uint32_t number) {
  const lifetime_record *record =
      number < csizer_lifetimes_count(lifetimes) ? lifetime_record_at(lifetimes, number) : NULL;
  csizer_lifetime lifetime = {.fate = CSIZER_RELEASED};
  if (record) lifetime.birth = __atomic_load_n(&record->birth, __ATOMIC_ACQUIRE);
  if (!lifetime.birth) return lifetime;
  uint64_t end = lifetime_end(record);
  lifetime.cohort = record->cohort;
  lifetime.trace = record->trace;
  if (end & LIFETIME_TRACKED) {
    lifetime.fate = CSIZER_ALIVE;
    lifetime.address = end & ~LIFETIME_TRACKED;
  } else {
    lifetime.fate = end & LIFETIME_RELEASED ? CSIZER_RELEASED : CSIZER_DEAD;
    lifetime.end = end & ~LIFETIME_RELEASED;
  }
  return lifetime;
}
