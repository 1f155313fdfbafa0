// SPDX-License-Identifier: Apache-2.0
#include "csizer_accounts.h"

#include <malloc.h>
#include <pthread.h>
#include <string.h>

#include "csizer_allocator.h"
#include "csizer_census.h"
#include "platform/pages.h"
#include "support/check.h"

// The allocator's books, against blocks whose sizes malloc_usable_size tells.

static bool has_jemalloc(void) { return strncmp(csizer_allocator_name(), "jemalloc ", 9) == 0; }

// The optimiser leaves out blocks that nobody could have looked at.
static void *make_block(size_t bytes) {
  static void *volatile seen;
  void *block = malloc(bytes);
  CHECK(block != NULL);
  seen = memset(block, 1, bytes);
  return seen;
}

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define BOOKS_ARE_ANOTHERS 1  // these serve malloc, and mallinfo2 is libc's
#endif
#endif
#ifndef BOOKS_ARE_ANOTHERS
#define BOOKS_ARE_ANOTHERS 0
#endif

static csizer_accounts read_accounts(void) {
  csizer_accounts accounts = {0};
  CHECK_EQUAL(csizer_accounts_read(&accounts), BOOKS_ARE_ANOTHERS ? CSIZER_UNSUPPORTED : CSIZER_OK);
  return accounts;
}

TEST(living_blocks_are_in_the_books) {
  enum { BLOCKS = 200 };
  char *blocks[BLOCKS];
  size_t bytes = 0;
  read_accounts();  // what is prepared at the first call is no concern of this test
  csizer_accounts before = read_accounts();
  for (int i = 0; i < BLOCKS; i++) {
    blocks[i] = make_block(100000);
    bytes += malloc_usable_size(blocks[i]);
  }
  csizer_accounts during = read_accounts();
  for (int i = 0; i < BLOCKS; i++) free(blocks[i]);
  if (BOOKS_ARE_ANOTHERS) return;
  // A thread's cache gives back, unasked, what it was filled with.
  size_t living = during.allocated - during.thread_caches, lived = before.allocated - before.thread_caches;
  if (has_jemalloc()) CHECK_EQUAL(living, lived + bytes);
  // libc counts the head of each block.
  CHECK(living >= lived + bytes && living <= lived + bytes + BLOCKS * 2 * sizeof(size_t) + 65536);
  CHECK_EQUAL(during.small + during.large, during.allocated);
  CHECK(during.active >= during.allocated && during.mapped >= during.active);
  CHECK(during.resident >= during.active);
}

TEST(jemalloc_tells_its_own_pages_and_what_it_keeps) {
  csizer_accounts accounts = read_accounts();
  if (!has_jemalloc()) {
    CHECK_EQUAL(accounts.metadata + accounts.dirty + accounts.muzzy + accounts.thread_caches + accounts.own, 0);
    return;
  }
  CHECK(accounts.metadata > 0 && accounts.metadata % csizer_allocator_geometry_read().page_bytes == 0);
  CHECK(accounts.internal > 0 && accounts.internal <= accounts.allocated);
  CHECK_EQUAL(accounts.active + accounts.dirty + accounts.metadata, accounts.resident);
}

TEST(what_is_freed_is_in_the_threads_cache_until_it_is_not) {
  enum { BLOCKS = 8, BYTES = 1024 };
  void *blocks[BLOCKS];
  read_accounts();  // what is prepared at the first call is no concern of this test
  for (int i = 0; i < BLOCKS; i++) blocks[i] = make_block(BYTES);
  csizer_accounts living = read_accounts();
  for (int i = 0; i < BLOCKS; i++) free(blocks[i]);
  csizer_accounts freed = read_accounts();
  // Freed to the cache: jemalloc still counts the blocks as allocated, and in the cache as well.
  size_t expected = has_jemalloc() ? BLOCKS * BYTES : 0;
  CHECK_EQUAL(freed.thread_caches - living.thread_caches, expected);
  if (has_jemalloc()) CHECK_EQUAL(freed.allocated, living.allocated);
}

TEST(pages_without_blocks_are_dirty) {
  enum { BYTES = 8 << 20 };
  if (!has_jemalloc()) {
    CHECK_EQUAL(read_accounts().dirty, 0);
    return;
  }
  char *block = make_block(BYTES);
  csizer_accounts living = read_accounts();
  free(block);
  csizer_accounts freed = read_accounts();
  CHECK(freed.active + BYTES <= living.active);
  CHECK(freed.dirty + freed.muzzy + freed.retained >= living.dirty + living.muzzy + living.retained + BYTES);
}

TEST(sizers_own_arena_is_told_apart) {
  csizer_accounts before = read_accounts();
  size_t overhead = csizer_overhead_bytes();
  csizer_allocator_scope scope;
  csizer_allocator_scope_enter(&scope);
  char *inside = make_block(5000);
  csizer_allocator_scope_leave(&scope);
  size_t bytes = has_jemalloc() ? malloc_usable_size(inside) : 0;
  csizer_accounts after = read_accounts();
  CHECK_EQUAL(after.own - before.own, bytes);
  CHECK_EQUAL(after.own, csizer_allocator_own_bytes());
  CHECK_EQUAL(csizer_overhead_bytes() - overhead, bytes);
  free(inside);
}

TEST(sizers_pages_count_and_of_the_census_those_in_use) {
  size_t before = csizer_overhead_page_bytes();
  CHECK(before < csizer_pages_held() || csizer_pages_held() == 0);
  void *pages = csizer_pages_map(1 << 20);
  CHECK(pages != NULL);
  CHECK_EQUAL(csizer_overhead_page_bytes(), before + (1 << 20));
  csizer_pages_unmap(pages, 1 << 20);
  CHECK_EQUAL(csizer_overhead_page_bytes(), before);
  // A leaf is some 24 MiB of addresses; one object touches a few pages of it, the kernel may make of each a huge one.
  static const char object[16] __attribute__((aligned(16)));
  CHECK(csizer_heapmap_insert(csizer_census_map(), object));
  size_t after = csizer_overhead_page_bytes();
  CHECK(after > before && after < before + (10 << 20));
  csizer_heapmap_remove(csizer_census_map(), object);
}
