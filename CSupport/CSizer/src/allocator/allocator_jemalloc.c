// SPDX-License-Identifier: Apache-2.0
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

#include "allocator/jemalloc.h"
#include "platform/malloc_calls.h"

// jemalloc as the allocator of the process: sizes beforehand, whose an address is, and an arena of Sizer's own. By
// addresses that were found (platform/malloc_calls.h), so that it is not linked where it does not serve.

static struct {
  pthread_once_t once;
  char name[64];
  bool serves_process;
  bool has_arena;
  unsigned arena;          // Sizer's own
  csizer_allocator_geometry geometry;
  jemalloc_lookup lookup;
  bool has_lookup;
} state = {.once = PTHREAD_ONCE_INIT};

/// A block of the process's malloc is in jemalloc's account of this thread only if jemalloc serves malloc.
static bool probe_malloc(void) {
  uint64_t before = 0, after = 0;
  size_t size = sizeof before;
  if (csizer_malloc.mallctl("thread.allocated", &before, &size, NULL, 0)) return false;
  void *volatile block = csizer_malloc.malloc(64);
  if (csizer_malloc.mallctl("thread.allocated", &after, &size, NULL, 0)) after = before;
  csizer_malloc.free(block);
  return after != before;
}

// Debian builds jemalloc for AArch64 with pages of 64 KiB, for kernels with any: the kernel's page says nothing here.
// Slabs hold the blocks that have a bin, up to three and a half pages (sc.c), which is what an old one that tells
// nothing is taken to do.
static void ask_geometry(csizer_allocator_geometry *ret) {
  unsigned bins = 0;
  size_t size = sizeof ret->page_bytes;
  if (csizer_malloc.mallctl("arenas.page", &ret->page_bytes, &size, NULL, 0))
    ret->page_bytes = (size_t)sysconf(_SC_PAGESIZE);
  ret->largest_in_slab = ret->page_bytes / 2 * 7;
  size = sizeof bins;
  if (csizer_malloc.mallctl("arenas.nbins", &bins, &size, NULL, 0) || !bins) return;
  char name[48];
  size_t largest = 0;
  snprintf(name, sizeof name, "arenas.bin.%u.size", bins - 1);
  size = sizeof largest;
  if (csizer_malloc.mallctl(name, &largest, &size, NULL, 0) == 0) ret->largest_in_slab = largest;
}

static void enter(csizer_allocator_scope *scope) {
  if (!state.has_arena) return;
  // The thread's cache would hand out blocks of the measured arena: it is off until the scope is left.
  bool off = false;
  size_t size = sizeof scope->had_thread_cache;
  if (csizer_malloc.mallctl("thread.tcache.enabled", &scope->had_thread_cache, &size, &off, sizeof off)) return;
  size = sizeof scope->previous_arena;
  scope->entered =
      csizer_malloc.mallctl("thread.arena", &scope->previous_arena, &size, &state.arena, sizeof state.arena) == 0;
}

static void leave(csizer_allocator_scope *scope) {
  if (scope->entered)
    csizer_malloc.mallctl("thread.arena", NULL, NULL, &scope->previous_arena, sizeof scope->previous_arena);
  if (scope->had_thread_cache)
    csizer_malloc.mallctl("thread.tcache.enabled", NULL, NULL, &scope->had_thread_cache,
                          sizeof scope->had_thread_cache);
}

static unsigned reach_shift(void) {
  enum { SMALL = 64 };
  jemalloc_place ignored;
  if (!state.has_lookup) return CSIZER_FARTHEST_REACH_SHIFT;
  void *volatile block = csizer_malloc.malloc(SMALL);
  csizer_jemalloc_look_up(&state.lookup, block, &ignored);
  unsigned shift = csizer_jemalloc_reach_shift(block, state.geometry.page_bytes);
  csizer_malloc.free(block);
  return shift;
}

static void prepare(void) {
  const char *version = NULL;
  size_t size = sizeof version;
  if (csizer_malloc.mallctl("version", &version, &size, NULL, 0)) version = "of unknown version";
  snprintf(state.name, sizeof state.name, "jemalloc %s", version);
  state.serves_process = probe_malloc();
  ask_geometry(&state.geometry);
  size = sizeof state.arena;
  state.has_arena = csizer_malloc.mallctl("arenas.create", &state.arena, &size, NULL, 0) == 0;
  csizer_allocator_scope scope = {0};
  enter(&scope);
  state.has_lookup = csizer_jemalloc_lookup_prepare(&state.lookup);
  leave(&scope);
  state.geometry.reach_shift = reach_shift();
}

