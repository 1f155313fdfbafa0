// SPDX-License-Identifier: Apache-2.0
#ifndef CSIZER_HEAPMAP_MARKS_H
#define CSIZER_HEAPMAP_MARKS_H
#include "census/heapmap_internal.h"

// The marks of a walk: which blocks it has seen, and, while it sweeps, which of them it need not scan any more. What it
// passes at every reference and for every unit of a sweep is inline. One thread at a time per map.

/// An address in sixteenths with its low bits moved to the top: one comparison tells whether it can be an object's.
typedef uintptr_t heapmap_grain;

static inline heapmap_grain heapmap_grain_of(uintptr_t address) { return address >> 4 | address << 60; }

/// Whether a grain is that of an address of `floor` or above that a map has room for.
static inline bool heapmap_grain_is_from(heapmap_grain grain, uintptr_t floor) {
  return grain - (floor >> 4) < ((uintptr_t)1 << (HEAPMAP_ADDRESS_BITS - 4)) - (floor >> 4);
}

/// The grain, or `other` instead of one that is not in range: computed, where a branch could not be foreseen.
static inline heapmap_grain heapmap_grain_or(heapmap_grain grain, uintptr_t floor, heapmap_grain other) {
  uintptr_t is_in_range = -(uintptr_t)heapmap_grain_is_from(grain, floor);
  __asm__("" : "+r"(is_in_range));  // the compiler must not make a branch of it again
  return (grain & is_in_range) | (other & ~is_in_range);
}

/// The leaf of a grain that is in range, or NULL.
static inline heapmap_leaf *heapmap_leaf_of_grain(const csizer_heapmap *map, heapmap_grain grain) {
  return heapmap_leaf_numbered(map, grain >> (HEAPMAP_LEAF_SHIFT - 4));
}

static inline size_t heapmap_unit_of_grain(heapmap_grain grain) {
  return grain >> (HEAPMAP_UNIT_SHIFT - 4) & (HEAPMAP_UNITS - 1);
}

// ---- At a reference ----

typedef enum heapmap_meeting {
  HEAPMAP_SEEN_NOW,     // a live object, which is seen from now on
  HEAPMAP_SEEN_BEFORE,
  HEAPMAP_UNLISTED,     // the census knows no object there
} heapmap_meeting;

/// Marks what is at a grain as seen, if it is a live object.
static inline heapmap_meeting heapmap_meet(heapmap_leaf *leaf, heapmap_grain grain) {
  size_t unit = heapmap_unit_of_grain(grain);
  uint64_t bit = (uint64_t)1 << (grain & 63);
  if (leaf->seen[unit] & bit) return HEAPMAP_SEEN_BEFORE;
  if (__builtin_expect(!heapmap_is_live(leaf, grain << 4), 0)) return HEAPMAP_UNLISTED;
  leaf->seen[unit] |= bit;
  return HEAPMAP_SEEN_NOW;
}

/// Marks the live object at a grain as seen: 1 when it was not, without a branch that nobody could foresee.
static inline uint32_t heapmap_meet_live(heapmap_leaf *leaf, heapmap_grain grain) {
  uint64_t *const seen = &leaf->seen[heapmap_unit_of_grain(grain)];
  const uint64_t word = *seen;
  *seen = word | (uint64_t)1 << (grain & 63);
  return ~(uint32_t)(word >> (grain & 63)) & 1;
}

/// Whether an object lives at the address is going to be asked soon.
static inline void heapmap_fetch_live(const heapmap_leaf *leaf, uintptr_t address) {
  __builtin_prefetch((const uint8_t *)leaf->live + heapmap_live_index(address));
}

/// Marks what is at a grain as seen, whatever it is: the sweep under way asks the census when it comes there.
static inline void heapmap_believe(heapmap_leaf *leaf, heapmap_grain grain) {
  leaf->seen[heapmap_unit_of_grain(grain)] |= (uint64_t)1 << (grain & 63);
  leaf->touched[heapmap_unit_of_grain(grain) >> HEAPMAP_STRETCH_SHIFT] = HEAPMAP_TOUCHED;
}

/// Whether what is at a grain is seen, as far as this thread can tell while another believes: relaxed, for bits are
/// only set, and who is told of one too late does what was done, once more.
static inline bool heapmap_seems_seen(const heapmap_leaf *leaf, heapmap_grain grain) {
  return __atomic_load_n(&leaf->seen[heapmap_unit_of_grain(grain)], __ATOMIC_RELAXED) >> (grain & 63) & 1;
}

/// The grain is going to be believed soon.
static inline void heapmap_fetch_seen(const heapmap_leaf *leaf, heapmap_grain grain) {
  __builtin_prefetch(&leaf->seen[heapmap_unit_of_grain(grain)], 1);
}

