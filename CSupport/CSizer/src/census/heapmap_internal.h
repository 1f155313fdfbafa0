// SPDX-License-Identifier: Apache-2.0
#ifndef CSIZER_HEAPMAP_INTERNAL_H
#define CSIZER_HEAPMAP_INTERNAL_H
#include "csizer_heapmap.h"

// The parts of the map that the walk's loop has in its hands at every reference. All else stays behind
// csizer_heapmap.h.

enum {
  HEAPMAP_ADDRESS_BITS = 47,
  HEAPMAP_LEAF_SHIFT = 30,                                          // a leaf covers 1 GiB
  HEAPMAP_UNIT_SHIFT = 10,                                          // a unit is 64 bits of 16 bytes each
  HEAPMAP_PAGE_SHIFT = 12,
  HEAPMAP_UNITS = 1 << (HEAPMAP_LEAF_SHIFT - HEAPMAP_UNIT_SHIFT),
  HEAPMAP_PAGES = 1 << (HEAPMAP_LEAF_SHIFT - HEAPMAP_PAGE_SHIFT),
  HEAPMAP_LEAVES = 1 << (HEAPMAP_ADDRESS_BITS - HEAPMAP_LEAF_SHIFT),
  HEAPMAP_STRETCH_SHIFT = 9,                                        // a stretch is 512 units
  HEAPMAP_STRETCHES = HEAPMAP_UNITS >> HEAPMAP_STRETCH_SHIFT,
  HEAPMAP_UNITS_PER_PAGE = 1 << (HEAPMAP_PAGE_SHIFT - HEAPMAP_UNIT_SHIFT),
};

typedef struct heapmap_leaf {
  /// The two planes lie apart: a sweep sets bits seen at random places, and reads bits live in order.
  uint64_t live[HEAPMAP_UNITS];
  uint64_t seen[HEAPMAP_UNITS];
  /// Blocks that the sweep under way need not scan any more: touched only by walks that sweep.
  uint64_t done[HEAPMAP_UNITS];
  /// Objects that some tracker may have in its records: touched only where tracked objects are.
  uint64_t tracked[HEAPMAP_UNITS];
  /// What the page memo knows of each page; 0: nothing.
  uint8_t page_class[HEAPMAP_PAGES];
  /// Stretches of units where a sweep has set bits seen, a byte each: how it finds those outside of the range below.
  uint8_t touched[HEAPMAP_STRETCHES];
  /// Whether an object was ever inserted: only then is it sure that the allocator knows this GiB.
  bool has_objects;
  /// The units that ever had a bit set: what a sweep goes over. Empty: the first is behind the last.
  uint32_t first_unit, last_unit;
} heapmap_leaf;

struct csizer_heapmap {
  heapmap_leaf *leaves[HEAPMAP_LEAVES];
  /// Which leaves there are, a bit each, and which words of that have a bit: nobody reads a megabyte of empty table.
  uint64_t present[HEAPMAP_LEAVES / 64];
  uint64_t present_words[HEAPMAP_LEAVES / 64 / 64];
};

static inline uint64_t heapmap_bit(uintptr_t address) {
  return (uint64_t)1 << ((address >> 4) & 63);
}

static inline size_t heapmap_unit_index(uintptr_t address) {
  return (address >> HEAPMAP_UNIT_SHIFT) & (HEAPMAP_UNITS - 1);
}

/// A leaf by its index, or NULL; other threads make some at the same time.
static inline heapmap_leaf *heapmap_leaf_of(heapmap_leaf *const *leaves, size_t index) {
  return __atomic_load_n(&leaves[index], __ATOMIC_ACQUIRE);
}

/// The leaf of an address below 2^47, or NULL.
static inline heapmap_leaf *heapmap_leaf_at(const csizer_heapmap *map, uintptr_t address) {
  return heapmap_leaf_of(map->leaves, address >> HEAPMAP_LEAF_SHIFT);
}

