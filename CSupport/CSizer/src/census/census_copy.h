// SPDX-License-Identifier: Apache-2.0
#ifndef CSIZER_CENSUS_COPY_H
#define CSIZER_CENSUS_COPY_H
#include "census/heapmap_internal.h"
#include "csizer_status.h"

// A copy of the census's bits, and with each unit of them how many bits there are below: an object's number is that and
// the bits before its own, without a hash.
//
// A grain is 16 bytes: the units that the census spans, one after the other, have 64 of them each.

typedef struct census_unit {
  uint64_t live;
  uint32_t rank;  // how many objects are below the unit
  uint32_t padding;
} census_unit;

/// The units of a leaf: `count` of them from `first` on; unit u has the number base + u.
typedef struct census_span {
  uint32_t base, first, count;
} census_span;

enum { CENSUS_NONE = UINT32_MAX, CENSUS_MOST_UNITS = (int)((0xFFF00000u) >> 6) };
#define CENSUS_FIRST_OTHER 0xFFF00000u  // no grain is as high

typedef struct census_copy {
  census_span *spans;  // by leaf
  uint32_t *leaves;    // those in use, in order
  uint32_t leaf_count, leaf_room;
  census_unit *units;
  uint32_t unit_count, object_count;
} census_copy;

/// Copies the bits that are set now.
csizer_status csizer_census_copy_make(census_copy *copy, const csizer_heapmap *map);
void csizer_census_copy_free(census_copy *copy);

/// The address of a grain.
uintptr_t csizer_census_address(const census_copy *copy, uint32_t grain);

/// The grain at an address that can be in a map and divisible by 16; CENSUS_NONE when the copy does not span it.
static inline uint32_t census_grain(const census_copy *copy, uintptr_t address) {
  const census_span *span = &copy->spans[address >> HEAPMAP_LEAF_SHIFT];
  uint32_t unit = (uint32_t)heapmap_unit_index(address);
  if (__builtin_expect(unit - span->first >= span->count, 0)) return CENSUS_NONE;
  return (span->base + unit) << 6 | (uint32_t)(address >> 4 & 63);
}

static inline const census_unit *census_unit_of(const census_copy *copy, uint32_t grain) {
  return &copy->units[grain >> 6];
}

/// The number of the object at a grain; CENSUS_NONE when there is none.
static inline uint32_t census_number(const census_copy *copy, uint32_t grain) {
  const census_unit *unit = census_unit_of(copy, grain);
  uint64_t bit = (uint64_t)1 << (grain & 63);
  if (!(unit->live & bit)) return CENSUS_NONE;
  return unit->rank + (uint32_t)__builtin_popcountll(unit->live & (bit - 1));
}

/// Calls `visit` for each object from an address on, in order, until it answers false. Inlined with the function: the
/// objects' memory is fetched some of them ahead.
static inline __attribute__((always_inline)) void census_visit(const census_copy *copy, uintptr_t from,
                                                               bool (*visit)(void *context, uintptr_t object),
                                                               void *context) {
  enum { AHEAD = 16, RING = 128 };  // objects between the fetch of one and its visit; and a unit's worth of objects
  uintptr_t ring[RING];
  size_t head = 0, tail = 0;
  for (uint32_t i = 0; i < copy->leaf_count; i++) {
    const census_span *span = &copy->spans[copy->leaves[i]];
    const uintptr_t start = (uintptr_t)copy->leaves[i] << HEAPMAP_LEAF_SHIFT;
    for (uint32_t unit = span->first; unit < span->first + span->count; unit++) {
      const uintptr_t address = start + ((uintptr_t)unit << HEAPMAP_UNIT_SHIFT);
      if (address + (1 << HEAPMAP_UNIT_SHIFT) <= from) continue;
      for (uint64_t bits = copy->units[span->base + unit].live; bits; bits &= bits - 1) {
        const uintptr_t object = address + ((uintptr_t)__builtin_ctzll(bits) << 4);
        __builtin_prefetch((const void *)object);
        __builtin_prefetch((const void *)(object + 63));
        ring[tail++ % RING] = object;
      }
      for (; tail > head + AHEAD; head++)
        if (ring[head % RING] >= from && !visit(context, ring[head % RING])) return;
    }
  }
  for (; head < tail; head++)
    if (ring[head % RING] >= from && !visit(context, ring[head % RING])) return;
}

#endif
