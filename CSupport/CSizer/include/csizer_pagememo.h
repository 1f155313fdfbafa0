// SPDX-License-Identifier: Apache-2.0
#ifndef CSIZER_PAGEMEMO_H
#define CSIZER_PAGEMEMO_H
#include <stddef.h>

#include "csizer_heapmap.h"

/// Remembers, page by page, what malloc_usable_size said. jemalloc fills a page with blocks of one size (slabs), or
/// with the start of one block, so the answer for one block of a page is the answer for all. The page's byte in the
/// heap map is an index into a table of the sizes met so far; forgetting the map's marks forgets the memo. Where the
/// allocator's pages are mixed (libc), every block is asked for.
typedef struct csizer_pagememo {
  size_t sizes[256];
  unsigned count;
  /// csizer_allocator_usable_size, or a test's stand-in.
  size_t (*usable_size)(const void *block);
  bool uniform_pages;
} csizer_pagememo;

/// Prepares caller's storage. There is nothing to give back.
void csizer_pagememo_init(csizer_pagememo *memo, size_t (*usable_size)(const void *block), bool uniform_pages);

/// Usable bytes of the live block that starts at `block`, which must have been marked in `map`. One thread at a time.
size_t csizer_pagememo_size(csizer_pagememo *memo, csizer_heapmap *map, const void *block);

#endif