csizer_allocator_geometry csizer_jemalloc_geometry(void) {
  pthread_once(&state.once, prepare);
  return state.geometry;
}

const char *csizer_jemalloc_name(void) {
  pthread_once(&state.once, prepare);
  return state.name;
}

bool csizer_jemalloc_serves_process(void) {
  pthread_once(&state.once, prepare);
  return state.serves_process;
}

size_t csizer_jemalloc_usable_size_for(size_t bytes, size_t align_mask) {
  enum { MALLOC_ALIGNS_TO = 15 };  // the runtime asks for more than that by itself: stdlib/public/runtime/Heap.cpp
  int flags = align_mask > MALLOC_ALIGNS_TO ? __builtin_ffsl((long)(align_mask + 1)) - 1 : 0;  // MALLOCX_ALIGN
  return csizer_malloc.nallocx(bytes, flags);
}

/// What jemalloc tells of pages around one that begins or ends an extent without a slab.
typedef enum neighbour { IS_NOTHING, IS_PART, IS_UNKNOWN } neighbour;

// Nothing is told of pages inside of an extent, and of memory that is not jemalloc's; something of all others.
static neighbour look_beside(uintptr_t page, uintptr_t other) {
  jemalloc_place place;
  if (page >> state.geometry.reach_shift != other >> state.geometry.reach_shift) return IS_UNKNOWN;
  if (!csizer_jemalloc_look_up(&state.lookup, (const void *)other, &place)) return IS_UNKNOWN;
  return place.bytes ? IS_PART : IS_NOTHING;
}

// Whether `other` can be the other end of the extent that `page` is one end of; `inner` is beside it, inside.
static bool is_other_end(uintptr_t page, uintptr_t other, uintptr_t inner, size_t bytes) {
  jemalloc_place place;
  if (look_beside(page, other) != IS_PART || look_beside(page, inner) != IS_NOTHING) return false;
  return csizer_jemalloc_look_up(&state.lookup, (const void *)other, &place) && place.regions == 1 &&
         place.bytes == bytes;
}

// The first page of an extent and the last one tell the same (5.2). Behind the last one is another extent, before the
// first one, too; if there is neither, the other end is where it has to be. What stays open is a first page, to which
// pointers lead.
static bool is_last_page(uintptr_t address, size_t usable, size_t bytes) {
  const size_t page_bytes = state.geometry.page_bytes, between = bytes - page_bytes;
  const uintptr_t page = address & ~(uintptr_t)(page_bytes - 1);
  if (usable <= state.geometry.largest_in_slab) return false;  // a slab with one block, of which all pages are known
  if (look_beside(page, page + page_bytes) == IS_PART) return true;
  if (look_beside(page, page - page_bytes) == IS_PART) return false;
  if (is_other_end(page, page + between, page + between - page_bytes, bytes)) return false;
  return is_other_end(page, page - between, page - between + page_bytes, bytes);
}

// Of a block that is no slab's the last page is known, too, and so is memory that is kept for blocks to come: no block
// starts in either. The size that jemalloc 5.3 tells there does not go with the extent's. `opt.cache_oblivious` sets a
// page more aside than is usable.
static bool may_hold_a_start(const void *address, size_t regions, size_t bytes) {
  if (regions != 1) return true;
  size_t usable = csizer_malloc.malloc_usable_size((void *)address);
  if (usable != bytes && usable + state.geometry.page_bytes != bytes) return false;
  return !is_last_page((uintptr_t)address, usable, bytes);
}

// Unlike `arenas.lookup` this takes no lock: a forked child may ask. Of an address that is not jemalloc's all three are
// 0.
csizer_ownership csizer_jemalloc_ownership(const void *address) {
  pthread_once(&state.once, prepare);
  if (!state.has_lookup) return CSIZER_OWNERSHIP_UNKNOWN;
  jemalloc_place place;
  if (!csizer_jemalloc_look_up(&state.lookup, address, &place)) return CSIZER_OWNERSHIP_UNKNOWN;
  bool is_owned = place.regions && may_hold_a_start(address, place.regions, place.bytes);
  return is_owned ? CSIZER_OWNED : CSIZER_FOREIGN;
}

void csizer_jemalloc_scope_enter(csizer_allocator_scope *scope) {
  pthread_once(&state.once, prepare);
  enter(scope);
}

void csizer_jemalloc_scope_leave(csizer_allocator_scope *scope) { leave(scope); }

bool csizer_jemalloc_own_arena(unsigned *ret_arena) {
  pthread_once(&state.once, prepare);
  if (state.has_arena) *ret_arena = state.arena;
  return state.has_arena;
}
