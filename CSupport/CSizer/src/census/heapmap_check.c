// SPDX-License-Identifier: Apache-2.0
// The heap map's invariants, for tests and stress.
#ifdef CSIZER_CHECKS
#define _GNU_SOURCE
#include "census/heapmap_check.h"

#include <sched.h>
#include <sys/mman.h>
#include <unistd.h>

#include "census/heapmap_marks.h"

static bool has_bit(const uint64_t *words, size_t index) {
  return __atomic_load_n(&words[index / 64], __ATOMIC_ACQUIRE) >> (index % 64) & 1;
}

enum { PATIENCE = 1000 };

// Another thread may just be putting a leaf in: its bits follow.
static bool is_listed(const csizer_heapmap *map, size_t index) {
  for (int i = 0; i < PATIENCE; i++) {
    if (has_bit(map->present, index) && has_bit(map->present_words, index / 64)) return true;
    sched_yield();
  }
  return false;
}

static const char *check_list(const csizer_heapmap *map) {
  for (size_t i = 0; i < HEAPMAP_LEAVES; i++) {
    bool is_there = __atomic_load_n(&map->leaves[i], __ATOMIC_ACQUIRE) != NULL;
    if (is_there && !is_listed(map, i)) return "a leaf is there and not listed: nobody goes over it";
    if (!is_there && has_bit(map->present, i) && !map->leaves[i]) return "a leaf is listed and not there";
  }
  for (size_t i = 0; i < HEAPMAP_LEAVES / 64; i++)
    if (has_bit(map->present_words, i) && !map->present[i]) return "a word of the list counts as used and is empty";
  return NULL;
}

// What is set outside of the range that is gone over is never found again. The bytes are read before the range: an
// object's thread widens the range first.
static const char *check_unit(const heapmap_leaf *leaf, size_t unit) {
  if (!heapmap_live_in(leaf, unit)) return NULL;
  if (!heapmap_has_objects(leaf, (uintptr_t)unit << HEAPMAP_UNIT_SHIFT, HEAPMAP_AREA_SHIFT))
    return "an object is live in an area that is said to have had none";
  return heapmap_spans(leaf, unit) ? NULL : "an object is live outside of its leaf's range";
}

// The range was widened before the cell came to be, and its plot was noted. Who takes a plot's cells away does that in
// the opposite order.
static const char *check_cell(const heapmap_leaf *leaf, size_t cell) {
  for (int i = 0; i < PATIENCE; i++) {
    if (!__atomic_load_n(&leaf->cells[cell], __ATOMIC_ACQUIRE)) return NULL;
    if (!heapmap_spans(leaf, cell / (HEAPMAP_CELLS / HEAPMAP_UNITS))) return "a cell is outside of its leaf's range";
    if (has_bit(leaf->plots_with_cells, cell / HEAPMAP_CELLS_PER_PLOT)) return NULL;
    sched_yield();
  }
  return "a cell is in a plot that is said to have none: it is never given back";
}

static const char *check_cells(const heapmap_leaf *leaf) {
  enum { LEAST_PAGE = 1 << HEAPMAP_PAGE_SHIFT };
  unsigned char resident[sizeof leaf->cells / LEAST_PAGE];
  const size_t page_cells = (size_t)sysconf(_SC_PAGESIZE) / sizeof leaf->cells[0];
  if (mincore((void *)(uintptr_t)leaf->cells, sizeof leaf->cells, resident)) return NULL;
  const char *broken = NULL;
  for (size_t page = 0; !broken && page < HEAPMAP_CELLS / page_cells; page++)
    for (size_t i = 0; !broken && (resident[page] & 1) && i < page_cells; i++)
      broken = check_cell(leaf, page * page_cells + i);
  return broken;
}

// Tests, which know what other threads do meanwhile: relaxed, here and below.
static bool has_bytes(const heapmap_leaf *leaf, size_t plot) {
  const uint64_t *words = heapmap_plot_words(leaf, plot);
  for (size_t i = 0; i < HEAPMAP_PLOT_WORDS; i++)
    if (__atomic_load_n(&words[i], __ATOMIC_RELAXED)) return true;
  return false;
}

// Nobody looks into a plot that is not open. A thread whose plot was closed while it made an object may just be about
// to open it again.
static const char *check_plot(const heapmap_leaf *leaf, size_t plot) {
  for (int i = 0; i < PATIENCE; i++) {
    if (__atomic_load_n(&leaf->opened[plot], __ATOMIC_ACQUIRE)) return NULL;
    if (!has_bytes(leaf, plot)) return NULL;
    sched_yield();
  }
  return "an object is live in a plot that is not open";
}

// What the kernel has no memory for is not read: that would make some.
static const char *check_plots(const heapmap_leaf *leaf) {
  unsigned char resident[HEAPMAP_PLOTS];  // a byte for each page, of which none is smaller than a plot
  const size_t plots_of_a_page = (size_t)sysconf(_SC_PAGESIZE) / HEAPMAP_PLOT_BYTES;
  if (mincore((void *)(uintptr_t)leaf->live, sizeof leaf->live, resident)) return NULL;
  const char *broken = NULL;
  for (size_t page = 0; !broken && page < HEAPMAP_PLOTS / plots_of_a_page; page++)
    for (size_t i = 0; !broken && (resident[page] & 1) && i < plots_of_a_page; i++)
      broken = check_plot(leaf, page * plots_of_a_page + i);
  return broken;
}

// Else nothing lives in all its plot's units (check_plots).
static bool is_open_somewhere(const heapmap_leaf *leaf, size_t unit) {
  for (size_t plot = unit / HEAPMAP_UNITS_PER_PLOT; plot < HEAPMAP_PLOTS; plot += HEAPMAP_LANE_PLOTS)
    if (__atomic_load_n(&leaf->opened[plot], __ATOMIC_RELAXED)) return true;
  return false;
}

const char *csizer_heapmap_check(const csizer_heapmap *map) {
  const char *broken = check_list(map);
  for (size_t i = 0; !broken && (i = csizer_heapmap_next_leaf(map, i)) < HEAPMAP_LEAVES; i++) {
    const heapmap_leaf *leaf = map->leaves[i];
    if (heapmap_last_unit(leaf) >= HEAPMAP_UNITS || heapmap_first_unit(leaf) > HEAPMAP_UNITS)
      return "a leaf's range reaches over its end";
    if (!broken) broken = check_plots(leaf);
    if (!broken) broken = check_cells(leaf);
    for (size_t unit = 0; !broken && unit < HEAPMAP_UNITS; unit++) {
      if (is_open_somewhere(leaf, unit)) broken = check_unit(leaf, unit);
      else unit |= HEAPMAP_UNITS_PER_PLOT - 1;
    }
  }
  return broken;
}

const char *csizer_heapmap_check_unmarked(const csizer_heapmap *map) {
  for (size_t i = 0; (i = csizer_heapmap_next_leaf(map, i)) < HEAPMAP_LEAVES; i++) {
    const heapmap_leaf *leaf = map->leaves[i];
    for (size_t unit = 0; unit < HEAPMAP_UNITS; unit++)
      if (leaf->seen[unit]) return "a block is still seen";
    for (size_t page = 0; page < HEAPMAP_PAGES; page++)
      if (leaf->page_class[page]) return "a page is still remembered";
    for (size_t stretch = 0; stretch < HEAPMAP_STRETCHES; stretch++)
      if (leaf->touched[stretch] == HEAPMAP_TOUCHED) return "a stretch still counts as touched";
  }
  return csizer_heapmap_check(map);
}
#endif
