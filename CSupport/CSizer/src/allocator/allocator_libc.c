// SPDX-License-Identifier: Apache-2.0
// Without the trait Jemalloc: sanitizers, or an allocator that the user brings. Only malloc_usable_size(3) is common
// ground.
#ifndef CSIZER_JEMALLOC
#include <malloc.h>

#include "csizer_allocator.h"

const char *csizer_allocator_name(void) { return "libc"; }

bool csizer_allocator_has_uniform_pages(void) { return false; }

bool csizer_allocator_serves_process(void) { return true; }

size_t csizer_allocator_usable_size(const void *block) { return malloc_usable_size((void *)block); }

size_t csizer_allocator_usable_size_for(size_t bytes, size_t align_mask) {
  (void)bytes, (void)align_mask;
  return 0;
}

csizer_ownership csizer_allocator_ownership(const void *address) {
  (void)address;
  return CSIZER_OWNERSHIP_UNKNOWN;
}

void csizer_allocator_scope_enter(csizer_allocator_scope *scope) { *scope = (csizer_allocator_scope){0}; }

void csizer_allocator_scope_leave(csizer_allocator_scope *scope) { (void)scope; }

#endif
