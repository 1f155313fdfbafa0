// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "census/heapmap_check.h"
#include "census/heapmap_internal.h"
#include "census/heapmap_marks.h"
#include "platform/pages.h"
#include "support/check.h"

// The map against a model that always tells the truth: a sorted table of candidates with two flags each.

enum { GIB_SHIFT = 30, CANDIDATES = 4096, OPERATIONS = 400000 };

typedef struct candidate {
  uintptr_t address;
  bool live, seen;
} candidate;

static int by_address(const void *left, const void *right) {
  uintptr_t a = ((const candidate *)left)->address, b = ((const candidate *)right)->address;
  return (a > b) - (a < b);
}

// Neighbours that share words, units and pages, in five GiB: the first, one in the middle with the next, the last two.
static void fill_candidates(candidate *candidates, uint64_t *random) {
  static const uintptr_t gibs[] = {0, 0x17F, 0x180, HEAPMAP_LEAVES - 2, HEAPMAP_LEAVES - 1};
  for (size_t i = 0; i < CANDIDATES; i++) {
    uintptr_t within = check_random(random) % ((uintptr_t)1 << GIB_SHIFT);
    if (i % 2) within %= 64 * 1024;                           // crowded
    if (i % 16 == 0) within = ((uintptr_t)1 << GIB_SHIFT) - 16 - within % 256;  // at the end
    candidates[i] = (candidate){.address = (gibs[i % 5] << GIB_SHIFT) + (within & ~(uintptr_t)15)};
  }
  qsort(candidates, CANDIDATES, sizeof *candidates, by_address);
}

static size_t without_duplicates(candidate *candidates) {
  size_t count = 1;
  for (size_t i = 1; i < CANDIDATES; i++)
    if (candidates[i].address != candidates[count - 1].address) candidates[count++] = candidates[i];
  return count;
}

typedef struct comparison {
  const candidate *candidates;
  size_t count, next;
} comparison;

static bool compare_next(void *context, const void *address) {
  comparison *comparison = context;
  while (comparison->next < comparison->count && !comparison->candidates[comparison->next].live) comparison->next++;
  CHECK(comparison->next < comparison->count);
  CHECK_EQUAL((uintptr_t)address, comparison->candidates[comparison->next].address);
  comparison->next++;
  return true;
}

static void compare_all(const csizer_heapmap *map, const candidate *candidates, size_t count) {
  size_t live = 0;
  for (size_t i = 0; i < count; i++) live += candidates[i].live;
  CHECK_EQUAL(csizer_heapmap_count(map), live);
  comparison comparison = {candidates, count, 0};
  csizer_heapmap_enumerate(map, compare_next, &comparison);
  while (comparison.next < count) CHECK(!candidates[comparison.next++].live);
}

static void forget(csizer_heapmap *map, candidate *candidates, size_t count) {
  csizer_heapmap_forget_marks(map);
  for (size_t i = 0; i < count; i++) candidates[i].seen = false;
}

static void operate(csizer_heapmap *map, candidate *held, uint64_t dice) {
  const void *address = (const void *)held->address;
  switch (dice % 4) {
    case 0:
      CHECK(csizer_heapmap_insert(map, address));
      held->live = true;
      break;
    case 1:
      CHECK_EQUAL(csizer_heapmap_remove(map, address), held->live);
      held->live = false;
      break;
    case 2:
      CHECK_EQUAL(csizer_heapmap_mark(map, address), !held->seen);
      held->seen = true;
      break;
    default: CHECK_EQUAL(csizer_heapmap_contains(map, address), held->live);
  }
}

TEST(agrees_with_a_model) {
  static candidate candidates[CANDIDATES];
  uint64_t random = 20260117;
  fill_candidates(candidates, &random);
  size_t count = without_duplicates(candidates);
  csizer_heapmap *map;
  CHECK_EQUAL(csizer_heapmap_create(&map), CSIZER_OK);
  for (size_t i = 1; i <= OPERATIONS; i++) {
    operate(map, &candidates[check_random(&random) % count], check_random(&random));
    if (i % (OPERATIONS / 8) == 0) compare_all(map, candidates, count);
    if (i % (OPERATIONS / 20) == 0) forget(map, candidates, count);
  }
  csizer_heapmap_destroy(map);
  CHECK_EQUAL(csizer_pages_held(), 0);
}

