// SPDX-License-Identifier: Apache-2.0
#include "support/random_heap.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "layouts/layout_table.h"
#include "platform/address_space.h"
#include "support/check.h"

random_heap world;

// The least page of any kernel's: the engine knows sizes by these.
enum { PAGE = 1 << PLATFORM_LEAST_PAGE_SHIFT };

static bool holes[REGIONS][MOST_PAGES];

uint64_t below(uint64_t end) { return check_random(&world.random) % end; }

// Blocks of one size side by side in each page, as jemalloc has it: the sizes are kept apart from the blocks.
static size_t page_sizes[REGIONS][MOST_PAGES];

size_t world_usable_size(const void *block) {
  for (size_t i = 0; i < world.region_count; i++) {
    const size_t offset = (size_t)((const char *)block - world.regions[i].start);
    if (offset < world.regions[i].pages * PAGE) return page_sizes[i][offset / PAGE];
  }
  CHECK(!"a block outside of the heap was asked for");
  return 0;
}

static size_t node_bytes(size_t references) { return (16 + 8 * references + 8 + 15) / 16 * 16; }

uintptr_t *reference(const object *object, size_t index) {
  return (uintptr_t *)(void *)(object->start + (object->is_array ? 32 : 16) + 8 * index);
}

static void make_object(char *start, size_t bytes, bool is_array) {
  object *made = &world.objects[world.count];
  if (world.count == MOST_OBJECTS) return;
  swift_object *header = (swift_object *)(void *)start;
  // Some are larger than their kind: no worker does these.
  const size_t fits = (bytes - 24) / 8 < MOST_REFERENCES ? (bytes - 24) / 8 : MOST_REFERENCES;
  size_t references = below(40) || world.is_plain ? fits : below(fits + 1);
  if (is_array) references = below((bytes - 32) / 8 + 1);
  *made = (object){.start = start, .bytes = bytes, .is_array = is_array, .count = references};
  header->metadata = (const void *)(is_array ? made_array_class() : made_node_class((unsigned)references));
  header->references = 3;
  if (is_array) {
    made_set_number(start, 16, references);
    made_set_number(start, 24, references * 2);
  }
  CHECK(csizer_heapmap_insert(world.heap.map, start));
  world.count++;
}

static void fill_region(size_t index) {
  const region *region = &world.regions[index];
  for (size_t page = 0; page < region->pages;) {
    const size_t left = region->pages - page;
    const bool is_array = !world.is_plain && !below(6);
    size_t pages = below(3) + 1, bytes = node_bytes(below(MOST_REFERENCES) + 1);
    if (is_array) bytes = (size_t)48 << below(7);
    if (is_array && !below(8)) bytes = (pages = below(20) + 1) * PAGE;
    if (world.is_plain) pages = 1, bytes = node_bytes(2);
    if (pages > left) pages = left;
    if (bytes > pages * PAGE) bytes = pages * PAGE;
    for (size_t i = 0; i < pages; i++) page_sizes[index][page + i] = bytes;
    const uint64_t gaps = below(3);
    for (size_t at = 0; at + bytes <= pages * PAGE; at += bytes)
      if (!gaps || below(gaps * 3)) make_object(region->start + page * PAGE + at, bytes, is_array);
    page += pages;
  }
}

// What is no object's address, or none that the census could know.
static uintptr_t rubbish(void) {
  const uintptr_t kinds[] = {0,
                             below(PAGE),
                             (uintptr_t)world.objects[below(world.count)].start + 1 + below(15),
                             // Workers leave who leads there aside.
                             world.is_plain ? 0 : ((uintptr_t)below(64) << 30) + ((uintptr_t)3 << 44),
                             (uintptr_t)below(UINT64_MAX) | (uintptr_t)1 << 63,
                             world.is_plain ? 0 : (uintptr_t)&made_array_class};
  return kinds[below(sizeof kinds / sizeof *kinds)];
}

bool is_in_hole(const object *object) {
  bool is_in = false;
  for (size_t i = 0; i < world.region_count; i++) {
    const size_t offset = (size_t)(object->start - world.regions[i].start);
    if (offset >= world.regions[i].pages * PAGE) continue;
    for (size_t page = offset / PAGE; page <= (offset + object->bytes - 1) / PAGE; page++) is_in |= holes[i][page];
  }
  return is_in;
}

