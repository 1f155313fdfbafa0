// SPDX-License-Identifier: Apache-2.0
// An allocator that a program brings and hides: blocks one behind the other, each with its size before it, and none is
// given back.
#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

enum { HEADER = 16 };
static _Alignas(4096) char room[256 << 20];
static size_t used;

void *aligned_alloc(size_t alignment, size_t bytes) {
  if (alignment < HEADER) alignment = HEADER;
  size_t whole = (bytes + alignment + 2 * HEADER) & ~(size_t)(HEADER - 1);
  size_t at = __atomic_fetch_add(&used, whole, __ATOMIC_RELAXED);
  if (bytes > sizeof room || at + whole > sizeof room) return NULL;
  uintptr_t block = ((uintptr_t)room + at + HEADER + alignment - 1) & ~(uintptr_t)(alignment - 1);
  *(size_t *)(block - HEADER) = bytes;
  return (void *)block;
}

void *malloc(size_t bytes) { return aligned_alloc(HEADER, bytes); }
void free(void *block) { (void)block; }

#ifndef WITHOUT_USABLE_SIZE
size_t malloc_usable_size(void *block) { return block ? *(size_t *)((uintptr_t)block - HEADER) : 0; }
#endif

void *calloc(size_t count, size_t bytes) {
  void *block = malloc(count * bytes);
  return block ? memset(block, 0, count * bytes) : NULL;
}

void *realloc(void *block, size_t bytes) {
  void *larger = malloc(bytes);
  size_t before = block ? *(size_t *)((uintptr_t)block - HEADER) : 0;
  return larger && block ? memcpy(larger, block, before < bytes ? before : bytes) : larger;
}

int posix_memalign(void **ret_block, size_t alignment, size_t bytes) {
  *ret_block = aligned_alloc(alignment, bytes);
  return *ret_block ? 0 : ENOMEM;
}