TEST(refuses_addresses_out_of_range) {
  csizer_heapmap *map;
  CHECK_EQUAL(csizer_heapmap_create(&map), CSIZER_OK);
  const uintptr_t beyond = (uintptr_t)1 << HEAPMAP_ADDRESS_BITS;
  const uintptr_t outside[] = {beyond, beyond + 64, (uintptr_t)1 << 63, ~(uintptr_t)15};
  for (size_t i = 0; i < sizeof outside / sizeof *outside; i++) {
    const void *address = (const void *)outside[i];
    CHECK(!csizer_heapmap_insert(map, address));
    CHECK(!csizer_heapmap_contains(map, address));
    CHECK(!csizer_heapmap_remove(map, address));
    CHECK(!csizer_heapmap_mark(map, address));
  }
  CHECK_EQUAL(csizer_heapmap_count(map), 0);
  csizer_heapmap_destroy(map);
}

TEST(knows_only_starts_of_blocks) {
  csizer_heapmap *map;
  CHECK_EQUAL(csizer_heapmap_create(&map), CSIZER_OK);
  const uintptr_t block = 0x7F0000001230;
  CHECK(csizer_heapmap_insert(map, (const void *)block));
  for (uintptr_t inside = 1; inside < 16; inside++) {
    CHECK(!csizer_heapmap_contains(map, (const void *)(block + inside)));
    CHECK(!csizer_heapmap_remove(map, (const void *)(block + inside)));
  }
  CHECK(csizer_heapmap_contains(map, (const void *)block));
  csizer_heapmap_destroy(map);
}

TEST(a_gib_ends_where_the_next_begins) {
  csizer_heapmap *map;
  CHECK_EQUAL(csizer_heapmap_create(&map), CSIZER_OK);
  size_t empty = csizer_pages_held();
  const uintptr_t edge = (uintptr_t)5 << GIB_SHIFT;
  CHECK(csizer_heapmap_insert(map, (const void *)(edge - 16)));
  size_t one_leaf = csizer_pages_held();
  CHECK(!csizer_heapmap_contains(map, (const void *)edge));
  CHECK_EQUAL(csizer_pages_held(), one_leaf);  // asking makes no leaf
  CHECK(csizer_heapmap_insert(map, (const void *)edge));
  CHECK_EQUAL(csizer_pages_held() - one_leaf, one_leaf - empty);
  CHECK(csizer_heapmap_remove(map, (const void *)(edge - 16)));
  CHECK(csizer_heapmap_contains(map, (const void *)edge));
  csizer_heapmap_destroy(map);
}

static bool stop_at_third(void *context, const void *address) {
  (void)address;
  return ++*(int *)context < 3;
}

TEST(enumeration_stops_when_told) {
  csizer_heapmap *map;
  CHECK_EQUAL(csizer_heapmap_create(&map), CSIZER_OK);
  for (uintptr_t i = 1; i <= 10; i++) CHECK(csizer_heapmap_insert(map, (const void *)(i << 29)));
  int visits = 0;
  csizer_heapmap_enumerate(map, stop_at_third, &visits);
  CHECK_EQUAL(visits, 3);
  csizer_heapmap_destroy(map);
}

TEST(forgetting_marks_keeps_the_living) {
  csizer_heapmap *map;
  CHECK_EQUAL(csizer_heapmap_create(&map), CSIZER_OK);
  const void *both = (const void *)0x10000010, *marked = (const void *)0x10002020;
  CHECK(csizer_heapmap_insert(map, both));
  CHECK(csizer_heapmap_mark(map, both) && csizer_heapmap_mark(map, marked));
  CHECK(!csizer_heapmap_mark(map, both) && !csizer_heapmap_mark(map, marked));
  csizer_heapmap_forget_marks(map);
  CHECK(csizer_heapmap_contains(map, both) && !csizer_heapmap_contains(map, marked));
  CHECK(csizer_heapmap_mark(map, both) && csizer_heapmap_mark(map, marked));
  csizer_heapmap_destroy(map);
}

