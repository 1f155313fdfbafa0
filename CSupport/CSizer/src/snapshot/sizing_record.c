// SPDX-License-Identifier: Apache-2.0
// What a sizing leaves in its tracker: the sizes that changed, classes that objects have now, and sums by cohort.
#include <string.h>

#include "csizer_sizing.h"
#include "snapshot/sizing_internal.h"

// Merges two lists in the order of objects from their ends on, in place; there is room for both.
static void apply_morphs(csizer_sizing *sizing) {
  csizer_lifetimes *lifetimes = sizing->lifetimes;
  csizer_morph *known = lifetimes->morphs.memory;
  const csizer_morph *found = sizing->morphs;
  size_t old = lifetimes->morph_count, new = sizing->morph_count, added = 0;
  for (size_t i = 0, j = 0; j < new; j++) {
    while (i < old && known[i].object < found[j].object) i++;
    if (i < old && known[i].object == found[j].object) known[i] = found[j];
    else added++;
  }
  lifetimes->morph_count = old + added;
  for (size_t to = old + added; added;) {
    if (old && known[old - 1].object >= found[new - 1].object) {
      new -= known[old - 1].object == found[new - 1].object;
      known[--to] = known[--old];
    } else {
      known[--to] = found[--new];
      added--;
    }
  }
}

// Where the walk did not come to, because it stopped with an error or its process ended, there is no size.
static uint64_t size_at(const csizer_sizing *sizing, uint32_t index) {
  return index < sizing->next ? sizing->sizes[index] : SIZING_NONE;
}

static uint32_t count_changes(const csizer_sizing *sizing) {
  const uint64_t *last = sizing_last(sizing->lifetimes);
  uint32_t changes = 0;
  for (uint32_t i = 0; i < sizing->count; i++) {
    uint64_t size = size_at(sizing, i);
    changes += size < SIZING_DEAD && size != last[i];
  }
  return changes;
}

csizer_status csizer_sizing_apply(csizer_sizing *sizing, uint32_t snapshot, csizer_cohort_sum *sums, uint32_t sum_count,
                                  uint32_t *ret_skipped) {
  csizer_lifetimes *lifetimes = sizing->lifetimes;
  size_t rows = lifetimes->row_count + count_changes(sizing);
  size_t morphs = lifetimes->morph_count + sizing->morph_count;
  if (!csizer_page_array_reserve(&lifetimes->rows, rows * sizeof(csizer_size_row)) ||
      !csizer_page_array_reserve(&lifetimes->morphs, morphs * sizeof(csizer_morph)))
    return CSIZER_NO_MEMORY;
  apply_morphs(sizing);
  csizer_size_row *row = (csizer_size_row *)lifetimes->rows.memory + lifetimes->row_count;
  uint64_t *last = sizing_last(lifetimes);
  *ret_skipped = 0;
  memset(sums, 0, sum_count * sizeof *sums);
  for (uint32_t i = 0; i < sizing->count; i++) {
    uint32_t number = sizing_numbers(lifetimes)[i], cohort = lifetime_record_numbered(lifetimes, number)->cohort;
    uint64_t size = size_at(sizing, i);
    if (size == SIZING_DEAD) continue;
    if (size == SIZING_NONE) (*ret_skipped)++;
    else if (size != last[i]) {
      *row++ = (csizer_size_row){number, snapshot, size};
      last[i] = size;
    }
    if (cohort >= sum_count) continue;
    sums[cohort].active++;
    if (last[i] != SIZING_NONE) sums[cohort].bytes += last[i];
  }
  lifetimes->row_count = rows;
  return CSIZER_OK;
}

size_t csizer_sizes(const csizer_lifetimes *lifetimes, const csizer_size_row **ret_rows) {
  *ret_rows = lifetimes->rows.memory;
  return lifetimes->row_count;
}

size_t csizer_morphs(const csizer_lifetimes *lifetimes, const csizer_morph **ret_morphs) {
  *ret_morphs = lifetimes->morphs.memory;
  return lifetimes->morph_count;
}
