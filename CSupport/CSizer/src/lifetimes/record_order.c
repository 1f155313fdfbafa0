// SPDX-License-Identifier: Apache-2.0
// Records in the order of birth. Threads take slots in rows, so slots are out of order by as many as threads had at
// hand, and some stay empty. What is above, sizes, snapshots and statistics, numbers objects without holes, first born
// first.
#include "lifetimes/numbers.h"

// Behind all births that have ended: from now on whatever is born comes later, in slots behind.
static uint32_t end_rows(csizer_lifetimes *lifetimes) {
  csizer_shards_hold();
  csizer_numbers_take_back(lifetimes);
  const uint32_t end = lifetimes->slot_count;
  csizer_shards_release();
  return end;
}

// Whoever goes over millions of records while others make more must be quicker than they are, under ThreadSanitizer,
// too. What is read here was over when all was held, and what is written is the tracker's own.
#define UNWATCHED __attribute__((no_sanitize("thread")))

UNWATCHED static uint64_t birth_in(const csizer_lifetimes *lifetimes, uint32_t slot) {
  return lifetimes->chunks[slot >> CHUNK_SHIFT].records[slot & (CHUNK_RECORDS - 1)].birth;
}

UNWATCHED static uint32_t count_records(const csizer_lifetimes *lifetimes, uint32_t end, bool *ret_are_sorted) {
  uint32_t count = 0;
  uint64_t before = 0;
  *ret_are_sorted = true;
  for (uint32_t slot = lifetimes->ordered_slots; slot < end; slot++) {
    const uint64_t birth = birth_in(lifetimes, slot);
    if (!birth) continue;
    count++;
    *ret_are_sorted &= birth >= before;
    before = birth;
  }
  return count;
}

// ---- Sorting ----

typedef struct order {
  const csizer_lifetimes *lifetimes;
  uint32_t *slots, *spare;
} order;

UNWATCHED static bool is_before(const order *order, uint32_t slot, uint32_t other) {
  return birth_in(order->lifetimes, slot) < birth_in(order->lifetimes, other);
}

// How many of a sorted row were born before the slot's object, or with it when `ties` count.
UNWATCHED static size_t rank(const order *order, const uint32_t *row, size_t count, uint32_t slot, bool ties) {
  size_t low = 0;
  while (low < count) {
    const size_t middle = (low + count) / 2;
    if (ties ? !is_before(order, slot, row[middle]) : is_before(order, row[middle], slot)) low = middle + 1;
    else count = middle;
  }
  return low;
}

// Two sorted rows, one behind the other. Slots were taken in time's order, so of long ones only the ends overlap.
UNWATCHED static void merge(const order *order, uint32_t *row, size_t middle, size_t end) {
  if (!is_before(order, row[middle], row[middle - 1])) return;
  const size_t first = rank(order, row, middle, row[middle], true);
  const size_t last = middle + rank(order, row + middle, end - middle, row[middle - 1], false);
  size_t left = middle - first, taken = 0, right = middle;
  for (size_t i = 0; i < left; i++) order->spare[i] = row[first + i];
  for (size_t to = first; taken < left; to++) {
    if (right < last && is_before(order, row[right], order->spare[taken])) row[to] = row[right++];
    else row[to] = order->spare[taken++];
  }
}

UNWATCHED static void sort(const order *order, size_t count) {
  for (size_t width = 1; width < count; width *= 2)
    for (size_t start = 0; start + width < count; start += 2 * width)
      merge(order, order->slots + start, width, count - start < 2 * width ? count - start : 2 * width);
}

// ---- The order ----

UNWATCHED static void append(csizer_lifetimes *lifetimes, uint32_t end) {
  uint32_t *next = (uint32_t *)lifetimes->order.memory + lifetimes->ordered;
  for (uint32_t slot = lifetimes->ordered_slots; slot < end; slot++)
    if (birth_in(lifetimes, slot)) *next++ = slot;
}

static bool reserve(csizer_lifetimes *lifetimes, size_t count) {
  const bool is_new = !lifetimes->order.memory;
  if (!csizer_page_array_reserve(&lifetimes->order, count * sizeof(uint32_t))) return false;
  for (uint32_t i = 0; is_new && i < lifetimes->ordered; i++) ((uint32_t *)lifetimes->order.memory)[i] = i;
  return true;
}

bool csizer_lifetimes_put_in_order(csizer_lifetimes *lifetimes) {
  const uint32_t end = end_rows(lifetimes), first = lifetimes->ordered;
  bool are_sorted;
  const uint32_t count = count_records(lifetimes, end, &are_sorted);
  const bool are_same = !lifetimes->order.memory && lifetimes->ordered == lifetimes->ordered_slots;
  lifetimes->unordered = 0;
  if (are_same && are_sorted && count == end - lifetimes->ordered_slots) {
    lifetimes->ordered = lifetimes->ordered_slots = end;
    return true;
  }
  csizer_page_array spare = {0};
  const bool has_room = (are_sorted || csizer_page_array_reserve(&spare, count * sizeof(uint32_t))) &&
                        reserve(lifetimes, (size_t)first + count);
  if (has_room) {
    append(lifetimes, end);
    const order order = {lifetimes, (uint32_t *)lifetimes->order.memory + first, spare.memory};
    if (!are_sorted) sort(&order, count);
    lifetimes->ordered = first + count;
    lifetimes->ordered_slots = end;
  } else {
    lifetimes->unordered = count;
  }
  csizer_page_array_deinit(&spare);
  return has_room;
}

// ---- Reading ----

uint32_t csizer_lifetimes_count(csizer_lifetimes *lifetimes) {
  csizer_lifetimes_put_in_order(lifetimes);  // what there is no memory for is counted later
  return lifetimes->ordered;
}

// Relaxed: a count.
uint64_t csizer_lifetimes_lost(const csizer_lifetimes *lifetimes) {
  return __atomic_load_n(&lifetimes->lost, __ATOMIC_RELAXED) + lifetimes->unordered +
         lifetimes_missed() - lifetimes->missed_before;
}

csizer_lifetime csizer_lifetimes_read(csizer_lifetimes *lifetimes, uint32_t number) {
  if (number >= lifetimes->ordered) csizer_lifetimes_put_in_order(lifetimes);
  const lifetime_record *record = number < lifetimes->ordered ? lifetime_record_numbered(lifetimes, number) : NULL;
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
    // A processor may read its counter ahead of what came before: two threads' readings are ordered to some 10 ns.
    if (lifetime.end < lifetime.birth) lifetime.end = lifetime.birth;
  }
  return lifetime;
}

#ifdef CSIZER_CHECKS
const char *csizer_record_order_check(const csizer_lifetimes *lifetimes, uint32_t first) {
  uint64_t before = first ? lifetime_record_numbered(lifetimes, first - 1)->birth : 0;
  for (uint32_t i = first; i < lifetimes->ordered; i++) {
    const uint64_t birth = lifetime_record_numbered(lifetimes, i)->birth;
    if (!birth) return "a number leads to a slot that is empty";
    if (birth < before) return "numbers are out of the order of birth";
    before = birth;
  }
  return NULL;
}
#endif
