// SPDX-License-Identifier: Apache-2.0
#include "csizer_arena.h"

#include <errno.h>
#include <malloc.h>
#include <stdint.h>
#include <stdlib.h>

size_t csizer_block_bytes(size_t requested) {
  void *block = malloc(requested);
  size_t bytes = malloc_usable_size(block);
  free(block);
  return bytes;
}

#ifdef CSIZER_JEMALLOC
#include <jemalloc/jemalloc.h>

static int flush(void) {
  return mallctl("thread.tcache.flush", NULL, NULL, NULL, 0);
}

int csizer_arena_create(unsigned *ret_arena) {
  size_t size = sizeof *ret_arena;
  return mallctl("arenas.create", ret_arena, &size, NULL, 0);
}

int csizer_arena_enter(unsigned arena, unsigned *ret_previous) {
  int status = flush();
  if (status) return status;
  size_t size = sizeof *ret_previous;
  return mallctl("thread.arena", ret_previous, &size, &arena, sizeof arena);
}

int csizer_arena_leave(unsigned previous) {
  int status = flush();
  if (status) return status;
  return mallctl("thread.arena", NULL, NULL, &previous, sizeof previous);
}

static int read_stat(unsigned arena, const char *leaf_small_or_large, size_t *ret_bytes) {
  size_t mib[5];
  size_t depth = 5;
  int status = mallctlnametomib(leaf_small_or_large, mib, &depth);
  if (status) return status;
  mib[2] = arena;
  size_t size = sizeof *ret_bytes;
  return mallctlbymib(mib, depth, ret_bytes, &size, NULL, 0);
}

int csizer_arena_bytes(unsigned arena, size_t *ret_bytes) {
  int status = flush();
  if (status) return status;
  uint64_t epoch = 1;
  size_t size = sizeof epoch;
  status = mallctl("epoch", &epoch, &size, &epoch, size);
  if (status) return status;
  size_t small = 0, large = 0;
  status = read_stat(arena, "stats.arenas.0.small.allocated", &small);
  if (status) return status;
  status = read_stat(arena, "stats.arenas.0.large.allocated", &large);
  *ret_bytes = small + large;
  return status;
}

// Blocks in another thread's cache count as alive in the account, so an account of 0 means that nobody holds an
// address.
int csizer_arena_retire(unsigned arena) {
  size_t bytes = 0;
  int status = csizer_arena_bytes(arena, &bytes);
  if (status || bytes) return status;
  size_t mib[3];
  size_t depth = 3;
  status = mallctlnametomib("arena.0.destroy", mib, &depth);
  if (status) return status;
  mib[1] = arena;
  return mallctlbymib(mib, depth, NULL, NULL, NULL, 0);
}

#else

int csizer_arena_create(unsigned *ret_arena) { *ret_arena = 0; return ENOENT; }
int csizer_arena_enter(unsigned arena, unsigned *ret_previous) { (void)arena; *ret_previous = 0; return ENOENT; }
int csizer_arena_leave(unsigned previous) { (void)previous; return ENOENT; }
int csizer_arena_bytes(unsigned arena, size_t *ret_bytes) { (void)arena; *ret_bytes = 0; return ENOENT; }
int csizer_arena_retire(unsigned arena) { (void)arena; return ENOENT; }

#endif
