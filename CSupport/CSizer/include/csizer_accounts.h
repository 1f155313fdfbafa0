// SPDX-License-Identifier: Apache-2.0
#ifndef CSIZER_ACCOUNTS_H
#define CSIZER_ACCOUNTS_H
#include <stddef.h>

#include "csizer_status.h"

/// The allocator's own books, over all its arenas, in bytes. jemalloc's `stats.*`, in its own words (jemalloc(3));
/// libc's mallinfo2(3), as far as it says the same. A figure that the allocator does not keep is 0.
///
/// The pages in the books need not be present: what was set aside and never touched is in `active`, too.
typedef struct csizer_accounts {
  /// Usable bytes of all blocks that have been handed out, those in threads' caches too. jemalloc: small + large.
  size_t allocated;
  size_t small, large;
  /// Pages that hold such blocks. What exceeds `allocated` are free places in these pages.
  size_t active;
  /// Pages of the allocator's own tables.
  size_t metadata;
  /// The part of `allocated` that the allocator uses itself: threads' caches' own tables.
  size_t internal;
  /// Pages without a block that the allocator keeps, and those of them that the kernel may take at any time
  /// (madvise(2), MADV_FREE).
  size_t dirty, muzzy;
  /// The part of `allocated` that threads' caches hold: freed by the program, not by the cache.
  size_t thread_caches;
  /// At most so much of the allocator's memory is present: metadata, active and dirty pages.
  size_t resident;
  /// Address space: in use, and kept for later without memory behind it.
  size_t mapped, retained;
  /// The part of `allocated` that is in Sizer's own arena (csizer_allocator_scope).
  size_t own;
} csizer_accounts;

/// Reads the books. jemalloc: some 20 µs, for it sums up its arenas under their locks; errno is kept. Any thread. Never
/// allocates in the measured heap. CSIZER_UNSUPPORTED, `ret` as it was: this allocator keeps no such books.
csizer_status csizer_accounts_read(csizer_accounts *ret);

/// Bytes of memory that Sizer holds for itself: what lives in its own arena, and the pages of its tables, of which
/// those of the census count as far as they have been given memory. The same figure everywhere: in capabilities,
/// snapshots and ladders. Any thread; time: csizer_accounts_read, and some 50 µs for each GiB of the address space that
/// has objects (mincore).
size_t csizer_overhead_bytes(void);

/// csizer_overhead_bytes without the arena, for those who have read that.
size_t csizer_overhead_page_bytes(void);

#endif
