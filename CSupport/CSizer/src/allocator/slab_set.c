// SPDX-License-Identifier: Apache-2.0
// Which slabs hold a class's objects: a set of pairs, each once.
#include "allocator/slab_set.h"

#include "platform/hash.h"
#include "platform/pages.h"

enum { FIRST_CAPACITY = 1024 };

static csizer_slab_pair *place_of(const csizer_slab_set *set, uintptr_t slab, uint32_t class) {
  size_t at = hash_first(hash_word((uint64_t)slab ^ (uint64_t)class << 40), set->capacity);
  while (set->pairs[at].slab && (set->pairs[at].slab != slab || set->pairs[at].class != class))
    at = hash_next(at, set->capacity);
  return &set->pairs[at];
}

static bool grow(csizer_slab_set *set) {
  csizer_slab_set larger = {.count = set->count, .capacity = set->capacity ? set->capacity * 2 : FIRST_CAPACITY};
  larger.pairs = csizer_pages_map(larger.capacity * sizeof *larger.pairs);
  if (!larger.pairs) return false;
  for (size_t i = 0; i < set->capacity; i++) {
    csizer_slab_pair pair = set->pairs[i];
    if (pair.slab) *place_of(&larger, pair.slab, pair.class) = pair;
  }
  csizer_slab_set_deinit(set);
  *set = larger;
  return true;
}

csizer_slab_insertion csizer_slab_set_add(csizer_slab_set *set, uintptr_t slab, uint32_t class) {
  if (set->count * 2 >= set->capacity && !grow(set)) return CSIZER_SLAB_NO_MEMORY;
  csizer_slab_pair *place = place_of(set, slab, class);
  if (place->slab) return CSIZER_SLAB_KNOWN;
  *place = (csizer_slab_pair){.slab = slab, .class = class};
  set->count++;
  return CSIZER_SLAB_NEW;
}

void csizer_slab_set_deinit(csizer_slab_set *set) {
  csizer_pages_unmap(set->pairs, set->capacity * sizeof *set->pairs);
  *set = (csizer_slab_set){0};
}

// jemalloc makes a slab the least number of pages that its places fill without a rest. Then no two pages of a slab have
// the same distance from the place that starts before them: if they had, the places between would fill fewer pages
// without a rest. So only one page at or before the block is a whole number of places away from it, and is less than a
// slab away: that is the start.
uintptr_t csizer_slab_start(uintptr_t block, size_t bytes, size_t place, size_t page) {
  uintptr_t first = block & ~(uintptr_t)(page - 1), start = 0;
  if (!place || !bytes || bytes % place || bytes % page) return 0;
  for (uintptr_t candidate = first; first - candidate < bytes; candidate -= page) {
    if ((block - candidate) % place == 0 && block - candidate < bytes) {
      if (start) return 0;  // larger slabs than the least: which one it is can't be told
      start = candidate;
    }
    if (candidate < page) break;
  }
  return start;
}
