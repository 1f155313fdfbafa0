// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

#include "lifetimes/lifetimes_internal.h"
#include "lifetimes/unloaded.h"
#include "lifetimes/tracked_classes.h"
#include "platform/clock.h"

// The trackers there are, by number: the living index has room for a number, not for an address. Holding all shards to
// change.
csizer_lifetimes *csizer_trackers[TRACKER_LIMIT];
uint32_t csizer_trackers_end;

static size_t whole_pages(size_t bytes) {
  size_t page = (size_t)sysconf(_SC_PAGESIZE);
  return (bytes + page - 1) & ~(page - 1);
}

bool csizer_page_array_reserve(page_array *array, size_t bytes) {
  if (bytes <= array->bytes) return true;
  // A sixteenth more than before: growing moves no memory, so the steps may be small, and little is mapped that is not
  // used.
  size_t larger = array->bytes + array->bytes / 16;
  if (larger < bytes) larger = bytes;
  larger = whole_pages(larger);
  void *memory = csizer_pages_grow(array->memory, array->bytes, larger);
  if (!memory) return false;
  *array = (page_array){memory, larger};
  return true;
}

void csizer_page_array_trim(page_array *array, size_t bytes) {
  size_t smaller = whole_pages(bytes);
  if (!smaller || array->bytes / 4 < smaller) return;
  csizer_pages_unmap((char *)array->memory + smaller, array->bytes - smaller);
  array->bytes = smaller;
}

void csizer_page_array_deinit(page_array *array) {
  csizer_pages_unmap(array->memory, array->bytes);
  *array = (page_array){0};
}

void csizer_lifetimes_each(bool (*visit)(void *context, csizer_lifetimes *lifetimes), void *context) {
  for (uint32_t i = 0; i < csizer_trackers_end; i++)
    if (csizer_trackers[i] && !visit(context, csizer_trackers[i])) return;
}

static bool take_number(csizer_lifetimes *lifetimes) {
  uint32_t number = 0;
  while (number < csizer_trackers_end && csizer_trackers[number]) number++;
  if (number == TRACKER_LIMIT) return false;
  if (number == csizer_trackers_end) csizer_trackers_end++;
  csizer_trackers[number] = lifetimes;
  lifetimes->number = number;
  return true;
}

csizer_status csizer_lifetimes_create(csizer_lifetimes **ret_lifetimes) {
  csizer_clock_start();
  csizer_lifetimes *lifetimes = csizer_pages_map(sizeof *lifetimes);
  if (!lifetimes) return CSIZER_NO_MEMORY;
  lifetimes->chunks = csizer_pages_reserve(CHUNK_LIMIT * sizeof *lifetimes->chunks);
  csizer_shards_hold();
  bool is_numbered = lifetimes->chunks && take_number(lifetimes);
  csizer_shards_release();
  if (!is_numbered) {
    csizer_pages_unreserve(lifetimes->chunks, CHUNK_LIMIT * sizeof *lifetimes->chunks);
    csizer_pages_unmap(lifetimes, sizeof *lifetimes);
    return CSIZER_NO_MEMORY;
  }
  *ret_lifetimes = lifetimes;
  return CSIZER_OK;
}

static void free_records(csizer_lifetimes *lifetimes) {
  for (size_t i = 0; i < CHUNK_LIMIT && (uint64_t)i << CHUNK_SHIFT < lifetimes->count; i++) {
    csizer_pages_unmap(lifetimes->chunks[i], CHUNK_RECORDS * sizeof(lifetime_record));
    lifetimes->chunks[i] = NULL;
  }
  lifetimes->count = 0;
  csizer_page_array_deinit(&lifetimes->living_numbers);
  csizer_page_array_deinit(&lifetimes->living_sizes);
  csizer_page_array_deinit(&lifetimes->rows);
  csizer_page_array_deinit(&lifetimes->morphs);
}

static void drop_record(void *context, lifetime_record *record) { (void)context, (void)record; }

void csizer_lifetimes_set_owner(csizer_lifetimes *lifetimes, const void *owner) {
  csizer_shards_hold();
  lifetimes->owner = owner;
  csizer_shards_release();
}

void csizer_lifetimes_destroy(csizer_lifetimes *lifetimes) {
  if (!lifetimes) return;
  csizer_unloaded_forget();
  csizer_shards_hold();
  csizer_lifetimes_untrack_classes(lifetimes);
  csizer_living_take_all(lifetimes->number, drop_record, NULL);
  csizer_tracked_classes_settle();
  csizer_trackers[lifetimes->number] = NULL;
  csizer_shards_release();
  free_records(lifetimes);
  csizer_cohorts_forget(lifetimes);
  csizer_page_array_deinit(&lifetimes->tracked_class_pages);
  csizer_pages_unreserve(lifetimes->chunks, CHUNK_LIMIT * sizeof *lifetimes->chunks);
  csizer_pages_unmap(lifetimes, sizeof *lifetimes);
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
  if (!record || !record->birth) return lifetime;
  uint64_t end = lifetime_end(record);
  lifetime.birth = record->birth;
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

uint32_t csizer_lifetimes_cohort_count(const csizer_lifetimes *lifetimes) {
  csizer_unloaded_forget();
  csizer_shards_hold();  // a birth may add one
  uint32_t count = lifetimes->cohort_count;
  csizer_shards_release();
  return count;
}

csizer_cohort csizer_lifetimes_cohort(const csizer_lifetimes *lifetimes, uint32_t cohort) {
  csizer_shards_hold();
  csizer_cohort found = cohort < lifetimes->cohort_count ? lifetimes->cohorts[cohort] : (csizer_cohort){0};
  csizer_shards_release();
  return found;
}

size_t csizer_lifetimes_bytes(const csizer_lifetimes *lifetimes) {
  size_t chunks = ((size_t)csizer_lifetimes_count(lifetimes) + CHUNK_RECORDS - 1) >> CHUNK_SHIFT;
  return sizeof *lifetimes + chunks * CHUNK_RECORDS * sizeof(lifetime_record) + chunks * sizeof(void *) +
         csizer_cohorts_bytes(lifetimes) + lifetimes->tracked_class_pages.bytes + lifetimes->living_numbers.bytes +
         lifetimes->living_sizes.bytes + lifetimes->rows.bytes + lifetimes->morphs.bytes + csizer_living_bytes();
}

void csizer_lifetimes_forget(csizer_lifetimes *lifetimes) {
  lifetimes->prepared = 0;
  lifetimes->referent_room = 0;
  csizer_shards_hold();
  free_records(lifetimes);
  csizer_cohorts_forget(lifetimes);
  lifetimes->listed = 0;
  lifetimes->living_count = 0;
  lifetimes->row_count = 0;
  lifetimes->morph_count = 0;
  lifetimes->lost = 0;
  csizer_shards_release();
}

uint64_t csizer_lifetimes_hold(void) {
  csizer_shards_hold();
  return clock_ticks();
}

void csizer_lifetimes_resume(void) { csizer_shards_release(); }
