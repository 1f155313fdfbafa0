// SPDX-License-Identifier: Apache-2.0
// How two workers share a sweep over the heap map: whose units are whose.
#include "census/heapmap_crew.h"

// The first unit at or after `unit` that is the part's.
static size_t first_of(unsigned part, size_t unit) {
  const size_t stretch = unit / HEAPMAP_PART_UNITS;
  return stretch % HEAPMAP_PARTS == part ? unit : (stretch + 1) * HEAPMAP_PART_UNITS;
}

bool csizer_heapmap_next_stretch(const csizer_heapmap *map, unsigned part, heapmap_stretch *stretch) {
  size_t index = stretch->index, from = stretch->end;
  if (!stretch->leaf) index = from = 0;
  for (; (index = csizer_heapmap_next_leaf(map, index)) < HEAPMAP_LEAVES; index++, from = 0) {
    heapmap_leaf *leaf = heapmap_leaf_numbered(map, index);
    const size_t first = heapmap_first_unit(leaf), behind = heapmap_last_unit(leaf) + 1;
    const size_t unit = first_of(part, from > first ? from : first);
    if (unit >= behind) continue;
    const size_t end = (unit / HEAPMAP_PART_UNITS + 1) * HEAPMAP_PART_UNITS;
    *stretch = (heapmap_stretch){.leaf = leaf, .index = index, .unit = unit, .end = end < behind ? end : behind};
    return true;
  }
  return false;
}