TEST(costs_only_what_is_touched) {
  csizer_heapmap *map;
  CHECK_EQUAL(csizer_heapmap_create(&map), CSIZER_OK);
  CHECK_EQUAL(csizer_heapmap_resident_bytes(map), 0);
  for (uintptr_t i = 0; i < 64 * 1024; i++) CHECK(csizer_heapmap_insert(map, (const void *)(0x40000000 + i * 16)));
  // 1 MiB of heap is 64 KiB of bytes live, besides a few tables; the kernel may round up to a huge page.
  size_t resident = csizer_heapmap_resident_bytes(map);
  CHECK(resident >= 64 * 1024);
  CHECK(resident < sizeof(heapmap_leaf) / 2);
  csizer_heapmap_destroy(map);
}

// By the kernel's account of every page of the map and its leaves.
static size_t resident_of_all(const csizer_heapmap *map) {
  const void *parts[] = {map, heapmap_leaf_at(map, 0x40000000)};
  const size_t sizes[] = {sizeof *map, sizeof(heapmap_leaf)}, page = check_page_bytes();
  size_t bytes = 0;
  for (int i = 0; i < 2; i++) {
    const size_t pages = (sizes[i] + page - 1) / page;
    unsigned char *present = malloc(pages);
    CHECK(present && mincore((void *)(uintptr_t)parts[i], pages * page, present) == 0);
    for (size_t j = 0; j < pages; j++) bytes += present[j] & 1 ? page : 0;
    free(present);
  }
  return bytes;
}

static void forget_stray(void *context, uintptr_t address) {
  (void)address;
  ++*(size_t *)context;
}

// Words that were no references have marked places all over the leaf, where no object ever was.
TEST(what_a_sweep_believed_far_from_all_objects_counts) {
  enum { FIRST = 0x40000000, STRETCH = 1 << (HEAPMAP_UNIT_SHIFT + HEAPMAP_STRETCH_SHIFT) };
  csizer_heapmap *map;
  CHECK_EQUAL(csizer_heapmap_create(&map), CSIZER_OK);
  const uintptr_t objects = FIRST + 300 * (uintptr_t)STRETCH;
  for (uintptr_t i = 0; i < 1000; i++) CHECK(csizer_heapmap_insert(map, (const void *)(objects + i * 4096)));
  heapmap_leaf *leaf = heapmap_leaf_at(map, FIRST);
  CHECK_EQUAL(csizer_heapmap_resident_bytes(map), resident_of_all(map));
  const size_t before = resident_of_all(map);
  size_t count = 0, page = check_page_bytes();
  for (uintptr_t i = 0; i < 200; i += 2) heapmap_believe(leaf, heapmap_grain_of(FIRST + i * STRETCH));
  CHECK_EQUAL(csizer_heapmap_resident_bytes(map), resident_of_all(map));
  CHECK(resident_of_all(map) >= before + 100 * sizeof *leaf->seen * (1 << HEAPMAP_STRETCH_SHIFT) / (page / 4096));
  for (int i = 0; i < 2; i++) {
    CHECK_EQUAL(csizer_heapmap_take_strays(map, FIRST >> HEAPMAP_LEAF_SHIFT, forget_stray, &count), i == 0);
    CHECK_EQUAL(count, 100);
    CHECK_EQUAL(csizer_heapmap_resident_bytes(map), resident_of_all(map));
  }
  CHECK_SOUND(csizer_heapmap_check_unmarked(map));
  csizer_heapmap_destroy(map);
}

