// SPDX-License-Identifier: Apache-2.0
// What the heap map costs, by the kernel's account.
#define _GNU_SOURCE
#include <sys/mman.h>
#include <unistd.h>

#include "census/heapmap_internal.h"

static size_t resident_bytes(const void *start, size_t bytes) {
  enum { STEP = 1024 };  // pages asked for at a time
  unsigned char resident[STEP];
  size_t page = (size_t)sysconf(_SC_PAGESIZE), sum = 0;
  size_t pages = (bytes + page - 1) / page;
  for (size_t first = 0; first < pages; first += STEP) {
    size_t count = pages - first < STEP ? pages - first : STEP;
    if (mincore((char *)(uintptr_t)start + first * page, count * page, resident)) continue;
    for (size_t i = 0; i < count; i++) sum += (resident[i] & 1) ? page : 0;
  }
  return sum;
}

// Of a plane only the units in the leaf's range were ever touched; the kernel is asked about every page that one names.
static size_t resident_plane(const heapmap_leaf *leaf, const void *plane, size_t unit_bytes) {
  size_t page_units = (size_t)sysconf(_SC_PAGESIZE) / unit_bytes;
  size_t first = heapmap_first_unit(leaf) / page_units * page_units;
  return resident_bytes((const char *)plane + first * unit_bytes, (heapmap_last_unit(leaf) - first + 1) * unit_bytes);
}

// References that are none may have marked anything (walk_loop.c), in stretches that keep a note of it.
static size_t resident_strays(const heapmap_leaf *leaf) {
  enum { STRETCH = 1 << HEAPMAP_STRETCH_SHIFT };
  const size_t units_of_page = (size_t)sysconf(_SC_PAGESIZE) / sizeof *leaf->seen;
  const size_t step = units_of_page > STRETCH ? units_of_page : STRETCH;
  const size_t first = heapmap_first_unit(leaf) / step, last = heapmap_last_unit(leaf) / step;
  const bool is_empty = heapmap_first_unit(leaf) > heapmap_last_unit(leaf);
  size_t bytes = 0;
  for (size_t i = 0; i < HEAPMAP_UNITS / step; i++) {
    if (!is_empty && i >= first && i <= last) continue;  // asked for with the range
    bool is_touched = false;
    for (size_t stretch = i * (step / STRETCH); stretch < (i + 1) * (step / STRETCH); stretch++)
      is_touched |= leaf->touched[stretch] != HEAPMAP_UNTOUCHED;
    if (is_touched) bytes += resident_bytes(&leaf->seen[i * step], step * sizeof *leaf->seen);
  }
  return bytes;
}

// Relaxed: what is counted is what there was at some moment of the look.
static bool is_any_open(const heapmap_leaf *leaf, size_t plot, size_t count) {
  for (size_t i = plot; i < plot + count; i++)
    if (__atomic_load_n(&leaf->opened[i], __ATOMIC_RELAXED)) return true;
  return false;
}

// Bytes live were written in open plots alone. Whoever asked for others got the kernel's page of zeros, which it counts
// as resident, too, and which costs nothing.
static size_t resident_lane(const heapmap_leaf *leaf, size_t lane) {
  unsigned char resident[HEAPMAP_LANE_PLOTS];
  const size_t page = (size_t)sysconf(_SC_PAGESIZE), step = page / HEAPMAP_PLOT_BYTES;
  const size_t first = heapmap_first_unit(leaf) / HEAPMAP_UNITS_PER_PLOT / step * step;
  const size_t end = heapmap_last_unit(leaf) / HEAPMAP_UNITS_PER_PLOT + 1;
  const size_t start = lane * HEAPMAP_LANE_PLOTS;
  void *bytes = (void *)(uintptr_t)heapmap_plot_words(leaf, start + first);
  if (mincore(bytes, (end - first) * HEAPMAP_PLOT_BYTES, resident)) return 0;
  size_t sum = 0;
  for (size_t plot = first; plot < end; plot += step)
    if (resident[(plot - first) / step] & 1 && is_any_open(leaf, start + plot, step)) sum += page;
  return sum;
}

static size_t resident_leaf(const heapmap_leaf *leaf) {
  size_t bytes = resident_strays(leaf);
  size_t rest = offsetof(heapmap_leaf, page_class);
  bytes += resident_bytes((const char *)leaf + rest, sizeof *leaf - rest);
  if (heapmap_first_unit(leaf) > heapmap_last_unit(leaf)) return bytes;
  for (size_t lane = 0; lane < HEAPMAP_LANES; lane++) bytes += resident_lane(leaf, lane);
  return bytes + resident_plane(leaf, leaf->seen, sizeof *leaf->seen) +
         resident_plane(leaf, leaf->done, sizeof *leaf->done) +
         resident_plane(leaf, leaf->cells, sizeof *leaf->cells * (HEAPMAP_CELLS / HEAPMAP_UNITS));
}

size_t csizer_heapmap_resident_bytes(const csizer_heapmap *map) {
  size_t bytes = resident_bytes(map, sizeof *map);
  for (size_t i = 0; (i = csizer_heapmap_next_leaf(map, i)) < HEAPMAP_LEAVES; i++)
    bytes += resident_leaf(heapmap_leaf_numbered(map, i));
  return bytes;
}

size_t csizer_heapmap_mapped_bytes(const csizer_heapmap *map) {
  size_t bytes = sizeof *map;
  for (size_t i = 0; (i = csizer_heapmap_next_leaf(map, i)) < HEAPMAP_LEAVES; i++) bytes += sizeof(heapmap_leaf);
  return bytes;
}
