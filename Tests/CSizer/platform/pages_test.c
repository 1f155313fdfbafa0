// SPDX-License-Identifier: Apache-2.0
#include "platform/pages.h"

#include <string.h>

#include "support/check.h"

static bool is_zero(const char *memory, size_t bytes) {
  for (size_t i = 0; i < bytes; i++)
    if (memory[i]) return false;
  return true;
}

TEST(pages_are_zeroed_and_accounted_for) {
  char *pages = csizer_pages_map(10000);
  CHECK(pages && is_zero(pages, 10000));
  CHECK_EQUAL(csizer_pages_held(), 10000);
  pages[9999] = 1;
  csizer_pages_unmap(pages, 10000);
  csizer_pages_unmap(NULL, 10000);
  CHECK_EQUAL(csizer_pages_held(), 0);
}

TEST(the_nth_call_fails_and_only_that) {
  enum { BYTES = 4000 };
  csizer_pages_fail_at = 3;
  void *first = csizer_pages_map(BYTES), *second = csizer_pages_map(BYTES);
  CHECK(first && second && !csizer_pages_map(BYTES));
  void *fourth = csizer_pages_map(BYTES);
  CHECK(fourth != NULL);
  csizer_pages_unmap(first, BYTES);
  csizer_pages_unmap(second, BYTES);
  csizer_pages_unmap(fourth, BYTES);
  CHECK_EQUAL(csizer_pages_held(), 0);
}

TEST(what_the_kernel_has_not_is_refused) {
  CHECK(!csizer_pages_map((size_t)1 << 62));
  CHECK_EQUAL(csizer_pages_held(), 0);
}

TEST(pool_memory_is_apart_aligned_and_zeroed) {
  csizer_pool pool = {0};
  enum { PIECES = 3000 };
  static char *pieces[PIECES];
  static size_t sizes[PIECES];
  uint64_t random = 3;
  for (size_t i = 0; i < PIECES; i++) {
    sizes[i] = 1 + check_random(&random) % (i % 500 == 0 ? 200000 : 300);
    pieces[i] = csizer_pool_allocate(&pool, sizes[i]);
    CHECK(pieces[i] && (uintptr_t)pieces[i] % 16 == 0 && is_zero(pieces[i], sizes[i]));
    memset(pieces[i], (int)(i % 255) + 1, sizes[i]);
  }
  for (size_t i = 0; i < PIECES; i++)
    for (size_t j = 0; j < sizes[i]; j++) CHECK_EQUAL((unsigned char)pieces[i][j], i % 255 + 1);
  CHECK_EQUAL(pool.bytes, csizer_pages_held());
  csizer_pool_deinit(&pool);
  CHECK_EQUAL(csizer_pages_held(), 0);
  CHECK(!pool.chunks && !pool.bytes);
}

TEST(a_pool_survives_refusal) {
  csizer_pool pool = {0};
  char *before = csizer_pool_allocate(&pool, 100);
  csizer_pages_fail_at = 1;
  CHECK(!csizer_pool_allocate(&pool, 1 << 20));
  char *after = csizer_pool_allocate(&pool, 100);
  CHECK(before && after && after != before);
  csizer_pool_deinit(&pool);
  CHECK_EQUAL(csizer_pages_held(), 0);
}
