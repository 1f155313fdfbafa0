// SPDX-License-Identifier: Apache-2.0
// The marks of a walk in the heap map: made, forgotten, and gone over by a sweep.
#include "census/heapmap_marks.h"

#include <string.h>

bool csizer_heapmap_mark(csizer_heapmap *map, const void *address) {
  uintptr_t a = (uintptr_t)address;
  heapmap_leaf *leaf = csizer_heapmap_leaf_make(map, a);
  if (!leaf) return false;
  return heapmap_mark(leaf, a);
}

static void forget_page(heapmap_leaf *leaf, size_t page) {
  leaf->page_class[page] = 0;
  for (size_t i = 0; i < HEAPMAP_UNITS_PER_PAGE; i++) leaf->seen[page * HEAPMAP_UNITS_PER_PAGE + i] = 0;
}

void csizer_heapmap_forget_marks(csizer_heapmap *map) {
  for (size_t i = 0; (i = csizer_heapmap_next_leaf(map, i)) < HEAPMAP_LEAVES; i++) {
    heapmap_leaf *leaf = heapmap_leaf_numbered(map, i);
    size_t first = heapmap_first_unit(leaf) / HEAPMAP_UNITS_PER_PAGE & ~(size_t)7;
    size_t last = heapmap_last_unit(leaf) / HEAPMAP_UNITS_PER_PAGE;
    for (size_t page = first; page <= last; page += 8) {
      uint64_t eight;
      memcpy(&eight, &leaf->page_class[page], sizeof eight);
      if (!eight) continue;
      for (size_t j = page; j < page + 8; j++)
        if (leaf->page_class[j]) forget_page(leaf, j);
    }
  }
}

void csizer_heapmap_begin_sweep(csizer_heapmap *map) {
  for (size_t i = 0; (i = csizer_heapmap_next_leaf(map, i)) < HEAPMAP_LEAVES; i++) {
    heapmap_leaf *leaf = heapmap_leaf_numbered(map, i);
    for (size_t unit = heapmap_first_unit(leaf); unit <= heapmap_last_unit(leaf); unit++)
      if (leaf->done[unit] != leaf->seen[unit]) leaf->done[unit] = leaf->seen[unit];
  }
}

bool csizer_heapmap_take_strays(csizer_heapmap *map, size_t leaf_index, void (*visit)(void *context, uintptr_t address),
                                void *context) {
  heapmap_leaf *leaf = heapmap_leaf_numbered(map, leaf_index);
  bool found = false;
  for (size_t unit = 0; unit < HEAPMAP_UNITS; unit++) {
    if (leaf->touched[unit >> HEAPMAP_STRETCH_SHIFT] != HEAPMAP_TOUCHED) {
      unit |= (1 << HEAPMAP_STRETCH_SHIFT) - 1;
      continue;
    }
    heapmap_places strays = {heapmap_unit_start(leaf_index, unit), heapmap_spans(leaf, unit) ? 0 : leaf->seen[unit]};
    if (heapmap_are_none(strays)) continue;
    leaf->seen[unit] = 0;
    found = true;
    for (uintptr_t address; heapmap_next_place(&strays, &address);) visit(context, address);
  }
  for (size_t i = 0; i < HEAPMAP_STRETCHES; i++)
    leaf->touched[i] = leaf->touched[i] ? HEAPMAP_TOUCHED_BEFORE : HEAPMAP_UNTOUCHED;
  return found;
}

uintptr_t csizer_heapmap_block_before(const csizer_heapmap *map, uintptr_t address, bool is_sweeping) {
  enum { FARTHEST = 16 };  // units: larger blocks are no slabs, and the allocator knows only their starts
  uint64_t below = heapmap_bit(address) | (heapmap_bit(address) - 1);
  uintptr_t unit = address >> HEAPMAP_UNIT_SHIFT;
  for (int i = 0; i < FARTHEST; i++, unit--, below = ~(uint64_t)0) {
    const heapmap_leaf *leaf = heapmap_leaf_at(map, unit << HEAPMAP_UNIT_SHIFT);
    if (!leaf) return 0;
    size_t index = unit & (HEAPMAP_UNITS - 1);
    const uint64_t marked = is_sweeping ? leaf->seen[index] & leaf->done[index] : leaf->seen[index];
    uint64_t bits = (heapmap_live_in(leaf, index) | marked) & below;
    if (bits) return (unit << HEAPMAP_UNIT_SHIFT) + ((uintptr_t)(63 - __builtin_clzll(bits)) << 4);
  }
  return 0;
}

void csizer_heapmap_unsee_waiting(csizer_heapmap *map) {
  for (size_t i = 0; (i = csizer_heapmap_next_leaf(map, i)) < HEAPMAP_LEAVES; i++) {
    heapmap_leaf *leaf = heapmap_leaf_numbered(map, i);
    for (size_t unit = heapmap_first_unit(leaf); unit <= heapmap_last_unit(leaf); unit++)
      if (heapmap_waits(leaf, unit)) leaf->seen[unit] &= leaf->done[unit];
  }
}

void csizer_heapmap_believe_living(csizer_heapmap *map) {
  for (size_t i = 0; (i = csizer_heapmap_next_leaf(map, i)) < HEAPMAP_LEAVES; i++) {
    heapmap_leaf *leaf = heapmap_leaf_numbered(map, i);
    for (size_t unit = heapmap_first_unit(leaf); unit <= heapmap_last_unit(leaf); unit++) {
      const uint64_t unseen = heapmap_live_in(leaf, unit) & ~leaf->seen[unit];
      if (!unseen) continue;
      leaf->seen[unit] |= unseen;
      leaf->touched[unit >> HEAPMAP_STRETCH_SHIFT] = HEAPMAP_TOUCHED;
    }
  }
}
