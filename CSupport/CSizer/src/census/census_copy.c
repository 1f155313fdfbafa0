// SPDX-License-Identifier: Apache-2.0
#include "census/census_copy.h"

#include "platform/pages.h"

// Copies the census: the only place of the graph that knows how the heap map keeps its bits.

enum { SPANS_BYTES = HEAPMAP_LEAVES * sizeof(census_span) };

static bool is_used(const heapmap_leaf *leaf) { return heapmap_first_unit(leaf) <= heapmap_last_unit(leaf); }

static uint32_t count_leaves(const csizer_heapmap *map) {
  uint32_t count = 0;
  for (size_t i = 0; (i = csizer_heapmap_next_leaf(map, i)) < HEAPMAP_LEAVES; i++)
    count += is_used(heapmap_leaf_numbered(map, i));
  return count;
}

// Which units there are. Leaves that come into use meanwhile are left out.
static csizer_status lay_out(census_copy *copy, const csizer_heapmap *map) {
  size_t units = 0;
  for (size_t i = 0; (i = csizer_heapmap_next_leaf(map, i)) < HEAPMAP_LEAVES; i++) {
    const heapmap_leaf *leaf = heapmap_leaf_numbered(map, i);
    if (!is_used(leaf) || copy->leaf_count == copy->leaf_room) continue;
    const uint32_t first = (uint32_t)heapmap_first_unit(leaf);
    const uint32_t count = (uint32_t)heapmap_last_unit(leaf) - first + 1;
    if (units + count > CENSUS_MOST_UNITS) return CSIZER_NO_MEMORY;
    copy->spans[i] = (census_span){.base = (uint32_t)units - first, .first = first, .count = count};
    copy->leaves[copy->leaf_count++] = (uint32_t)i;
    units += count;
  }
  copy->unit_count = (uint32_t)units;
  return CSIZER_OK;
}

static void rank(census_copy *copy) {
  uint32_t below = 0;
  for (uint32_t i = 0; i < copy->unit_count; i++) {
    copy->units[i].rank = below;
    below += (uint32_t)__builtin_popcountll(copy->units[i].live);
  }
  copy->object_count = below;
}

static void copy_bits(census_copy *copy, const csizer_heapmap *map) {
  for (uint32_t i = 0; i < copy->leaf_count; i++) {
    const heapmap_leaf *leaf = heapmap_leaf_numbered(map, copy->leaves[i]);
    const census_span *span = &copy->spans[copy->leaves[i]];
    for (uint32_t unit = span->first; unit < span->first + span->count; unit++)
      copy->units[span->base + unit].live = heapmap_live_in(leaf, unit);
  }
}

csizer_status csizer_census_copy_make(census_copy *copy, const csizer_heapmap *map) {
  *copy = (census_copy){.leaf_room = count_leaves(map)};
  copy->spans = csizer_pages_reserve(SPANS_BYTES);
  copy->leaves = csizer_pages_map((copy->leaf_room + (size_t)1) * sizeof *copy->leaves);
  csizer_status status = copy->spans && copy->leaves ? lay_out(copy, map) : CSIZER_NO_MEMORY;
  if (status == CSIZER_OK) {
    copy->units = csizer_pages_map((copy->unit_count + (size_t)1) * sizeof *copy->units);
    if (!copy->units) status = CSIZER_NO_MEMORY;
  }
  if (status) {
    csizer_census_copy_free(copy);
    return status;
  }
  copy_bits(copy, map);
  rank(copy);
  return CSIZER_OK;
}

void csizer_census_copy_free(census_copy *copy) {
  csizer_pages_unreserve(copy->spans, SPANS_BYTES);
  csizer_pages_unmap(copy->leaves, (copy->leaf_room + (size_t)1) * sizeof *copy->leaves);
  csizer_pages_unmap(copy->units, (copy->unit_count + (size_t)1) * sizeof *copy->units);
  *copy = (census_copy){0};
}

uintptr_t csizer_census_address(const census_copy *copy, uint32_t grain) {
  const uint32_t unit = grain >> 6;
  uint32_t low = 0, high = copy->leaf_count;
  while (high - low > 1) {
    const uint32_t middle = low + (high - low) / 2;
    const census_span *span = &copy->spans[copy->leaves[middle]];
    if (span->base + span->first <= unit) low = middle;
    else high = middle;
  }
  const uintptr_t start = (uintptr_t)copy->leaves[low] << HEAPMAP_LEAF_SHIFT;
  const uintptr_t within = unit - copy->spans[copy->leaves[low]].base;
  return start + (within << HEAPMAP_UNIT_SHIFT) + ((uintptr_t)(grain & 63) << 4);
}