/// The leaf of an address, made when it is not there; NULL when the address is out of range or mmap failed.
heapmap_leaf *csizer_heapmap_leaf_make(csizer_heapmap *map, uintptr_t address);

/// The index of the first leaf at or after `index` that exists; HEAPMAP_LEAVES when there is none.
size_t csizer_heapmap_next_leaf(const csizer_heapmap *map, size_t index);

/// Widens the leaf's range of units, which other threads may do at the same time.
void csizer_heapmap_widen(heapmap_leaf *leaf, uint32_t unit);

// The leaf's range of units, which other threads may be widening.
static inline size_t heapmap_first_unit(const heapmap_leaf *leaf) {
  return __atomic_load_n(&leaf->first_unit, __ATOMIC_RELAXED);
}
static inline size_t heapmap_last_unit(const heapmap_leaf *leaf) {
  return __atomic_load_n(&leaf->last_unit, __ATOMIC_RELAXED);
}

/// The objects of a unit, a bit each; other threads make and free some at the same time. Any thread.
static inline uint64_t heapmap_live(const heapmap_leaf *leaf, size_t unit) {
  return __atomic_load_n(&leaf->live[unit], __ATOMIC_RELAXED);
}

/// Whether any object was ever put into the leaf. Any thread.
static inline bool heapmap_has_objects(const heapmap_leaf *leaf) {
  return __atomic_load_n(&leaf->has_objects, __ATOMIC_RELAXED);
}

/// Whether a unit is in the range that is swept and whose marks are forgotten.
static inline bool heapmap_spans(const heapmap_leaf *leaf, size_t unit) {
  return unit >= heapmap_first_unit(leaf) && unit <= heapmap_last_unit(leaf);
}

static inline void heapmap_note_unit(heapmap_leaf *leaf, size_t unit) {
  if (__builtin_expect(!heapmap_spans(leaf, unit), 0)) csizer_heapmap_widen(leaf, (uint32_t)unit);
}

// What every object of the process passes when it is made and when it is freed: no call to another file.

/// As csizer_heapmap_insert.
static inline bool heapmap_insert(csizer_heapmap *map, uintptr_t address) {
  if (__builtin_expect(address >> HEAPMAP_ADDRESS_BITS != 0, 0)) return false;
  heapmap_leaf *leaf = heapmap_leaf_at(map, address);
  if (__builtin_expect(!leaf, 0)) {
    leaf = csizer_heapmap_leaf_make(map, address);
    if (!leaf) return false;
  }
  if (__builtin_expect(!heapmap_has_objects(leaf), 0)) __atomic_store_n(&leaf->has_objects, true, __ATOMIC_RELAXED);
  heapmap_note_unit(leaf, heapmap_unit_index(address));
  __atomic_fetch_or(&leaf->live[heapmap_unit_index(address)], heapmap_bit(address), __ATOMIC_RELAXED);
  return true;
}

/// As csizer_heapmap_remove; the leaf in which the object was, or NULL when it was not there.
static inline heapmap_leaf *heapmap_remove(csizer_heapmap *map, uintptr_t address) {
  if (__builtin_expect(((address >> HEAPMAP_ADDRESS_BITS) | (address & 15)) != 0, 0)) return NULL;
  heapmap_leaf *leaf = heapmap_leaf_at(map, address);
  if (__builtin_expect(!leaf, 0)) return NULL;
  uint64_t *word = &leaf->live[heapmap_unit_index(address)];
  // Raw memory goes this way too: a plain load spares it the locked instruction.
  if (!(__atomic_load_n(word, __ATOMIC_RELAXED) & heapmap_bit(address))) return NULL;
  __atomic_fetch_and(word, ~heapmap_bit(address), __ATOMIC_RELAXED);
  return leaf;
}

/// Whether some tracker may have the object in its records. Any thread.
static inline bool heapmap_may_be_tracked(const heapmap_leaf *leaf, uintptr_t address) {
  return __atomic_load_n(&leaf->tracked[heapmap_unit_index(address)], __ATOMIC_RELAXED) & heapmap_bit(address);
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

#endif
