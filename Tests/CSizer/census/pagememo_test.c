// SPDX-License-Identifier: Apache-2.0
#include "csizer_allocator.h"
#include "csizer_pagememo.h"
#include "platform/address_space.h"
#include "support/check.h"

// The memo must say what the allocator says, block for block, and ask it no more often than its header promises.

enum { PAGE = 1 << PLATFORM_LEAST_PAGE_SHIFT };

static size_t marked_size(csizer_pagememo *memo, csizer_heapmap *map, const void *block) {
  csizer_heapmap_mark(map, block);
  return csizer_pagememo_size(memo, map, block);
}

TEST(agrees_with_the_allocator) {
  enum { BLOCKS = 20000 };
  static void *blocks[BLOCKS];
  csizer_heapmap *map;
  CHECK_EQUAL(csizer_heapmap_create(&map), CSIZER_OK);
  csizer_pagememo memo;
  csizer_pagememo_init(&memo, csizer_allocator_usable_size, csizer_allocator_has_uniform_pages());
  uint64_t random = 7;
  for (size_t i = 0; i < BLOCKS; i++) {
    uint64_t dice = check_random(&random);
    size_t bytes = 16 + (size_t)(dice >> 8) % (dice % 64 == 0 ? 300000 : dice % 8 == 0 ? 5000 : 500);
    CHECK((blocks[i] = malloc(bytes)) != NULL);
  }
  for (int round = 0; round < 2; round++) {
    for (size_t i = 0; i < BLOCKS; i++)
      CHECK_EQUAL(marked_size(&memo, map, blocks[i]), csizer_allocator_usable_size(blocks[i]));
    csizer_heapmap_forget_marks(map);
  }
  for (size_t i = 0; i < BLOCKS; i++) free(blocks[i]);
  csizer_heapmap_destroy(map);
}

// A stand-in allocator: the size is the page's number, times 16, plus `offset`.
static size_t calls, offset;

static size_t size_by_page(const void *block) {
  calls++;
  return ((uintptr_t)block / PAGE) * 16 + offset;
}

static csizer_heapmap *prepare(csizer_pagememo *memo, bool uniform_pages) {
  csizer_heapmap *map;
  CHECK_EQUAL(csizer_heapmap_create(&map), CSIZER_OK);
  csizer_pagememo_init(memo, size_by_page, uniform_pages);
  calls = offset = 0;
  return map;
}

TEST(uniform_pages_are_asked_for_once) {
  csizer_pagememo memo;
  csizer_heapmap *map = prepare(&memo, true);
  for (uintptr_t page = 1; page <= 3; page++)
    for (uintptr_t block = 0; block < PAGE; block += 64)
      CHECK_EQUAL(marked_size(&memo, map, (const void *)(page * PAGE + block)), page * 16);
  CHECK_EQUAL(calls, 3);
  csizer_heapmap_destroy(map);
}

TEST(mixed_pages_are_asked_for_every_block) {
  csizer_pagememo memo;
  csizer_heapmap *map = prepare(&memo, false);
  for (uintptr_t block = 0; block < 10; block++) {
    offset = block;
    CHECK_EQUAL(marked_size(&memo, map, (const void *)(PAGE + block * 64)), 16 + block);
  }
  CHECK_EQUAL(calls, 10);
  csizer_heapmap_destroy(map);
}

TEST(more_sizes_than_the_table_holds) {
  enum { PAGES = 600 };
  csizer_pagememo memo;
  csizer_heapmap *map = prepare(&memo, true);
  for (int round = 0; round < 2; round++)
    for (uintptr_t page = 1; page <= PAGES; page++)
      for (uintptr_t block = 0; block < 3; block++)
        CHECK_EQUAL(marked_size(&memo, map, (const void *)(page * PAGE + block * 1024)), page * 16);
  // The pages of the first 253 sizes were asked for once, the others for every block and round.
  CHECK_EQUAL(calls, 253 + (PAGES - 253) * 3 * 2);
  csizer_heapmap_destroy(map);
}

TEST(forgetting_marks_forgets_sizes) {
  csizer_pagememo memo;
  csizer_heapmap *map = prepare(&memo, true);
  const void *block = (const void *)(uintptr_t)(8 * PAGE);
  CHECK_EQUAL(marked_size(&memo, map, block), 128);
  offset = 16;
  CHECK_EQUAL(marked_size(&memo, map, block), 128);
  csizer_heapmap_forget_marks(map);
  CHECK_EQUAL(marked_size(&memo, map, block), 144);
  csizer_heapmap_destroy(map);
}
