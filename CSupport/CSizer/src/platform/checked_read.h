// SPDX-License-Identifier: Apache-2.0
#ifndef CSIZER_CHECKED_READ_H
#define CSIZER_CHECKED_READ_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Reading what may not be there: through the kernel, where an address that is none is an error and no fault. No lock,
// no memory, no signal: this can be used in a frozen image, and does nothing to a host.

/// Copies `bytes` from `from`, which may be any address. False when not all of them can be read.
bool csizer_checked_copy(const void *from, void *to, size_t bytes);

/// Pages that were found readable a moment ago, so that the kernel is asked once for what stands side by side. Starts
/// zeroed; is cleared when time has passed in which memory may have been given back.
typedef struct csizer_checked_pages {
  uintptr_t pages[64];
} csizer_checked_pages;

/// Whether all of these bytes can be read. Time: some comparisons; for a page that is not known yet a system call, half
/// a microsecond.
bool csizer_checked_readable(csizer_checked_pages *pages, const void *address, size_t bytes);

/// Whether a text stands there that ends within `most` bytes, its terminator included.
bool csizer_checked_text(csizer_checked_pages *pages, const char *text, size_t most);

#endif
