// SPDX-License-Identifier: Apache-2.0
#ifndef CSIZER_ALLOCATOR_JEMALLOC_H
#define CSIZER_ALLOCATOR_JEMALLOC_H
#include "csizer_accounts.h"
#include "csizer_allocator.h"
#include "csizer_fragmentation.h"

// What allocator.c asks where jemalloc serves: the same as the public functions of these names, by jemalloc's calls in
// platform/malloc_calls.h. All of it is decided once, at the first call; any thread.

const char *csizer_jemalloc_name(void);
bool csizer_jemalloc_serves_process(void);
csizer_allocator_geometry csizer_jemalloc_geometry(void);
size_t csizer_jemalloc_usable_size_for(size_t bytes, size_t align_mask);
csizer_ownership csizer_jemalloc_ownership(const void *address);
void csizer_jemalloc_scope_enter(csizer_allocator_scope *scope);
void csizer_jemalloc_scope_leave(csizer_allocator_scope *scope);

/// jemalloc's number of Sizer's own arena; false when there is none.
bool csizer_jemalloc_own_arena(unsigned *ret_arena);

/// What the look-up tells of an address: zeros when it is not jemalloc's; no regions when no block is there.
typedef struct jemalloc_place {
  size_t free_regions, regions, bytes;
} jemalloc_place;

typedef struct jemalloc_lookup {
  size_t mib[3], depth;
} jemalloc_lookup;

// reach_jemalloc.c
/// Up to where jemalloc may be asked about the neighbours of a small block, which the calling thread has just asked it
/// about: the nearest that there is when that is not found out. By reading, under the loader's lock. Once.
unsigned csizer_jemalloc_reach_shift(const void *block, size_t page_bytes);
/// The same from variables that were found.
unsigned csizer_jemalloc_reach_among(const uintptr_t *words, size_t count, uintptr_t block, size_t page_bytes);

// lookup_jemalloc.c
/// False when there is no look-up, or asking would end the process. While the calling thread allocates in an arena that
/// nobody else uses, without a cache of its own. Once.
bool csizer_jemalloc_lookup_prepare(jemalloc_lookup *ret_lookup);
bool csizer_jemalloc_look_up(const jemalloc_lookup *lookup, const void *address, jemalloc_place *ret_place);

// statistics_jemalloc.c
csizer_status csizer_jemalloc_accounts(csizer_accounts *ret);
size_t csizer_jemalloc_own_bytes(void);

// fragmentation_jemalloc.c
csizer_status csizer_jemalloc_fragmentation(const csizer_heapmap *map, const uintptr_t *objects,
                                            const uint32_t *classes, size_t count, size_t class_count,
                                            csizer_slab_use *uses);

#endif
