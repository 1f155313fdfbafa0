// SPDX-License-Identifier: Apache-2.0
#include "walk/walk_internal.h"

// Arrays of references that would fill the queue. Some elements at a time leave them for the queue, and the next ones
// when all that was behind those is walked: what waits stays short. Only an array that is large and whose elements lie
// anywhere is better put there as a whole, and swept up: a sweep reads objects in order.

enum {
  LONG = 1024,  // elements
  TOO_LONG = 256 * 1024,
};

bool csizer_walk_defer(csizer_walk *walk, const uintptr_t *words, size_t count) {
  if (count < LONG || walk->range_count == WALK_RANGES) return false;
  // With a depth limit, while collecting and while sweeping nothing goes to the queue. A crew shares long arrays.
  if (!walk->limit && !(walk->crew && walk->sweeping)) return false;
  if (walk->limit && count > TOO_LONG && !csizer_walk_are_near(words, count)) {
    if (!walk->crew) return false;
    csizer_walk_begin_sweep(walk);
  }
  walk->ranges[walk->range_count++] = (walk_range){words, count};
  return true;
}

walk_range csizer_walk_next_part(csizer_walk *walk, size_t most) {
  walk_range *range = &walk->ranges[walk->range_count - 1];
  const walk_range part = {range->words, range->count < most ? range->count : most};
  range->words += part.count;
  range->count -= part.count;
  if (!range->count) walk->range_count--;
  walk->holder++;
  return part;
}

// The census is asked when their turn comes, by when its bytes are at hand.
void csizer_walk_believe(csizer_walk *walk, const uintptr_t *words, size_t count) {
  for (size_t i = 0; i < count; i++) {
    if (!walk_may_be_object(words[i])) continue;
    const heapmap_grain grain = heapmap_grain_of(words[i]);
    heapmap_leaf *leaf = heapmap_leaf_of_grain(walk->map, grain);
    if (__builtin_expect(leaf != NULL, 1)) heapmap_believe(leaf, grain);
    else csizer_walk_unlisted(walk, words[i]);
  }
}

void csizer_walk_believe_ranges(csizer_walk *walk) {
  while (walk->range_count) {
    const walk_range part = csizer_walk_next_part(walk, SIZE_MAX);
    csizer_walk_believe(walk, part.words, part.count);
  }
}