// In those.
static size_t kernels_page(void) { return (size_t)sysconf(_SC_PAGESIZE) / PAGE; }

static void make_holes(void) {
  const uint64_t rare = (uint64_t)1 << (below(7) + 1);
  for (size_t i = 0; i < world.region_count; i++)
    for (size_t page = 0; page < world.regions[i].pages; page++)
      holes[i][page] = page % kernels_page() ? holes[i][page - 1] : !below(rare);
  for (size_t i = 0; i < world.count; i++)
    world.objects[i].group = (unsigned)(is_in_hole(&world.objects[i]) ? below(ROOTS / 2) * 2 + 1 : below(ROOTS));
  for (size_t i = 0; world.is_plain && i < world.count; i++) world.objects[i].group = 1;
}

void protect_holes(int protection) {
  for (size_t i = 0; i < world.region_count; i++)
    for (size_t page = 0; page < world.regions[i].pages; page++)
      if (holes[i][page] && page % kernels_page() == 0)
        CHECK_EQUAL(mprotect(world.regions[i].start + page * PAGE, kernels_page() * PAGE, protection), 0);
}

static void link_all(void) {
  const uint64_t dense = below(8) + 1;
  const bool is_near = !below(3);
  for (size_t i = 0; i < world.count; i++)
    for (size_t j = 0; j < world.objects[i].count; j++) {
      size_t other = i;
      for (int tries = 0; tries < 40; tries++) {
        other = is_near ? (i + below(50)) % world.count : below(world.count);
        if (world.objects[i].group == world.objects[other].group) break;
      }
      const bool is_link =
          below(world.objects[i].count) < dense && world.objects[i].group == world.objects[other].group;
      *reference(&world.objects[i], j) = is_link ? (uintptr_t)world.objects[other].start : rubbish();
    }
}

// The classes' blocks are as large as the test's pages say, whatever allocator there is.
static void know_layouts(void) {
  for (unsigned i = 0; i <= MOST_REFERENCES; i++) {
    const void *class = made_node_class(i);
    csizer_object_layout *layout = (csizer_object_layout *)(uintptr_t)csizer_layouts_object(world.heap.layouts, class);
    CHECK(layout != NULL);
    layout->usable = node_bytes(i);
  }
  CHECK(csizer_layouts_object(world.heap.layouts, (const void *)made_array_class()) != NULL);
}

void make_world(uint64_t seed, bool has_holes) {
  world.random = seed;
  world.count = world.region_count = 0;
  made_heap_init(&world.heap, NULL);
  const size_t regions = below(below(REGIONS) + 1) + 1, most_pages = below(MOST_PAGES) + 1;
  while (world.region_count < regions) {
    const size_t pages = below(most_pages) + 1;
    // Anywhere in a GiB of its own, or beside another
    char *hint = (char *)(((uintptr_t)0x5B << 38) + ((uintptr_t)below(40) << 30) + below(200000) * PAGE);
    char *start = mmap(hint, pages * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    CHECK(start != MAP_FAILED);
    world.regions[world.region_count] = (region){start, pages};
    fill_region(world.region_count++);
  }
  if (!world.count) {  // too large for their pages
    page_sizes[0][0] = 48;
    make_object(world.regions[0].start, 48, false);
  }
  for (size_t i = 0; i < world.count; i++) world.objects[i].group = 0;
  if (has_holes) make_holes();
  link_all();
  know_layouts();
  world.sweep_at = 64u << below(6);
  world.sweeps_always = below(4) != 0;
}

void make_plain_world(uint64_t seed) {
  world.is_plain = true;
  make_world(seed, true);
  world.is_plain = false;
  world.sweeps_always = true;
}

void unmake_world(void) {
  for (size_t i = 0; i < world.count; i++) CHECK(csizer_heapmap_remove(world.heap.map, world.objects[i].start));
  for (size_t i = 0; i < world.region_count; i++) munmap(world.regions[i].start, world.regions[i].pages * PAGE);
  made_heap_deinit(&world.heap);
}
