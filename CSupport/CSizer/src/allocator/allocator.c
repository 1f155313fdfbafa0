// SPDX-License-Identifier: Apache-2.0
#include "csizer_allocator.h"

#include <stdint.h>

#include "allocator/jemalloc.h"
#include "allocator/libc.h"
#include "csizer_target.h"
#include "platform/address_space.h"
#include "platform/malloc_calls.h"

// The public calls, by whoever serves the process: jemalloc, or libc's allocator and all others, which tell no more
// than the size of a block.

static bool is_jemalloc(void) { return csizer_malloc.mallctl != NULL; }

csizer_status csizer_allocator_find(const char **ret_reason) {
  return csizer_malloc_calls_find(csizer_target_source_in_use() == CSIZER_TARGET_PROGRAM, ret_reason);
}

const char *csizer_allocator_name(void) { return is_jemalloc() ? csizer_jemalloc_name() : "libc"; }

bool csizer_allocator_has_uniform_pages(void) { return is_jemalloc(); }

csizer_allocator_geometry csizer_allocator_geometry_read(void) {
  // Who can't be asked is looked at in the smallest pages, and nothing is taken to have some of its own.
  static const csizer_allocator_geometry unknown = {(size_t)1 << PLATFORM_LEAST_PAGE_SHIFT, SIZE_MAX,
                                                    CSIZER_FARTHEST_REACH_SHIFT};
  return is_jemalloc() ? csizer_jemalloc_geometry() : unknown;
}

bool csizer_allocator_serves_process(void) { return is_jemalloc() ? csizer_jemalloc_serves_process() : true; }

size_t csizer_allocator_usable_size(const void *block) { return csizer_malloc.malloc_usable_size((void *)block); }

size_t csizer_allocator_usable_size_for(size_t bytes, size_t align_mask) {
  return is_jemalloc() ? csizer_jemalloc_usable_size_for(bytes, align_mask) : 0;
}

csizer_ownership csizer_allocator_ownership(const void *address) {
  return is_jemalloc() ? csizer_jemalloc_ownership(address) : CSIZER_OWNERSHIP_UNKNOWN;
}

void csizer_allocator_scope_enter(csizer_allocator_scope *scope) {
  *scope = (csizer_allocator_scope){0};
  if (is_jemalloc()) csizer_jemalloc_scope_enter(scope);
}

void csizer_allocator_scope_leave(csizer_allocator_scope *scope) {
  if (is_jemalloc()) csizer_jemalloc_scope_leave(scope);
}

csizer_status csizer_accounts_read(csizer_accounts *ret) {
  return is_jemalloc() ? csizer_jemalloc_accounts(ret) : csizer_libc_accounts(ret);
}

size_t csizer_allocator_own_bytes(void) { return is_jemalloc() ? csizer_jemalloc_own_bytes() : 0; }

csizer_status csizer_fragmentation_read(const csizer_heapmap *map, const uintptr_t *objects, const uint32_t *classes,
                                        size_t count, size_t class_count, csizer_slab_use *uses) {
  if (!is_jemalloc()) return CSIZER_UNSUPPORTED;
  return csizer_jemalloc_fragmentation(map, objects, classes, count, class_count, uses);
}