static inline bool heapmap_is_seen(const heapmap_leaf *leaf, uintptr_t address) {
  return (leaf->seen[heapmap_unit_index(address)] & heapmap_bit(address)) != 0;
}

static inline void heapmap_unsee(heapmap_leaf *leaf, uintptr_t address) {
  leaf->seen[heapmap_unit_index(address)] &= ~heapmap_bit(address);
}

static inline uint8_t *heapmap_page_class(heapmap_leaf *leaf, uintptr_t address) {
  return &leaf->page_class[(address >> HEAPMAP_PAGE_SHIFT) & (HEAPMAP_PAGES - 1)];
}

/// As csizer_heapmap_mark, in the address's leaf.
static inline bool heapmap_mark(heapmap_leaf *leaf, uintptr_t address) {
  uint64_t *seen = &leaf->seen[heapmap_unit_index(address)];
  if (*seen & heapmap_bit(address)) return false;
  *seen |= heapmap_bit(address);
  heapmap_note_unit(leaf, heapmap_unit_index(address));
  // forget_marks finds its way by the pages' bytes; the memo overwrites this one when it knows better.
  uint8_t *page = heapmap_page_class(leaf, address);
  if (!*page) *page = UINT8_MAX;
  return true;
}

// ---- The sweep ----

/// The sweep need not scan the block.
static inline void heapmap_set_done(heapmap_leaf *leaf, uintptr_t address) {
  leaf->done[heapmap_unit_index(address)] |= heapmap_bit(address);
}

/// It has to, after all.
static inline void heapmap_clear_done(heapmap_leaf *leaf, uintptr_t address) {
  leaf->done[heapmap_unit_index(address)] &= ~heapmap_bit(address);
}

/// Whether the block is seen, and the sweep need not scan it.
static inline bool heapmap_is_done(const heapmap_leaf *leaf, uintptr_t address) {
  const size_t unit = heapmap_unit_index(address);
  return (leaf->seen[unit] & leaf->done[unit] & heapmap_bit(address)) != 0;
}

/// While sweeping: whether the mark of a place that waits was only believed, for nothing lives there by the census.
static inline bool heapmap_is_believed(const heapmap_leaf *leaf, uintptr_t address) {
  const uint64_t bit = heapmap_bit(address);
  const size_t unit = heapmap_unit_index(address);
  return (leaf->seen[unit] & ~leaf->done[unit] & bit) && !heapmap_is_live(leaf, address);
}

/// Some places of one unit.
typedef struct heapmap_places {
  uintptr_t start;  // of the unit
  uint64_t bits;
} heapmap_places;

static inline bool heapmap_are_none(heapmap_places places) { return !places.bits; }

/// The next place's address, in ascending order; false when there is none.
static inline bool heapmap_next_place(heapmap_places *places, uintptr_t *ret_address) {
  if (!places->bits) return false;
  *ret_address = places->start + ((uintptr_t)__builtin_ctzll(places->bits) << 4);
  places->bits &= places->bits - 1;
  return true;
}

/// Whether anything in the unit is seen and not done: of most units nothing is.
static inline bool heapmap_waits(const heapmap_leaf *leaf, size_t unit) {
  return (leaf->seen[unit] & ~leaf->done[unit]) != 0;
}

/// What is seen and not done in the unit that starts at `start`; from now on it is done.
static inline heapmap_places heapmap_take_waiting(heapmap_leaf *leaf, size_t unit, uintptr_t start) {
  uint64_t waiting = leaf->seen[unit] & ~leaf->done[unit];
  if (waiting) leaf->done[unit] |= waiting;
  return (heapmap_places){start, waiting};
}

/// What is seen and not done is not seen any more.
void csizer_heapmap_unsee_waiting(csizer_heapmap *map);

/// Marks all that lives as seen.
void csizer_heapmap_believe_living(csizer_heapmap *map);

/// From now on all that is seen is done.
void csizer_heapmap_begin_sweep(csizer_heapmap *map);

/// Calls `visit` for what was believed seen outside of the leaf's range of units and is not seen any more then; whether
/// there was any.
bool csizer_heapmap_take_strays(csizer_heapmap *map, size_t leaf_index, void (*visit)(void *context, uintptr_t address),
                                void *context);

// ---- Neighbours ----

/// The last block at or below `address` that is known to start somewhere, if one is near; 0 when there is none. Live
/// objects, and the blocks that are seen; while sweeping, which marks words before it is known whether they are
/// objects, those that are done as well.
uintptr_t csizer_heapmap_block_before(const csizer_heapmap *map, uintptr_t address, bool is_sweeping);

#endif
