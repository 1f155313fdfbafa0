// SPDX-License-Identifier: Apache-2.0
#include "lifetimes/lifetimes_internal.h"
#include "platform/hash.h"

// Cohorts are found again by what their objects have in common, so that a class that is tracked and untracked time
// after time, or objects that are tracked one by one, take one place each. The index holds a cohort's number plus one
// in each place that is taken; it is at most half full. Everything here holds all shards.

enum { FIRST_CAPACITY = 1024 };

static bool is_alike(const csizer_cohort *cohort, const swift_class *type, const csizer_tracking *tracking) {
  return cohort->type == type && cohort->number == tracking->number &&
         cohort->resolution_level == tracking->resolution_level && cohort->keep == tracking->keep;
}

// Levels and references go with the tracking nearly always: two words tell most cohorts apart.
static uint64_t hash_of(const void *type, uint32_t tracking) {
  return hash_word((uint64_t)(uintptr_t)type >> 3 ^ (uint64_t)tracking << 32);
}

// The place of such a cohort, or the free one where it would be.
static uint32_t *place_for(const csizer_lifetimes *lifetimes, const swift_class *type,
                           const csizer_tracking *tracking) {
  size_t capacity = lifetimes->cohort_index_capacity;
  for (size_t i = hash_first(hash_of(type, tracking->number), capacity);; i = hash_next(i, capacity)) {
    uint32_t *place = &lifetimes->cohort_index[i];
    if (!*place || is_alike(&lifetimes->cohorts[*place - 1], type, tracking)) return place;
  }
}

static bool reserve_index(csizer_lifetimes *lifetimes, size_t count) {
  size_t capacity = lifetimes->cohort_index_capacity ? lifetimes->cohort_index_capacity : FIRST_CAPACITY;
  while (capacity < count * 2) capacity *= 2;
  if (capacity == lifetimes->cohort_index_capacity) return true;
  uint32_t *larger = csizer_pages_map(capacity * sizeof *larger);
  if (!larger) return false;
  for (uint32_t number = 0; number < lifetimes->cohort_count; number++) {
    const csizer_cohort *cohort = &lifetimes->cohorts[number];
    size_t i = hash_first(hash_of(cohort->type, cohort->number), capacity);
    while (larger[i]) i = hash_next(i, capacity);
    larger[i] = number + 1;
  }
  csizer_pages_unmap(lifetimes->cohort_index, lifetimes->cohort_index_capacity * sizeof *larger);
  lifetimes->cohort_index = larger;
  lifetimes->cohort_index_capacity = capacity;
  return true;
}

bool csizer_cohorts_reserve(csizer_lifetimes *lifetimes, uint32_t more) {
  size_t count = (size_t)lifetimes->cohort_count + more;
  if (!csizer_page_array_reserve(&lifetimes->cohort_pages, count * sizeof *lifetimes->cohorts)) return false;
  lifetimes->cohorts = lifetimes->cohort_pages.memory;
  return reserve_index(lifetimes, count);
}

uint32_t csizer_cohorts_of(csizer_lifetimes *lifetimes, const swift_class *type, const csizer_tracking *tracking) {
  uint32_t *place = lifetimes->cohort_count ? place_for(lifetimes, type, tracking) : NULL;
  if (place && *place) return *place - 1;
  if (!csizer_cohorts_reserve(lifetimes, 1)) return UINT32_MAX;
  lifetimes->cohorts[lifetimes->cohort_count] = (csizer_cohort){
      .type = type, .number = tracking->number, .resolution_level = tracking->resolution_level, .keep = tracking->keep};
  *place_for(lifetimes, type, tracking) = ++lifetimes->cohort_count;
  return lifetimes->cohort_count - 1;
}

void csizer_cohorts_forget(csizer_lifetimes *lifetimes) {
  csizer_pages_unmap(lifetimes->cohort_index, lifetimes->cohort_index_capacity * sizeof *lifetimes->cohort_index);
  csizer_page_array_deinit(&lifetimes->cohort_pages);
  lifetimes->cohort_index = NULL;
  lifetimes->cohort_index_capacity = 0;
  lifetimes->cohorts = NULL;
  lifetimes->cohort_count = 0;
}

size_t csizer_cohorts_bytes(const csizer_lifetimes *lifetimes) {
  return lifetimes->cohort_pages.bytes + lifetimes->cohort_index_capacity * sizeof *lifetimes->cohort_index;
}
