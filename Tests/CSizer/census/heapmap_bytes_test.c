// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "census/heapmap_internal.h"
#include "support/check.h"

// What the map costs, against the kernel's own account of the same mappings.

static const uintptr_t base = (uintptr_t)0x7A << HEAPMAP_LEAF_SHIFT;
enum { HEAP = 64 << 20 };

static csizer_heapmap *make_map(void) {
  csizer_heapmap *map;
  CHECK_EQUAL(csizer_heapmap_create(&map), CSIZER_OK);
  return map;
}

/// A mapping by /proc/self/smaps: bytes of memory that are its own, and whether huge pages are kept out.
typedef struct mapping {
  uintptr_t start, end;
  size_t resident;
  bool is_without_huge_pages;
} mapping;

static mapping mapping_of(const void *address) {
  FILE *file = fopen("/proc/self/smaps", "r");
  CHECK(file != NULL);
  mapping mapping = {0};
  char line[512];
  for (bool is_there = false; fgets(line, sizeof line, file);) {
    unsigned long start, end, kilobytes;
    if (sscanf(line, "%lx-%lx ", &start, &end) == 2) {
      if (is_there) break;
      is_there = (uintptr_t)address >= start && (uintptr_t)address < end;
      mapping.start = start;
      mapping.end = end;
    }
    if (is_there && sscanf(line, "Rss: %lu kB", &kilobytes) == 1) mapping.resident = kilobytes * 1024;
    if (is_there && !strncmp(line, "VmFlags:", 8)) mapping.is_without_huge_pages = strstr(line, " nh") != NULL;
  }
  fclose(file);
  CHECK((uintptr_t)address >= mapping.start && (uintptr_t)address < mapping.end);
  return mapping;
}

static size_t present_in(const void *start, size_t bytes) {
  const size_t page = check_page_bytes(), pages = (bytes + page - 1) / page;
  unsigned char *present = malloc(pages);
  CHECK(present && mincore((void *)(uintptr_t)start, pages * page, present) == 0);
  size_t sum = 0;
  for (size_t i = 0; i < pages; i++) sum += present[i] & 1 ? page : 0;
  free(present);
  return sum;
}

// Of the bytes live the memory that is the map's own; of all else, what is there.
static size_t expected(const csizer_heapmap *map, const heapmap_leaf *leaf) {
  const size_t rest = offsetof(heapmap_leaf, cells);
  return mapping_of(leaf->live).resident + present_in((const char *)leaf + rest, sizeof *leaf - rest) +
         present_in(map, sizeof *map);
}

static bool visit(void *context, const void *address) {
  (void)context, (void)address;
  return true;
}

// Whoever reads bytes live that nobody wrote is shown a page of zeros that all processes share.
TEST(what_was_only_read_costs_nothing) {
  csizer_heapmap *map = make_map();
  for (uintptr_t at = 0; at < HEAP; at += 32) CHECK(csizer_heapmap_insert(map, (const void *)(base + at)));
  const heapmap_leaf *leaf = heapmap_leaf_of(map, base);
  const size_t before = csizer_heapmap_resident_bytes(map);
  CHECK_EQUAL(mapping_of(leaf->live).resident, HEAP / 32);
  CHECK_EQUAL(before, expected(map, leaf));
  // A walk's ways to look, and an allocator's way to free what is no object.
  CHECK_EQUAL(csizer_heapmap_count(map), HEAP / 32);
  csizer_heapmap_enumerate(map, visit, NULL);
  for (uintptr_t at = 16; at < 2 * HEAP; at += 32) {
    CHECK(!csizer_heapmap_contains(map, (const void *)(base + at)));
    CHECK(!csizer_heapmap_remove(map, (const void *)(base + at)));
  }
  csizer_heapmap_give_back(map);
  CHECK_EQUAL(mapping_of(leaf->live).resident, HEAP / 32);
  CHECK_EQUAL(csizer_heapmap_resident_bytes(map), expected(map, leaf));
  CHECK_EQUAL(csizer_heapmap_resident_bytes(map), before);
  csizer_heapmap_destroy(map);
}

TEST(what_was_given_back_and_read_costs_nothing) {
  csizer_heapmap *map = make_map();
  for (uintptr_t at = 0; at < HEAP; at += 64) CHECK(csizer_heapmap_insert(map, (const void *)(base + at)));
  const heapmap_leaf *leaf = heapmap_leaf_of(map, base);
  for (uintptr_t at = 0; at < HEAP; at += 64) CHECK(csizer_heapmap_remove(map, (const void *)(base + at)));
  CHECK_EQUAL(csizer_heapmap_give_back(map), HEAP / 64);
  for (uintptr_t at = 0; at < HEAP; at += 64) CHECK(!csizer_heapmap_contains(map, (const void *)(base + at)));
  CHECK_EQUAL(mapping_of(leaf->live).resident, 0);
  CHECK_EQUAL(csizer_heapmap_resident_bytes(map), expected(map, leaf));
  csizer_heapmap_destroy(map);
}

// The system gives nothing back of it, and it is still the map's. Sanitizers take libc's mlock(2) away.
TEST(what_the_program_locked_counts) {
  csizer_heapmap *map = make_map();
  const void *object = (const void *)base;
  CHECK(csizer_heapmap_insert(map, object));
  const heapmap_leaf *leaf = heapmap_leaf_of(map, base);
  CHECK_EQUAL(syscall(SYS_mlock, leaf->live, check_page_bytes()), 0);
  CHECK(csizer_heapmap_remove(map, object));
  CHECK_EQUAL(csizer_heapmap_give_back(map), 0);
  CHECK_EQUAL(csizer_heapmap_resident_bytes(map), expected(map, leaf));
  CHECK_EQUAL(syscall(SYS_munlock, leaf->live, check_page_bytes()), 0);
  CHECK_EQUAL(csizer_heapmap_give_back(map), check_page_bytes());
  CHECK_EQUAL(csizer_heapmap_count(map), 0);
  csizer_heapmap_destroy(map);
}

static void check_is_in_no_huge_page(const void *plane, size_t bytes) {
  const mapping mapping = mapping_of(plane);
  // Where the kernel has any.
  CHECK(mapping.is_without_huge_pages || access("/sys/kernel/mm/transparent_hugepage", F_OK) != 0);
  CHECK(mapping.start <= (uintptr_t)plane && mapping.end >= (uintptr_t)plane + bytes);
}

// A huge page of bytes live would be of half a leaf's plots, for one object perhaps, and one of cells as large as all
// of them where it has 32 MiB.
TEST(bytes_live_and_cells_are_in_no_huge_pages) {
  csizer_heapmap *map = make_map();
  CHECK(csizer_heapmap_insert(map, (const void *)base));
  const heapmap_leaf *leaf = heapmap_leaf_of(map, base);
  check_is_in_no_huge_page(leaf->live, sizeof leaf->live);
  check_is_in_no_huge_page(leaf->cells, sizeof leaf->cells);
  csizer_heapmap_destroy(map);
}