TEST(survives_the_system_refusing_memory) {
  csizer_heapmap *map = NULL;
  csizer_pages_fail_at = 1;
  CHECK_EQUAL(csizer_heapmap_create(&map), CSIZER_NO_MEMORY);
  CHECK_EQUAL(csizer_heapmap_create(&map), CSIZER_OK);
  csizer_pages_fail_at = 1;
  CHECK(!csizer_heapmap_insert(map, (const void *)0x1000));
  CHECK(!csizer_heapmap_contains(map, (const void *)0x1000));
  csizer_pages_fail_at = 1;
  CHECK(!csizer_heapmap_mark(map, (const void *)0x1000));
  CHECK(csizer_heapmap_insert(map, (const void *)0x1000));
  csizer_heapmap_destroy(map);
  csizer_heapmap_destroy(NULL);
  CHECK_EQUAL(csizer_pages_held(), 0);
}

// ---- Numbers ----

// A cell has the numbers of 8 places and of no other; who comes second with a cell keeps it. They may be of any block.
TEST(places_find_their_numbers) {
  enum { FIRST = 0x40002300, PLACES = 64, CELLS = PLACES / HEAPMAP_CELL_NUMBERS, LAST_BLOCK = HEAPMAP_BLOCKS - 1 };
  static heapmap_cell blocks[2][HEAPMAP_BLOCK_CELLS];
  csizer_heapmap *map;
  CHECK_EQUAL(csizer_heapmap_create(&map), CSIZER_OK);
  csizer_heapmap_blocks[0] = blocks[0];
  csizer_heapmap_blocks[LAST_BLOCK] = blocks[1];
  uint32_t cells[CELLS], other = 3;
  for (uint32_t i = 0; i < CELLS; i++) {
    const bool is_odd = i % 2;
    cells[i] = is_odd ? ((uint32_t)LAST_BLOCK << HEAPMAP_BLOCK_SHIFT) + HEAPMAP_BLOCK_CELLS - 1 - i : 7 + i;
    const uintptr_t place = i * HEAPMAP_CELL_NUMBERS + i % HEAPMAP_CELL_NUMBERS;
    CHECK(csizer_heapmap_put_cell(map, FIRST + place * 16, cells[i]));
  }
  CHECK(!csizer_heapmap_put_cell(map, FIRST, other));
  CHECK(!csizer_heapmap_put_cell(map, (uintptr_t)1 << HEAPMAP_ADDRESS_BITS, other));
  const heapmap_leaf *leaf = heapmap_leaf_of(map, FIRST);
  CHECK(!heapmap_number_at(leaf, FIRST - 16) && !heapmap_number_at(leaf, FIRST + PLACES * 16));
  for (uintptr_t i = 0; i < PLACES; i++) {
    CHECK(!heapmap_may_be_tracked(leaf, FIRST + i * 16));
    *heapmap_number_at(leaf, FIRST + i * 16) = (uint32_t)i + 1;
    CHECK(heapmap_may_be_tracked(leaf, FIRST + i * 16));
  }
  for (uint32_t i = 0; i < PLACES; i++) {
    const uint32_t cell = i / HEAPMAP_CELL_NUMBERS;
    const uint32_t *numbers = cell % 2 ? blocks[1][HEAPMAP_BLOCK_CELLS - 1 - cell] : blocks[0][7 + cell];
    CHECK_EQUAL(numbers[i % HEAPMAP_CELL_NUMBERS], i + 1);
  }
  CHECK_SOUND(csizer_heapmap_check(map));
  csizer_heapmap_forget_cells(map);
  CHECK(!heapmap_number_at(leaf, FIRST) && !heapmap_may_be_tracked(leaf, FIRST));
  CHECK(csizer_heapmap_put_cell(map, FIRST, other));
  csizer_heapmap_destroy(map);
  csizer_heapmap_blocks[0] = csizer_heapmap_blocks[LAST_BLOCK] = NULL;
}

// ---- The check of the check: each breach is made by hand ----

