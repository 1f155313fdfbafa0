// SPDX-License-Identifier: Apache-2.0
#ifndef CSIZER_HEAPMAP_INTERNAL_H
#define CSIZER_HEAPMAP_INTERNAL_H
#include <stddef.h>

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
  HEAPMAP_UNIT_SHIFT = 10,                                          // a unit is 64 places of 16 bytes each
  HEAPMAP_LANES = 4,                                                // a lane has every fourth place of a leaf
  HEAPMAP_LANE_SHIFT = 6,                                           // bytes of heap between them
  HEAPMAP_PLOT_SHIFT = 18,                                          // of heap, for each plot: 4 KiB of a lane
  HEAPMAP_PAGE_SHIFT = PLATFORM_LEAST_PAGE_SHIFT,  // larger ones count as several
  HEAPMAP_UNITS = 1 << (HEAPMAP_LEAF_SHIFT - HEAPMAP_UNIT_SHIFT),
  HEAPMAP_PAGES = 1 << (HEAPMAP_LEAF_SHIFT - HEAPMAP_PAGE_SHIFT),
  HEAPMAP_LEAVES = 1 << (HEAPMAP_ADDRESS_BITS - HEAPMAP_LEAF_SHIFT),
  HEAPMAP_STRETCH_SHIFT = 9,                                        // a stretch is 512 units
  HEAPMAP_STRETCHES = HEAPMAP_UNITS >> HEAPMAP_STRETCH_SHIFT,
  HEAPMAP_UNITS_PER_PAGE = 1 << (HEAPMAP_PAGE_SHIFT - HEAPMAP_UNIT_SHIFT),
  HEAPMAP_PLACES = 1 << (HEAPMAP_LEAF_SHIFT - 4),
  HEAPMAP_LANE_PLOTS = 1 << (HEAPMAP_LEAF_SHIFT - HEAPMAP_PLOT_SHIFT),
  HEAPMAP_PLOTS = HEAPMAP_LANES * HEAPMAP_LANE_PLOTS,               // lane by lane
  HEAPMAP_UNITS_PER_PLOT = 1 << (HEAPMAP_PLOT_SHIFT - HEAPMAP_UNIT_SHIFT),
  HEAPMAP_LANE_BYTES = HEAPMAP_PLACES / HEAPMAP_LANES,
  HEAPMAP_LANE_WORDS = HEAPMAP_LANE_BYTES / 8,
  HEAPMAP_PLOT_BYTES = 1 << (HEAPMAP_PLOT_SHIFT - HEAPMAP_LANE_SHIFT),
  HEAPMAP_PLOT_WORDS = HEAPMAP_PLOT_BYTES / 8,
  HEAPMAP_UNIT_WORDS = 1 << (HEAPMAP_UNIT_SHIFT - HEAPMAP_LANE_SHIFT - 3),
  HEAPMAP_CELL_SHIFT = 7,                                           // a cell has a number for each of 8 places
  HEAPMAP_CELL_NUMBERS = 1 << (HEAPMAP_CELL_SHIFT - 4),
  HEAPMAP_CELLS = 1 << (HEAPMAP_LEAF_SHIFT - HEAPMAP_CELL_SHIFT),
  HEAPMAP_CELLS_PER_PLOT = 1 << (HEAPMAP_PLOT_SHIFT - HEAPMAP_CELL_SHIFT),
  HEAPMAP_BLOCK_SHIFT = 11,                                         // a block is 2048 cells, 64 KiB
  HEAPMAP_BLOCK_CELLS = 1 << HEAPMAP_BLOCK_SHIFT,
  HEAPMAP_BLOCKS = 1 << 20,                                         // 64 GiB of cells
  HEAPMAP_AREA_SHIFT = 25,                                          // an area is 32 MiB: 32 in a leaf
};

enum { HEAPMAP_UNTOUCHED, HEAPMAP_TOUCHED, HEAPMAP_TOUCHED_BEFORE };

