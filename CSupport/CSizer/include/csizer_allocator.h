// SPDX-License-Identifier: Apache-2.0
#ifndef CSIZER_ALLOCATOR_H
#define CSIZER_ALLOCATOR_H
#include <stdbool.h>
#include <stddef.h>

#include "csizer_status.h"

/// The allocator that serves the process: jemalloc when the package's trait `Jemalloc` is on (its calls are documented
/// in jemalloc(3)), otherwise libc's, of which only malloc_usable_size(3) is asked. That is what this library links. A
/// library that is preloaded into a program calls csizer_allocator_find instead.

/// Finds who serves the Swift runtime that csizer_target_find has found before. Where the standard library is linked
/// statically that may be an allocator in the program itself, hidden and local symbols included; else it is the first
/// in the loader's order. jemalloc is known by its `mallctl`.
///
/// CSIZER_UNSUPPORTED: it does not tell the size of a block, or can't be told from others. CSIZER_UNREADABLE: the
/// program's file can't be read. `ret_reason`, a static string, says so, and nothing was changed. Empty with CSIZER_OK.
/// An engine whose allocator was not found must not be used: it would free by another.
///
/// Once, at the start, before other threads exist and before any other call of the engine but csizer_target_find. Time:
/// some milliseconds, linear in the program's symbols. Never allocates.
csizer_status csizer_allocator_find(const char **ret_reason);

/// What an address is to the allocator.
typedef enum csizer_ownership {
  /// Not a block of this allocator.
  CSIZER_FOREIGN = 0,
  /// The allocator set this memory aside.
  CSIZER_OWNED = 1,
  /// The allocator can't say.
  CSIZER_OWNERSHIP_UNKNOWN = 2,
} csizer_ownership;

/// The allocator's name and version, as a static string: "jemalloc 5.3.0-0-g54ea…" or "libc".
const char *csizer_allocator_name(void);

/// Whether all blocks of a page have one size, which is what the page memo rests on. True for jemalloc.
bool csizer_allocator_has_uniform_pages(void);

/// Logarithms (base 2) of the bytes that an allocator may be asked about around what it owns, at least and at most.
enum { CSIZER_NEAREST_REACH_SHIFT = 25, CSIZER_FARTHEST_REACH_SHIFT = 30 };

/// How an allocator with uniform pages divides its memory.
typedef struct csizer_allocator_geometry {
  /// Bytes of its pages, which need not be the kernel's: a multiple of 4096.
  size_t page_bytes;
  /// Usable bytes of the largest blocks that share slabs. Larger ones have pages of their own, four at least.
  size_t largest_in_slab;
  /// Where the allocator owns something, it may be asked about all of the 2^reach_shift bytes around, which begin with
  /// a multiple of that: csizer_allocator_ownership. 25 to 30.
  unsigned reach_shift;
} csizer_allocator_geometry;

/// How the allocator divides its memory. Decided once, at the first call. Any thread.
csizer_allocator_geometry csizer_allocator_geometry_read(void);

/// Whether the process's malloc is the allocator that this file asks. False when another library has taken malloc's
/// place, for instance a sanitizer; sizes are then not to be trusted. Decided once, at the first call. Any thread.
bool csizer_allocator_serves_process(void);

/// Usable bytes of the live block that starts at `block`. Any thread; never allocates. Undefined for other addresses.
size_t csizer_allocator_usable_size(const void *block);

/// Usable bytes of a block that is asked for with this size and alignment (a power of two, less one), as the Swift
/// runtime asks; 0 when the allocator can't tell beforehand. Any thread; never allocates.
size_t csizer_allocator_usable_size_for(size_t bytes, size_t align_mask);

/// Whose `address` is. Only for an address where the allocator is known to own something within its reach
/// (csizer_allocator_geometry): jemalloc's look-up (`experimental.utilization.batch_query`) reads a null pointer in
/// others (seen in 5.3.0). Takes no lock: some 100 ns.
csizer_ownership csizer_allocator_ownership(const void *address);

/// Where a thread was before csizer_allocator_scope_enter. Caller's storage, on the stack.
///
/// While a scope is entered, what the calling thread allocates goes to an arena of Sizer's own, not to the measured
/// ones. The Swift runtime makes metadata and names while layouts are compiled: that is what scopes are for. They do
/// not nest. Where the allocator has no arenas, entering does nothing.
typedef struct csizer_allocator_scope {
  unsigned previous_arena;
  bool entered;
  bool had_thread_cache;
} csizer_allocator_scope;

/// Enters; fills `scope`. The calling thread only.
void csizer_allocator_scope_enter(csizer_allocator_scope *scope);

/// Leaves, on the thread that entered. What was allocated meanwhile stays where it is and may be freed by anyone.
void csizer_allocator_scope_leave(csizer_allocator_scope *scope);

/// Usable bytes of what lives in Sizer's own arena; 0 where there is none. Any thread; time as csizer_accounts_read.
size_t csizer_allocator_own_bytes(void);

#endif
