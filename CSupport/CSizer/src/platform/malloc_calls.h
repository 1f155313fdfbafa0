// SPDX-License-Identifier: Apache-2.0
#ifndef CSIZER_MALLOC_CALLS_H
#define CSIZER_MALLOC_CALLS_H
#include <features.h>
#include <malloc.h>
#include <stdbool.h>
#include <stddef.h>

#include "csizer_status.h"

/// The statistics of mallinfo(3): mallinfo2 came with glibc 2.33; mallinfo, before it, counts in ints and is wrong
/// above 2 GiB.
#if defined(__GLIBC__) && __GLIBC_PREREQ(2, 33)
#define CSIZER_MALLOC_BOOKS(X) X(struct mallinfo2, mallinfo2, (void))
#else
#define CSIZER_MALLOC_BOOKS(X)
#endif

/// What the engine asks of the allocator that serves the measured program: result, name, parameters. malloc(3),
/// malloc_usable_size(3), jemalloc(3) and mallinfo(3). The first three are everybody's.
#define CSIZER_MALLOC_CALLS(X)                                                                         \
  X(void *, malloc, (size_t bytes))                                                                    \
  X(void, free, (void *block))                                                                         \
  X(size_t, malloc_usable_size, (void *block))                                                         \
  X(int, mallctl, (const char *name, void *old, size_t *old_bytes, void *new, size_t new_bytes))       \
  X(int, mallctlnametomib, (const char *name, size_t *mib, size_t *depth))                             \
  X(int, mallctlbymib,                                                                                 \
    (const size_t *mib, size_t depth, void *old, size_t *old_bytes, void *new, size_t new_bytes))      \
  X(size_t, nallocx, (size_t bytes, int flags))                                                        \
  CSIZER_MALLOC_BOOKS(X)

/// Addresses of the allocator's functions. jemalloc's are NULL, all together, where another one serves.
typedef struct csizer_malloc_calls {
#define FIELD(result, name, parameters) result(*name) parameters;
  CSIZER_MALLOC_CALLS(FIELD)
#undef FIELD
} csizer_malloc_calls;

/// jemalloc's number for all arenas together (MALLCTL_ARENAS_ALL).
enum { CSIZER_ALL_ARENAS = 4096 };

/// The table in use; the engine asks the allocator in no other way. At load it holds what this library links. Written
/// by csizer_malloc_calls_find and csizer_malloc_calls_use while there is one thread, read by all. Hidden: a call costs
/// one load.
extern csizer_malloc_calls csizer_malloc __attribute__((visibility("hidden")));

/// Finds who serves the program's Swift runtime: csizer_allocator_find says the rest. `is_in_program` says that the
/// runtime is linked statically: then an allocator in the program serves it that the loader may know nothing of.
csizer_status csizer_malloc_calls_find(bool is_in_program, const char **ret_reason);

/// Uses what was found, or a test's stand-in. jemalloc's functions are left out unless all of them are there.
void csizer_malloc_calls_use(const csizer_malloc_calls *calls);

/// Whether mallinfo2 tells of the blocks that malloc gives: both are of one library. Else another one, or a sanitizer,
/// has taken malloc's place alone, and libc's statistics are of something else. Decided at the first call, under the
/// loader's lock.
bool csizer_malloc_keeps_books(void);

#endif
