// SPDX-License-Identifier: Apache-2.0
#include "csizer_allocator.h"

#include <malloc.h>
#include <pthread.h>
#include <string.h>

#include "csizer_census.h"
#include "support/check.h"

// The allocator's two variants behind one header, and the census in a process without a Swift runtime.

static bool has_jemalloc(void) { return strncmp(csizer_allocator_name(), "jemalloc ", 9) == 0; }

// Memory that held small blocks and is kept for others: what jemalloc tells of it comes from outside of its tables.
TEST(what_was_freed_may_be_asked_for) {
  enum { BLOCKS = 20000, BYTES = 112 };
  static void *blocks[BLOCKS];
  if (!csizer_allocator_has_uniform_pages()) return;
  for (size_t i = 0; i < BLOCKS; i++) CHECK((blocks[i] = malloc(BYTES)) != NULL);
  for (size_t i = 0; i < BLOCKS; i++) CHECK_EQUAL(csizer_allocator_ownership(blocks[i]), CSIZER_OWNED);
  for (size_t i = 0; i < BLOCKS; i++) free(blocks[i]);
  for (size_t i = 0; i < BLOCKS; i++) {
    csizer_ownership answer = csizer_allocator_ownership(blocks[i]);
    CHECK(answer == CSIZER_OWNED || answer == CSIZER_FOREIGN);
  }
}

TEST(it_is_one_of_two_and_serves_the_process) {
  CHECK(has_jemalloc() || strcmp(csizer_allocator_name(), "libc") == 0);
  CHECK_EQUAL(csizer_allocator_has_uniform_pages(), has_jemalloc());
  CHECK(csizer_allocator_serves_process());
}

TEST(usable_size_is_what_can_be_used) {
  for (size_t bytes = 1; bytes < 1 << 20; bytes = bytes * 3 / 2 + 1) {
    char *block = malloc(bytes);
    size_t usable = csizer_allocator_usable_size(block);
    CHECK(usable >= bytes && usable < bytes * 2 + 64);
    memset(block, 1, bytes);
    free(block);
  }
}

TEST(blocks_are_vouched_for) {
  void *small = malloc(40), *large = malloc(5 << 20);
  csizer_ownership expected = has_jemalloc() ? CSIZER_OWNED : CSIZER_OWNERSHIP_UNKNOWN;
  CHECK_EQUAL(csizer_allocator_ownership(small), expected);
  CHECK_EQUAL(csizer_allocator_ownership(large), expected);
  free(large);
  free(small);
}

// By what malloc gave: blocks of each size side by side. A pointer to the start of each leads to it, those with slabs
// of their own among them. In the middle of a block without a slab none begins, its last page included.
TEST(all_starts_are_owned_and_no_middle_of_a_large_block_is) {
  enum { BESIDE = 12 };
  if (!csizer_allocator_has_uniform_pages()) return;
  const csizer_allocator_geometry geometry = csizer_allocator_geometry_read();
  for (size_t bytes = 512; bytes < (size_t)1 << 22; bytes += bytes / 4) {
    char *blocks[BESIDE];
    for (int i = 0; i < BESIDE; i++) CHECK((blocks[i] = malloc(bytes)) != NULL);
    for (int i = 0; i < BESIDE; i++) {
      CHECK_EQUAL(csizer_allocator_ownership(blocks[i]), CSIZER_OWNED);
      const size_t usable = malloc_usable_size(blocks[i]);
      if (usable <= geometry.largest_in_slab) continue;
      for (size_t at = geometry.page_bytes; at < usable; at += geometry.page_bytes / 4)
        CHECK_EQUAL(csizer_allocator_ownership(blocks[i] + at), CSIZER_FOREIGN);
    }
    for (int i = 0; i < BESIDE; i++) free(blocks[i]);
  }
}

TEST(a_scope_keeps_what_is_allocated_in_it_apart) {
  size_t before = csizer_allocator_own_bytes();
  csizer_allocator_scope scope;
  csizer_allocator_scope_enter(&scope);
  char *inside = malloc(1000);
  csizer_allocator_scope_leave(&scope);
  char *outside = malloc(3000);
  size_t grown = csizer_allocator_own_bytes() - before;
  CHECK_EQUAL(grown, has_jemalloc() ? csizer_allocator_usable_size(inside) : 0);
  memset(inside, 1, 1000);
  memset(outside, 1, 3000);
  free(inside);
  free(outside);
}

static void *allocate_elsewhere(void *ret_block) {
  *(void **)ret_block = malloc(1000);
  return NULL;
}

TEST(a_scope_is_the_threads_own) {
  size_t before = csizer_allocator_own_bytes();
  csizer_allocator_scope scope;
  pthread_t thread;
  void *block = NULL;
  csizer_allocator_scope_enter(&scope);
  int status = pthread_create(&thread, NULL, allocate_elsewhere, &block);
  if (!status) status = pthread_join(thread, NULL);
  csizer_allocator_scope_leave(&scope);
  CHECK_EQUAL(status, 0);
  // Starting a thread allocates here, for its stack's table; the thread's own block is not among that.
  CHECK(csizer_allocator_own_bytes() - before < 1000);
  free(block);
}

TEST(no_runtime_no_census) {
  CHECK_EQUAL(csizer_census_state(), CSIZER_HOOKS_OFF);
  CHECK(strstr(csizer_census_reason(), "no Swift runtime") != NULL);
  CHECK(csizer_census_map() != NULL);
  CHECK_EQUAL(csizer_heapmap_count(csizer_census_map()), 0);
}