TEST(what_breaks_the_map_is_found) {
  csizer_heapmap *map;
  CHECK_EQUAL(csizer_heapmap_create(&map), CSIZER_OK);
  const uintptr_t address = 0x40002000;
  CHECK(csizer_heapmap_insert(map, (const void *)address));
  CHECK_SOUND(csizer_heapmap_check_unmarked(map));
  heapmap_leaf *leaf = heapmap_leaf_of(map, address);
  const size_t far = heapmap_unit_index(address) + HEAPMAP_UNITS_PER_PLOT, plot = heapmap_plot_index(address);

  uint64_t *words = (uint64_t *)(uintptr_t)heapmap_plot_words(leaf, plot + 1);
  words[0] = 1;
  CHECK_TEXT(csizer_heapmap_check(map), "an object is live in a plot that is not open");
  leaf->opened[plot + 1] = 1;
  CHECK_TEXT(csizer_heapmap_check(map), "an object is live outside of its leaf's range");
  leaf->opened[plot + 1] = 0;
  words[0] = 0;
  leaf->cells[far * (HEAPMAP_CELLS / HEAPMAP_UNITS)] = 7;
  CHECK_TEXT(csizer_heapmap_check(map), "a cell is outside of its leaf's range");
  leaf->cells[far * (HEAPMAP_CELLS / HEAPMAP_UNITS)] = 0;
  leaf->cells[plot * HEAPMAP_CELLS_PER_PLOT] = 7;
  CHECK_TEXT(csizer_heapmap_check(map), "a cell is in a plot that is said to have none: it is never given back");
  leaf->cells[plot * HEAPMAP_CELLS_PER_PLOT] = 0;
  const uint32_t areas = leaf->areas;
  leaf->areas = ~areas;
  CHECK_TEXT(csizer_heapmap_check(map), "an object is live in an area that is said to have had none");
  leaf->areas = areas;
  leaf->seen[far] = 1;
  CHECK_TEXT(csizer_heapmap_check_unmarked(map), "a block is still seen");
  leaf->seen[far] = 0;
  leaf->page_class[1] = 1;
  CHECK_TEXT(csizer_heapmap_check_unmarked(map), "a page is still remembered");
  leaf->page_class[1] = 0;

  uint64_t listed = map->present[0];
  map->present[0] = 0;
  CHECK_TEXT(csizer_heapmap_check(map), "a leaf is there and not listed: nobody goes over it");
  map->present[0] = listed | 1;
  CHECK_TEXT(csizer_heapmap_check(map), "a leaf is listed and not there");
  map->present[0] = listed;
  CHECK_SOUND(csizer_heapmap_check_unmarked(map));
  csizer_heapmap_destroy(map);
}

// By a count of what lies where.
TEST(areas_are_those_around_an_address) {
  for (unsigned shift = HEAPMAP_AREA_SHIFT; shift <= HEAPMAP_LEAF_SHIFT; shift++)
    for (unsigned i = 0; i < 32; i++) {
      const uintptr_t address = ((uintptr_t)5 << HEAPMAP_LEAF_SHIFT) + ((uintptr_t)i << HEAPMAP_AREA_SHIFT) + 48;
      uint32_t expected = 0;
      for (unsigned other = 0; other < 32; other++)
        if (((uintptr_t)other << HEAPMAP_AREA_SHIFT) >> shift == ((uintptr_t)i << HEAPMAP_AREA_SHIFT) >> shift)
          expected |= (uint32_t)1 << other;
      CHECK_EQUAL(heapmap_areas_around(address, shift), expected);
    }
}

TEST(objects_speak_for_their_own_area) {
  csizer_heapmap *map;
  CHECK_EQUAL(csizer_heapmap_create(&map), CSIZER_OK);
  const uintptr_t leaf = (uintptr_t)3 << HEAPMAP_LEAF_SHIFT, object = leaf + ((uintptr_t)9 << HEAPMAP_AREA_SHIFT);
  csizer_heapmap_insert(map, (const void *)object);
  const heapmap_leaf *found = heapmap_leaf_at(map, object);
  CHECK(heapmap_has_objects(found, object + 4096, HEAPMAP_AREA_SHIFT));
  CHECK(!heapmap_has_objects(found, leaf, HEAPMAP_AREA_SHIFT));
  CHECK(heapmap_has_objects(found, leaf, HEAPMAP_LEAF_SHIFT));
  csizer_heapmap_destroy(map);
}
