// SPDX-License-Identifier: Apache-2.0
#ifndef CSIZER_HEAPMAP_INTERNAL_H
#define CSIZER_HEAPMAP_INTERNAL_H
#include "csizer_heapmap.h"
#include "platform/address_space.h"

// The map's parts, and what every object of the process passes when it is made and when it is freed: inline, no call to
// another file. What a walk passes at every reference is in heapmap_marks.h, all else behind csizer_heapmap.h.
//
// Only files of this folder know what a leaf is made of. To others it is a GiB of addresses that they hold in their
// hands while they ask about some of them, and a unit is a KiB of those.

enum {
  HEAPMAP_ADDRESS_BITS = PLATFORM_ADDRESS_BITS,
  HEAPMAP_LEAF_SHIFT = 30,                                          // a leaf covers 1 GiB
  HEAPMAP_UNIT_SHIFT = 10,                                          // a unit is 64 bits of 16 bytes each
  HEAPMAP_PAGE_SHIFT = PLATFORM_LEAST_PAGE_SHIFT,  // larger ones count as several
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

/// The leaf of an address that can be in a map (heapmap_has_room_for), or NULL.
static inline heapmap_leaf *heapmap_leaf_at(const csizer_heapmap *map, uintptr_t address) {
  return __atomic_load_n(&map->leaves[address >> HEAPMAP_LEAF_SHIFT], __ATOMIC_ACQUIRE);
}

/// Whether an address can be in a map at all.
static inline bool heapmap_has_room_for(uintptr_t address) { return !(address >> HEAPMAP_ADDRESS_BITS); }

/// The leaf of any word; NULL, too, when it can't be in a map.
static inline heapmap_leaf *heapmap_leaf_of(const csizer_heapmap *map, uintptr_t address) {
  return heapmap_has_room_for(address) ? heapmap_leaf_at(map, address) : NULL;
}

/// The leaf of an address, made when it is not there; NULL when the address is out of range or mmap failed.
heapmap_leaf *csizer_heapmap_leaf_make(csizer_heapmap *map, uintptr_t address);

/// The index of the first leaf at or after `index` that exists; HEAPMAP_LEAVES when there is none.
size_t csizer_heapmap_next_leaf(const csizer_heapmap *map, size_t index);

/// The leaf of an index that csizer_heapmap_next_leaf gave.
static inline heapmap_leaf *heapmap_leaf_numbered(const csizer_heapmap *map, size_t index) {
  return __atomic_load_n(&map->leaves[index], __ATOMIC_ACQUIRE);
}

/// Where a unit of a leaf starts.
static inline uintptr_t heapmap_unit_start(size_t leaf_index, size_t unit) {
  return ((uintptr_t)leaf_index << HEAPMAP_LEAF_SHIFT) + ((uintptr_t)unit << HEAPMAP_UNIT_SHIFT);
}

/// Widens the leaf's range of units, which other threads may do at the same time.
void csizer_heapmap_widen(heapmap_leaf *leaf, uint32_t unit);

/// The first unit of the leaf's range, which other threads may be widening.
static inline size_t heapmap_first_unit(const heapmap_leaf *leaf) {
  return __atomic_load_n(&leaf->first_unit, __ATOMIC_RELAXED);
}

/// The last of them; before the first when the range is empty.
static inline size_t heapmap_last_unit(const heapmap_leaf *leaf) {
  return __atomic_load_n(&leaf->last_unit, __ATOMIC_RELAXED);
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

/// Widens the leaf's range so that it has the address's unit, where the marks are going to be forgotten.
static inline void heapmap_note(heapmap_leaf *leaf, uintptr_t address) {
  heapmap_note_unit(leaf, heapmap_unit_index(address));
}

// ---- Live ----

/// Whether an object that is live starts at the address, which is a multiple of 16.
static inline bool heapmap_is_live(const heapmap_leaf *leaf, uintptr_t address) {
  return (__atomic_load_n(&leaf->live[heapmap_unit_index(address)], __ATOMIC_RELAXED) & heapmap_bit(address)) != 0;
}

/// The live of a whole unit, a bit for each place.
static inline uint64_t heapmap_live_in(const heapmap_leaf *leaf, size_t unit) {
  return __atomic_load_n(&leaf->live[unit], __ATOMIC_RELAXED);
}

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

// ---- Tracked ----

// Who changes the flag of one place may rewrite those of its whole unit: one thread at a time for each unit, as the
// shards of tracking see to it (shards.h). Readers need no lock.

/// Notes that some tracker has the object in its records. False when the map has no room for it.
bool csizer_heapmap_track(csizer_heapmap *map, uintptr_t address);

/// Notes that none has it any more.
static inline void heapmap_untrack(heapmap_leaf *leaf, uintptr_t address) {
  uint64_t *word = &leaf->tracked[heapmap_unit_index(address)];
  __atomic_store_n(word, *word & ~heapmap_bit(address), __ATOMIC_RELAXED);
}

/// Whether some tracker may have the object in its records. Any thread.
static inline bool heapmap_may_be_tracked(const heapmap_leaf *leaf, uintptr_t address) {
  return __atomic_load_n(&leaf->tracked[heapmap_unit_index(address)], __ATOMIC_RELAXED) & heapmap_bit(address);
}

#endif
