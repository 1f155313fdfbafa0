// SPDX-License-Identifier: Apache-2.0
#ifndef CSIZER_PAGES_H
#define CSIZER_PAGES_H
#include <stdbool.h>
#include <stddef.h>

// All memory of the engine's own comes from here: zeroed pages straight from the kernel, never from the measured heap.

/// Zeroed pages, at least `bytes` of them, or NULL. The kernel gives memory when a page is first touched.
void *csizer_pages_map(size_t bytes);

/// Asks the kernel for the memory of mapped pages now, in one call instead of a fault for each. No more than a wish.
void csizer_pages_touch(void *pages, size_t bytes);

/// As csizer_pages_map, at the address `wish` if there is room.
void *csizer_pages_map_at(void *wish, size_t bytes);

/// Gives back what csizer_pages_map gave, with the same number of bytes; NULL is fine.
void csizer_pages_unmap(void *pages, size_t bytes);

/// As csizer_pages_map, for address space of which little will ever be touched: it is not counted as held. Given back
/// by csizer_pages_unreserve, with the same number of bytes; NULL is fine.
void *csizer_pages_reserve(size_t bytes);
void csizer_pages_unreserve(void *pages, size_t bytes);

/// Counts so many bytes of what was reserved as held, as they come into use; and no longer.
void csizer_pages_use(size_t bytes);
void csizer_pages_leave(size_t bytes);

/// Makes pages of csizer_pages_map more, perhaps elsewhere, without copying them; NULL becomes new ones. NULL when the
/// system refuses them: then they are as they were.
void *csizer_pages_grow(void *pages, size_t bytes, size_t more_bytes);

/// Room for one more item in a list of `count`, whose pointer `list` points at: twice as much where there is none.
/// False when the system refuses it; then nothing was changed.
bool csizer_pages_make_room(void *list, size_t *capacity, size_t count, size_t item_bytes);

/// Bytes mapped and not given back: what the engine holds of the system. Any thread.
size_t csizer_pages_held(void);

/// Tests only: the call of csizer_pages_map that fails, counted down from here; 0 fails none. A global because the
/// failure must reach every caller; written only while one thread runs.
extern size_t csizer_pages_fail_at;

/// Memory that lives as long as its pool: handed out in order, given back all at once.
typedef struct csizer_pool {
  struct csizer_pool_chunk *chunks;
  size_t used, bytes;  // of the newest chunk; all bytes mapped
} csizer_pool;

/// Zeroed memory aligned to 16 bytes, or NULL. A zeroed pool is an empty pool.
void *csizer_pool_allocate(csizer_pool *pool, size_t bytes);

/// Gives everything back; the pool is empty again.
void csizer_pool_deinit(csizer_pool *pool);

#endif
