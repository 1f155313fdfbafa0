// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <pthread.h>
#include <stdint.h>

#include "allocator/jemalloc.h"
#include "platform/malloc_calls.h"

// jemalloc's statistics, over all its arenas and of Sizer's own.

// Names are looked up once; an arena's number is the third part of a name that has one.
enum { DEEPEST = 5, ARENA_PART = 2 };

typedef struct figure {
  const char *name;
  size_t mib[DEEPEST], depth;
} figure;

enum {
  ALLOCATED, ACTIVE, RESIDENT, MAPPED, RETAINED,
  SMALL, LARGE, INTERNAL, THREAD_CACHES, DIRTY_PAGES, MUZZY_PAGES,
  FIGURES, FIRST_OF_ARENA = SMALL,
};

static struct {
  pthread_once_t once;
  bool is_complete;
  figure epoch, figures[FIGURES];
} books = {
    .once = PTHREAD_ONCE_INIT,
    .epoch = {.name = "epoch"},
    .figures = {
        [ALLOCATED] = {.name = "stats.allocated"},
        [ACTIVE] = {.name = "stats.active"},
        [RESIDENT] = {.name = "stats.resident"},
        [MAPPED] = {.name = "stats.mapped"},
        [RETAINED] = {.name = "stats.retained"},
        [SMALL] = {.name = "stats.arenas.0.small.allocated"},
        [LARGE] = {.name = "stats.arenas.0.large.allocated"},
        [INTERNAL] = {.name = "stats.arenas.0.internal"},
        [THREAD_CACHES] = {.name = "stats.arenas.0.tcache_bytes"},
        [DIRTY_PAGES] = {.name = "stats.arenas.0.pdirty"},
        [MUZZY_PAGES] = {.name = "stats.arenas.0.pmuzzy"},
    },
};

static bool look_up(figure *figure) {
  figure->depth = DEEPEST;
  return csizer_malloc.mallctlnametomib(figure->name, figure->mib, &figure->depth) == 0;
}

// A jemalloc that was built without statistics has none of the names.
static void prepare(void) {
  bool is_complete = look_up(&books.epoch);
  for (int i = 0; i < FIGURES; i++) is_complete &= look_up(&books.figures[i]);
  books.is_complete = is_complete;
}

// The sums are of the moment when the epoch was last moved on.
static bool refresh(void) {
  pthread_once(&books.once, prepare);
  uint64_t epoch = 1;
  const figure *moved = &books.epoch;
  return books.is_complete &&
         csizer_malloc.mallctlbymib(moved->mib, moved->depth, NULL, NULL, &epoch, sizeof epoch) == 0;
}

static size_t look(int index, size_t arena) {
  figure copy = books.figures[index];
  if (index >= FIRST_OF_ARENA) copy.mib[ARENA_PART] = arena;
  size_t value = 0, size = sizeof value;
  return csizer_malloc.mallctlbymib(copy.mib, copy.depth, &value, &size, NULL, 0) ? 0 : value;
}

static size_t look_all(int index) { return look(index, CSIZER_ALL_ARENAS); }

static size_t look_own(void) {
  unsigned arena;
  return csizer_jemalloc_own_arena(&arena) ? look(SMALL, arena) + look(LARGE, arena) : 0;
}

csizer_status csizer_jemalloc_accounts(csizer_accounts *ret) {
  int saved_errno = errno;
  if (!refresh()) return CSIZER_UNSUPPORTED;
  size_t page = csizer_jemalloc_geometry().page_bytes;
  *ret = (csizer_accounts){
      .allocated = look_all(ALLOCATED),
      .small = look_all(SMALL),
      .large = look_all(LARGE),
      .active = look_all(ACTIVE),
      .internal = look_all(INTERNAL),
      .dirty = look_all(DIRTY_PAGES) * page,
      .muzzy = look_all(MUZZY_PAGES) * page,
      .thread_caches = look_all(THREAD_CACHES),
      .resident = look_all(RESIDENT),
      .mapped = look_all(MAPPED),
      .retained = look_all(RETAINED),
      .own = look_own(),
  };
  // `stats.metadata` counts bytes, and blocks that are among the allocated: the pages are what is left of the resident
  // ones.
  size_t others = ret->active + ret->dirty;
  ret->metadata = ret->resident > others ? ret->resident - others : 0;
  errno = saved_errno;
  return CSIZER_OK;
}

size_t csizer_jemalloc_own_bytes(void) { return refresh() ? look_own() : 0; }
