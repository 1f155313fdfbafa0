// SPDX-License-Identifier: Apache-2.0
#ifndef CSIZER_ARENA_H
#define CSIZER_ARENA_H
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/// The oracle: jemalloc's own account of an arena that holds only what a test put there.
///
/// After a thread's cache is flushed, `stats.arenas.<i>.small.allocated + large.allocated` is the sum of the usable
/// sizes of the live blocks of arena i, to the byte (jemalloc(3)). Nothing here shares code with the engine.
/// All calls answer 0, or the errno that mallctl gave (ENOENT: the process does not run on jemalloc).

/// Makes an empty arena. Arenas that are never retired stay for ever, and reading an account looks at all of them: a
/// test process that keeps a thousand is slow.
int csizer_arena_create(unsigned *ret_arena);

/// From now on the calling thread allocates in `arena`; `ret_previous` is for csizer_arena_leave.
int csizer_arena_enter(unsigned arena, unsigned *ret_previous);

/// The calling thread allocates in `previous` again, and its cache gives back what it held of the arena it leaves.
int csizer_arena_leave(unsigned previous);

/// Usable bytes of the live blocks of `arena`, as far as threads' caches have been flushed.
int csizer_arena_bytes(unsigned arena, size_t *ret_bytes);

/// Gives an arena back to jemalloc if nothing lives in it any more; what a test leaked, or the runtime cached, keeps
/// it.
int csizer_arena_retire(unsigned arena);

/// Usable bytes of a block that malloc is asked so many bytes for, of whatever allocator this process has.
size_t csizer_block_bytes(size_t requested);

#ifdef __cplusplus
}
#endif

#endif