typedef struct heapmap_leaf {
  /// A byte for each place, 1 where an object lives; read as words. Neighbours are threads' that know nothing of each
  /// other: what they store does not touch the others' bytes, so nobody needs a locked instruction. Every fourth
  /// place's lie together: blocks of 32 or 64 bytes start at one place in two or four, so the lines of the processor's
  /// cache are full of theirs, and where nothing else is the other lanes have no memory. First in the leaf, which
  /// begins with a page: each plot is a page of its own, which can be given back.
  uint64_t live[HEAPMAP_LANES][HEAPMAP_LANE_WORDS];
  /// Which cells have the numbers by which those who track an object find what they know of it; 0: none is tracked
  /// there. Pages of their own, too.
  uint32_t cells[HEAPMAP_CELLS];
  /// The two planes lie apart: a sweep sets bits seen at random places, and reads those that live in order.
  uint64_t seen[HEAPMAP_UNITS];
  /// Blocks that the sweep under way need not scan any more: touched only by walks that sweep.
  uint64_t done[HEAPMAP_UNITS];
  /// What the page memo knows of each page; 0: nothing.
  uint8_t page_class[HEAPMAP_PAGES];
  /// For each plot, when it was opened last; 0: nothing lives there, and what was read there has no memory but the
  /// kernel's page of zeros; below 0: somebody asks whether it may be closed (heapmap_plots.c).
  int32_t opened[HEAPMAP_PLOTS];
  /// Stretches of units where a sweep has set bits seen, a byte each: how it finds those outside of the range below,
  /// and who asks later on what memory they have taken.
  uint8_t touched[HEAPMAP_STRETCHES];
  /// A bit for each 256 KiB of heap that have cells.
  uint64_t plots_with_cells[HEAPMAP_LANE_PLOTS / 64];
  /// The areas where an object was ever inserted, a bit each: only there and around is it sure that the allocator owns
  /// something.
  uint32_t areas;
  /// The units that ever had a bit set: what a sweep goes over. Empty: the first is behind the last.
  uint32_t first_unit, last_unit;
} heapmap_leaf;

// What is asked of the kernel, or given back to it, begins with a page, of 64 KiB at most.
_Static_assert(offsetof(heapmap_leaf, cells) % 65536 == 0 && offsetof(heapmap_leaf, seen) % 65536 == 0 &&
                   offsetof(heapmap_leaf, done) % 65536 == 0 && offsetof(heapmap_leaf, page_class) % 65536 == 0,
               "planes begin with pages");

