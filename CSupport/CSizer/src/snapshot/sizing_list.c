// SPDX-License-Identifier: Apache-2.0
// The list of a tracker's living objects, with the size that each had last; and their own bytes, without a walk.
#include <string.h>

#include "csizer_sizing.h"
#include "lifetimes/numbers.h"
#include "platform/refusals.h"
#include "snapshot/sizing_internal.h"

static bool is_living(const csizer_lifetimes *lifetimes, uint32_t number) {
  const lifetime_record *record = lifetime_record_numbered(lifetimes, number);
  return record && lifetime_is_tracked(record);
}

static void drop_dead(csizer_lifetimes *lifetimes) {
  uint32_t *numbers = sizing_numbers(lifetimes), kept = 0;
  uint64_t *sizes = sizing_last(lifetimes);
  for (uint32_t i = 0; i < lifetimes->living_count; i++) {
    if (!is_living(lifetimes, numbers[i])) continue;
    numbers[kept] = numbers[i];
    sizes[kept++] = sizes[i];
  }
  lifetimes->living_count = kept;
  csizer_page_array_trim(&lifetimes->living_numbers, kept * sizeof *numbers);
  csizer_page_array_trim(&lifetimes->living_sizes, kept * sizeof *sizes);
}

bool csizer_sizing_list_new(csizer_lifetimes *lifetimes, uint32_t end) {
  uint32_t born = 0;
  for (uint32_t number = lifetimes->listed; number < end; number++) born += is_living(lifetimes, number);
  size_t room = (size_t)lifetimes->living_count + born;
  if (!csizer_page_array_reserve(&lifetimes->living_numbers, room * sizeof(uint32_t)) ||
      !csizer_page_array_reserve(&lifetimes->living_sizes, room * sizeof(uint64_t)))
    return false;
  for (uint32_t number = lifetimes->listed; number < end; number++) {
    if (!is_living(lifetimes, number)) continue;
    sizing_numbers(lifetimes)[lifetimes->living_count] = number;
    sizing_last(lifetimes)[lifetimes->living_count++] = SIZING_NONE;
  }
  lifetimes->listed = end;
  return true;
}

// Now, where nobody waits for the end of a snapshot.
static void note_deaths(csizer_lifetimes *lifetimes) {
  const uint32_t dead = lifetimes->listed - lifetimes->living_count;
  csizer_cells_note_deaths(dead - lifetimes->known_dead);
  lifetimes->known_dead = dead;
}

csizer_status csizer_sizing_list(csizer_lifetimes *lifetimes) {
  if (!csizer_lifetimes_put_in_order(lifetimes)) return CSIZER_NO_MEMORY;
#ifdef CSIZER_CHECKS
  const char *broken = csizer_record_order_check(lifetimes, lifetimes->listed);
  if (broken) return csizer_refusal_tell_broken(broken);
#endif
  drop_dead(lifetimes);
  if (!csizer_sizing_list_new(lifetimes, lifetimes->ordered)) return CSIZER_NO_MEMORY;
  note_deaths(lifetimes);
  return CSIZER_OK;
}

uint32_t csizer_living_count(const csizer_lifetimes *lifetimes) { return lifetimes->living_count; }

bool csizer_living_size(const csizer_lifetimes *lifetimes, uint32_t index, csizer_size_row *ret_row) {
  if (index >= lifetimes->living_count || sizing_last(lifetimes)[index] == SIZING_NONE) return false;
  *ret_row = (csizer_size_row){.object = sizing_numbers(lifetimes)[index], .bytes = sizing_last(lifetimes)[index]};
  return true;
}

uint32_t csizer_living_addresses(const csizer_lifetimes *lifetimes, uintptr_t *addresses, uint32_t *cohorts,
                                 uint32_t room) {
  uint32_t count = 0;
  for (uint32_t i = 0; i < lifetimes->living_count && count < room; i++) {
    const lifetime_record *record = lifetime_record_numbered(lifetimes, sizing_numbers(lifetimes)[i]);
    if (!lifetime_is_tracked(record)) continue;
    addresses[count] = lifetime_address(record);
    cohorts[count++] = record->cohort;
  }
  return count;
}

// ---- Without a walk ----

csizer_status csizer_sizing_own(csizer_lifetimes *lifetimes, csizer_cohort_sum *sums, uint32_t sum_count,
                                uint32_t *ret_count) {
  if (!csizer_lifetimes_put_in_order(lifetimes) || !csizer_sizing_list_new(lifetimes, lifetimes->ordered))
    return CSIZER_NO_MEMORY;
  *ret_count = 0;
  memset(sums, 0, sum_count * sizeof *sums);
  for (uint32_t i = 0; i < lifetimes->living_count; i++) {
    const lifetime_record *record = lifetime_record_numbered(lifetimes, sizing_numbers(lifetimes)[i]);
    if (!lifetime_is_tracked(record)) continue;  // it died since the list was made
    (*ret_count)++;
    if (record->cohort >= sum_count) continue;
    sums[record->cohort].active++;
    sums[record->cohort].bytes += csizer_object_own_bytes((const swift_object *)lifetime_address(record));
  }
  return CSIZER_OK;
}
