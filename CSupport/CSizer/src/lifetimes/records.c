// SPDX-License-Identifier: Apache-2.0
// The trackers there are, and their records: one for each object that was ever tracked.
#include "lifetimes/numbers.h"
#include "platform/spin.h"

// The trackers there are, by number: the living index has room for a number, not for an address. Holding all shards to
// change.
csizer_lifetimes *csizer_trackers[TRACKER_LIMIT];
uint32_t csizer_trackers_end;

// Read at every allocation of the process; written holding all shards.
bool csizer_births_are_tracked;
bool csizer_deaths_are_tracked;
uint64_t csizer_lifetimes_missed;

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

// ---- Slots ----

// Threads that hold different shards may need the same chunk. A fork holds all shards: nobody is in here then.
static csizer_spin making;

static bool map_chunk(csizer_lifetimes *lifetimes, uint32_t slot) {
  lifetime_chunk *chunk = &lifetimes->chunks[slot >> CHUNK_SHIFT];
  if (chunk->records) return true;
  lifetime_record *records = csizer_pages_map(CHUNK_RECORDS * sizeof *records);
  if (!records) return false;
  if (slot >= CHUNK_RECORDS) csizer_pages_touch(records, CHUNK_RECORDS * sizeof *records);  // the first may be the last
  chunk->number = csizer_numbers_add(records, lifetimes, slot & ~(uint32_t)(CHUNK_RECORDS - 1));
  __atomic_store_n(&chunk->records, records, __ATOMIC_RELEASE);
  return true;
}

static bool make_chunk(csizer_lifetimes *lifetimes, uint32_t slot) {
  if (__builtin_expect(lifetime_record_at(lifetimes, slot) != NULL, 1)) return true;
  csizer_spin_take(&making);
  bool is_there = map_chunk(lifetimes, slot);
  csizer_spin_give(&making);
  return is_there;
}

uint32_t csizer_lifetimes_take_slots(csizer_lifetimes *lifetimes, uint32_t wish, uint32_t *ret_first) {
  // Slots are taken only when their chunk is there: readers would meet them. The count itself orders nothing: a reader
  // acquires the chunk, and takes a record only with its birth, which is released last.
  uint32_t slot = __atomic_load_n(&lifetimes->slot_count, __ATOMIC_RELAXED), count;
  do {
    if (__builtin_expect(slot >= RECORD_LIMIT || !make_chunk(lifetimes, slot), 0)) return 0;
    const uint32_t left = CHUNK_RECORDS - (slot & (CHUNK_RECORDS - 1));
    count = wish < left ? wish : left;
    if (count > RECORD_LIMIT - slot) count = RECORD_LIMIT - slot;
  } while (!__atomic_compare_exchange_n(&lifetimes->slot_count, &slot, slot + count, true, __ATOMIC_RELAXED,
                                        __ATOMIC_RELAXED));
  *ret_first = slot;
  return count;
}

lifetime_record *csizer_lifetimes_append(csizer_lifetimes *lifetimes, uint32_t *ret_slot) {
  return csizer_lifetimes_take_slots(lifetimes, 1, ret_slot) ? lifetime_record_at(lifetimes, *ret_slot) : NULL;
}

void csizer_lifetimes_free_records(csizer_lifetimes *lifetimes) {
  for (size_t i = 0; i < CHUNK_LIMIT && lifetimes->chunks[i].records; i++) {
    csizer_numbers_remove(lifetimes->chunks[i].number);
    csizer_pages_unmap(lifetimes->chunks[i].records, CHUNK_RECORDS * sizeof(lifetime_record));
    lifetimes->chunks[i] = (lifetime_chunk){0};
  }
  lifetimes->slot_count = 0;
  lifetimes->ordered = lifetimes->ordered_slots = 0;
  csizer_page_array_deinit(&lifetimes->order);
}
