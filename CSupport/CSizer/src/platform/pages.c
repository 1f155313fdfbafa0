// SPDX-License-Identifier: Apache-2.0
// All memory of the engine: pages of the kernel's, and pools in them.
#define _GNU_SOURCE
#include "platform/pages.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

size_t csizer_pages_fail_at;

// All of the engine's mappings, of every table and thread: hence a global. Relaxed everywhere: a sum, which orders
// nothing.
static size_t held;

bool csizer_pages_make_room(void *list, size_t *capacity, size_t count, size_t item_bytes) {
  enum { FIRST_BYTES = 16 * 1024 };
  if (count < *capacity) return true;
  void *items;
  memcpy(&items, list, sizeof items);  // lists of all types
  size_t more = *capacity ? *capacity * 2 : FIRST_BYTES / item_bytes;
  items = csizer_pages_grow(items, *capacity * item_bytes, more * item_bytes);
  if (!items) return false;
  memcpy(list, &items, sizeof items);
  *capacity = more;
  return true;
}

size_t csizer_pages_held(void) { return __atomic_load_n(&held, __ATOMIC_RELAXED); }

void *csizer_pages_map(size_t bytes) { return csizer_pages_map_at(NULL, bytes); }

void *csizer_pages_map_at(void *wish, size_t bytes) {
  if (csizer_pages_fail_at && --csizer_pages_fail_at == 0) return NULL;
  // NORESERVE: most of a heap map's leaf is never touched, and strict overcommit must not refuse the address space for
  // it.
  void *pages = mmap(wish, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (pages == MAP_FAILED) return NULL;
  __atomic_fetch_add(&held, bytes, __ATOMIC_RELAXED);
  return pages;
}

void csizer_pages_touch(void *pages, size_t bytes) {
#ifdef MADV_POPULATE_WRITE
  enum { WRITE = MADV_POPULATE_WRITE };
#else
  enum { WRITE = 23 };  // since Linux 5.14
#endif
  int error_before = errno;
  madvise(pages, bytes, WRITE);
  errno = error_before;
}

void csizer_pages_unmap(void *pages, size_t bytes) {
  if (!pages) return;
  munmap(pages, bytes);
  __atomic_fetch_sub(&held, bytes, __ATOMIC_RELAXED);
}

void *csizer_pages_reserve(size_t bytes) {
  void *pages = csizer_pages_map(bytes);
  if (pages) __atomic_fetch_sub(&held, bytes, __ATOMIC_RELAXED);
  return pages;
}

void csizer_pages_unreserve(void *pages, size_t bytes) {
  if (!pages) return;
  __atomic_fetch_add(&held, bytes, __ATOMIC_RELAXED);
  csizer_pages_unmap(pages, bytes);
}

void csizer_pages_use(size_t bytes) { __atomic_fetch_add(&held, bytes, __ATOMIC_RELAXED); }
void csizer_pages_leave(size_t bytes) { __atomic_fetch_sub(&held, bytes, __ATOMIC_RELAXED); }

void *csizer_pages_grow(void *pages, size_t bytes, size_t more_bytes) {
  if (!pages) return csizer_pages_map(more_bytes);
  if (csizer_pages_fail_at && --csizer_pages_fail_at == 0) return NULL;
  void *grown = mremap(pages, bytes, more_bytes, MREMAP_MAYMOVE);
  if (grown == MAP_FAILED) return NULL;
  __atomic_fetch_add(&held, more_bytes - bytes, __ATOMIC_RELAXED);
  return grown;
}

enum { CHUNK_BYTES = 64 * 1024, ALIGNMENT = 16 };

struct csizer_pool_chunk {
  struct csizer_pool_chunk *older;
  size_t bytes;
};
_Static_assert(sizeof(struct csizer_pool_chunk) % ALIGNMENT == 0, "what follows the chunk's head is aligned");

void *csizer_pool_allocate(csizer_pool *pool, size_t bytes) {
  bytes = (bytes + ALIGNMENT - 1) & ~(size_t)(ALIGNMENT - 1);
  if (!pool->chunks || pool->used + bytes > pool->chunks->bytes) {
    size_t needed = sizeof *pool->chunks + bytes;
    size_t size = needed > CHUNK_BYTES ? needed : CHUNK_BYTES;
    struct csizer_pool_chunk *chunk = csizer_pages_map(size);
    if (!chunk) return NULL;
    *chunk = (struct csizer_pool_chunk){pool->chunks, size};
    pool->chunks = chunk;
    pool->used = sizeof *chunk;
    pool->bytes += size;
  }
  void *memory = (char *)pool->chunks + pool->used;
  pool->used += bytes;
  return memory;
}

void csizer_pool_deinit(csizer_pool *pool) {
  for (struct csizer_pool_chunk *chunk = pool->chunks, *older; chunk; chunk = older) {
    older = chunk->older;
    csizer_pages_unmap(chunk, chunk->bytes);
  }
  *pool = (csizer_pool){0};
}