struct csizer_heapmap {
  heapmap_leaf *leaves[HEAPMAP_LEAVES];
  /// Which leaves there are, a bit each, and which words of that have a bit: nobody reads a megabyte of empty table.
  uint64_t present[HEAPMAP_LEAVES / 64];
  uint64_t present_words[HEAPMAP_LEAVES / 64 / 64];
  /// Plots that are open, how many of them were opened since somebody closed some, and how many were open then; and the
  /// last opening. All written under the lock of heapmap_plots.c; the first is read without.
  uint32_t open_plots, opened_since, open_then;
  int32_t last_opening;
  /// Whether somebody goes over all plots to close some, for how many times anybody did, and which leaf and which plot
  /// of it comes next. Under the same lock.
  bool is_looking;
  uint32_t round;
  size_t next_leaf, next_plot;
  /// When a walk looked last. Atomic.
  uint64_t looked;
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
static inline bool heapmap_has_room_for(uintptr_t address) { return address >> HEAPMAP_LEAF_SHIFT < HEAPMAP_LEAVES; }

/// The leaf of any word; NULL, too, when it can't be in a map.
static inline heapmap_leaf *heapmap_leaf_of(const csizer_heapmap *map, uintptr_t address) {
  return heapmap_has_room_for(address) ? heapmap_leaf_at(map, address) : NULL;
}

/// The leaf of an address, made when it is not there; NULL when the address is out of range or mmap failed.
heapmap_leaf *csizer_heapmap_leaf_make(csizer_heapmap *map, uintptr_t address);

/// The first bit at or after `index` in `words`, or `bits` when there is none.
size_t csizer_heapmap_next_bit(const uint64_t *words, size_t index, size_t bits);

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

/// The first unit of the leaf's range, which other threads may be widening (csizer_heapmap_widen says why it is
/// relaxed).
static inline size_t heapmap_first_unit(const heapmap_leaf *leaf) {
  return __atomic_load_n(&leaf->first_unit, __ATOMIC_RELAXED);
}

/// The last of them; before the first when the range is empty.
static inline size_t heapmap_last_unit(const heapmap_leaf *leaf) {
  return __atomic_load_n(&leaf->last_unit, __ATOMIC_RELAXED);
}

/// The areas of the 2^shift bytes around an address, which begin with a multiple of that.
static inline uint32_t heapmap_areas_around(uintptr_t address, unsigned shift) {
  const uintptr_t first = (address & (((uintptr_t)1 << HEAPMAP_LEAF_SHIFT) - 1)) >> shift << shift;
  const unsigned count = 1U << (shift - HEAPMAP_AREA_SHIFT);
  return (uint32_t)((((uint64_t)1 << count) - 1) << (first >> HEAPMAP_AREA_SHIFT));
}

/// Whether any object was ever put into the 2^shift bytes of the leaf that are around an address: 25 to 30. Any thread.
/// Acquired: who is told so asks the allocator, and has to see what that knew when the object was made.
static inline bool heapmap_has_objects(const heapmap_leaf *leaf, uintptr_t address, unsigned shift) {
  return __atomic_load_n(&leaf->areas, __ATOMIC_ACQUIRE) & heapmap_areas_around(address, shift);
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

/// Where among a leaf's bytes that of the place at an address is.
static inline size_t heapmap_live_index(uintptr_t address) {
  const size_t lane = (address >> 4) & (HEAPMAP_LANES - 1);
  return lane * HEAPMAP_LANE_BYTES | ((address >> HEAPMAP_LANE_SHIFT) & (HEAPMAP_LANE_BYTES - 1));
}

static inline size_t heapmap_plot_index(uintptr_t address) {
  return heapmap_live_index(address) / HEAPMAP_PLOT_BYTES;
}

/// The bytes of a plot.
static inline const uint64_t *heapmap_plot_words(const heapmap_leaf *leaf, size_t plot) {
  return (const uint64_t *)(const void *)((const char *)leaf->live + plot * HEAPMAP_PLOT_BYTES);
}

/// The byte of the place at an address.
static inline uint8_t *heapmap_live_byte(heapmap_leaf *leaf, uintptr_t address) {
  return (uint8_t *)leaf->live + heapmap_live_index(address);
}

/// Whether an object that is live starts at the address, which is a multiple of 16. Relaxed, as all that is read of
/// live bytes: of an object that another thread hands over the program orders it, and who wants all of them has had
/// every thread pass a barrier, or has a copy of its own (csizer_census.h).
static inline bool heapmap_is_live(const heapmap_leaf *leaf, uintptr_t address) {
  return __atomic_load_n((const uint8_t *)leaf->live + heapmap_live_index(address), __ATOMIC_RELAXED);
}

/// Eight bytes, each of which is 0 or 1, as eight bits.
static inline uint64_t heapmap_gather(uint64_t bytes) {
  return bytes * 0x0102040810204080 >> 56;  // each moves to a bit of the top byte: none of the products meet
}

/// Sixteen bits, as every fourth bit of a word.
static inline uint64_t heapmap_spread(uint64_t bits) {
  bits = (bits | bits << 24) & 0x000000FF000000FF;
  bits = (bits | bits << 12) & 0x000F000F000F000F;
  bits = (bits | bits << 6) & 0x0303030303030303;
  return (bits | bits << 3) & 0x1111111111111111;
}

/// The live of a whole unit, a bit for each place.
static inline uint64_t heapmap_live_in(const heapmap_leaf *leaf, size_t unit) {
  _Static_assert(HEAPMAP_UNIT_WORDS == 2, "of each lane");
  uint64_t bits = 0;
  int32_t opened[HEAPMAP_LANES], any = 0;
  // Relaxed: a plot that is opened meanwhile has nothing yet that the reader must know of.
  for (int lane = 0; lane < HEAPMAP_LANES; lane++) {
    const size_t plot = lane * HEAPMAP_LANE_PLOTS + unit / HEAPMAP_UNITS_PER_PLOT;
    any |= opened[lane] = __atomic_load_n(&leaf->opened[plot], __ATOMIC_RELAXED);
  }
  if (!any) return 0;  // most are empty where a heap is scattered
  for (int lane = 0; lane < HEAPMAP_LANES; lane++) {
    if (!opened[lane]) continue;
    const uint64_t *words = &leaf->live[lane][unit * HEAPMAP_UNIT_WORDS];
    // Relaxed, as in heapmap_is_live.
    const uint64_t low = __atomic_load_n(&words[0], __ATOMIC_RELAXED);
    const uint64_t high = __atomic_load_n(&words[1], __ATOMIC_RELAXED);
    if (low | high) bits |= heapmap_spread(heapmap_gather(low) | heapmap_gather(high) << 8) << lane;
  }
  return bits;
}

/// As csizer_heapmap_insert, for a place whose leaf or plot may not be there, or is being closed.
bool csizer_heapmap_insert_slowly(csizer_heapmap *map, uintptr_t address);

#ifdef CSIZER_CHECKS
/// Tests only: what a birth calls between its look at the plot and its store, as if the thread lost its processor
/// there. NULL: nothing. Written while one thread runs.
extern void (*csizer_heapmap_before_store)(void);
#endif

/// As csizer_heapmap_insert.
static inline bool heapmap_insert(csizer_heapmap *map, uintptr_t address) {
  heapmap_leaf *leaf = heapmap_leaf_of(map, address);
  if (__builtin_expect(leaf != NULL, 1)) {
    const size_t index = heapmap_live_index(address);
    const int32_t *opened = &leaf->opened[index / HEAPMAP_PLOT_BYTES];
    const int32_t opening = __atomic_load_n(opened, __ATOMIC_ACQUIRE);
    if (__builtin_expect(opening > 0, 1)) {
#ifdef CSIZER_CHECKS
      if (csizer_heapmap_before_store) csizer_heapmap_before_store();
#endif
      __atomic_store_n((uint8_t *)leaf->live + index, 1, __ATOMIC_RELEASE);
      // Who closes a plot makes sure that a processor which has not stored before it looks will read this after it.
      __atomic_signal_fence(__ATOMIC_SEQ_CST);
      if (__builtin_expect(__atomic_load_n(opened, __ATOMIC_RELAXED) == opening, 1)) return true;
    }
  }
  return csizer_heapmap_insert_slowly(map, address);
}

/// As csizer_heapmap_remove, in the address's leaf.
static inline bool heapmap_remove(heapmap_leaf *leaf, uintptr_t address) {
  // Raw memory goes this way too: what is only read gets no memory of the map's.
  if ((address & 15) || !heapmap_is_live(leaf, address)) return false;
  __atomic_store_n(heapmap_live_byte(leaf, address), 0, __ATOMIC_RELEASE);
  return true;
}

// ---- Plots ----

/// Whether plots where nothing lives any more can be closed: the system has membarrier(2).
bool csizer_heapmap_can_close(void);

/// As csizer_heapmap_give_back, once a second at most: for those who come by often.
void csizer_heapmap_give_back_sometimes(csizer_heapmap *map);

// ---- Numbers ----

// Each place of 16 bytes has room for a number, 0 where nobody tracks an object. Who tracks objects chooses what the
// numbers say, and makes the cells that hold 8 of them each. Where few objects are tracked, what a leaf says of its
// cells weighs as much as these do: it has 4 bytes for each, which are the number of its block and its place there. A
// cell stays readable as long as the process lives, even if it was forgotten (csizer_heapmap_forget_cells).

typedef uint32_t heapmap_cell[HEAPMAP_CELL_NUMBERS];

/// The blocks of cells. One list for all maps, since whose cell it is makes no difference to who looks for one. A block
/// is written here before any of its cells is put into a leaf, and stays.
extern heapmap_cell *csizer_heapmap_blocks[HEAPMAP_BLOCKS];

// Plain: the cell's number was read with acquire, and its block was written before that was stored.
static inline uint32_t *heapmap_cell_at(uint32_t cell) {
  return csizer_heapmap_blocks[cell >> HEAPMAP_BLOCK_SHIFT][cell & (HEAPMAP_BLOCK_CELLS - 1)];
}

/// The number of the place at an address, which is a multiple of 16; NULL where there is no cell. Any thread.
static inline uint32_t *heapmap_number_at(const heapmap_leaf *leaf, uintptr_t address) {
  const size_t index = (address >> HEAPMAP_CELL_SHIFT) & (HEAPMAP_CELLS - 1);
  const uint32_t cell = __atomic_load_n(&leaf->cells[index], __ATOMIC_ACQUIRE);
  return cell ? &heapmap_cell_at(cell)[(address >> 4) & (HEAPMAP_CELL_NUMBERS - 1)] : NULL;
}

/// Gives the places around an address a cell, of zeros, unless they have one by now: whether they took it. False, too,
/// when the map has no room for the address. Any thread.
bool csizer_heapmap_put_cell(csizer_heapmap *map, uintptr_t address, uint32_t cell);

/// Whether some tracker may have the object in its records. Any thread; sure only to who keeps trackers out. Relaxed:
/// of an object's birth its death comes to know by the program's own hand-over.
static inline bool heapmap_may_be_tracked(const heapmap_leaf *leaf, uintptr_t address) {
  const uint32_t *number = heapmap_number_at(leaf, address);
  return number && __atomic_load_n(number, __ATOMIC_RELAXED);
}

/// Where a look at all cells goes on; zeros: at the first.
typedef struct heapmap_cell_cursor {
  size_t leaf, plot;
} heapmap_cell_cursor;

/// Takes away what cells have no number any more, in so many plots that it takes some 100 µs, and calls `take` for each
/// of them; the memory that they were found by goes with the last of its plot. False when that was the end. Nobody may
/// put cells or numbers in meanwhile.
bool csizer_heapmap_drop_cells(csizer_heapmap *map, heapmap_cell_cursor *at, void (*take)(uint32_t cell));

/// Takes all cells away, and the memory that they were found by. Nobody may be tracking anything.
void csizer_heapmap_forget_cells(csizer_heapmap *map);

#endif
