// SPDX-License-Identifier: Apache-2.0
#ifndef CSIZER_HEAPMAP_CREW_H
#define CSIZER_HEAPMAP_CREW_H
#include "census/heapmap_marks.h"

// The marks of a walk whose sweeps are done in two jobs, perhaps at the same time. The map is in two parts, by turns of
// a quarter of a MiB of heap, so that no line of a plane is in both: each job reads and writes the marks of its own
// part alone, and needs no locked instruction for that. Between turns one worker has all, and what heapmap_marks.h says
// holds.

enum {
  HEAPMAP_PARTS = 2,
  HEAPMAP_PART_SHIFT = HEAPMAP_PLOT_SHIFT,
  HEAPMAP_PART_UNITS = 1 << (HEAPMAP_PART_SHIFT - HEAPMAP_UNIT_SHIFT),
};

/// The part that a grain which is in range is in: 0 or 1.
static inline unsigned heapmap_part_of_grain(heapmap_grain grain) {
  return grain >> (HEAPMAP_PART_SHIFT - 4) & (HEAPMAP_PARTS - 1);
}

/// Units side by side of one part.
typedef struct heapmap_stretch {
  heapmap_leaf *leaf;
  size_t index;  // of the leaf
  size_t unit, end;
} heapmap_stretch;

/// The part's next units behind these; its first for a stretch of zeros. False when there are no more.
bool csizer_heapmap_next_stretch(const csizer_heapmap *map, unsigned part, heapmap_stretch *stretch);

/// As heapmap_believe, in the job's own part. The bytes of touched stretches are near one another whosever they are:
/// they are written once.
static inline void heapmap_believe_own(heapmap_leaf *leaf, heapmap_grain grain) {
  const size_t unit = heapmap_unit_of_grain(grain);
  // Relaxed: the other job may look whether it is seen (heapmap_seems_seen), and no other writes these bits.
  const uint64_t seen = __atomic_load_n(&leaf->seen[unit], __ATOMIC_RELAXED);
  __atomic_store_n(&leaf->seen[unit], seen | (uint64_t)1 << (grain & 63), __ATOMIC_RELAXED);
  uint8_t *const touched = &leaf->touched[unit >> HEAPMAP_STRETCH_SHIFT];
  if (__builtin_expect(__atomic_load_n(touched, __ATOMIC_RELAXED) != HEAPMAP_TOUCHED, 0))
    __atomic_store_n(touched, HEAPMAP_TOUCHED, __ATOMIC_RELAXED);
}

/// What is seen in the unit that starts at `start`.
static inline heapmap_places heapmap_seen(const heapmap_leaf *leaf, size_t unit, uintptr_t start) {
  return (heapmap_places){start, leaf->seen[unit]};
}

#endif
