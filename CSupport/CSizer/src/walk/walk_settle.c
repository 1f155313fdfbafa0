// SPDX-License-Identifier: Apache-2.0
#include "walk/walk_internal.h"

// The end of a walk: what is uncertain is followed now, part by part.

static void settle_words(csizer_walk *walk, uint32_t part) {
  // With a depth limit they are followed level by level (walk_drain.c).
  if (!walk->options.maximum_depth) csizer_walk_follow_part(walk, part);
  csizer_walk_drain_all(walk);
}

bool csizer_walk_settle_next(csizer_walk *walk, uint32_t *ret_part) {
  bool has_words = walk->guess_next < walk->guess_count, has_pointers = walk->pointer_next < walk->pointer_count;
  if (walk->status || (!has_words && !has_pointers)) {
    csizer_walk_drop_guesses(walk);
    return false;
  }
  *ret_part = walk->part =
      has_words ? walk->guesses[walk->guess_next].part : walk->pointers[walk->pointer_next].part;
  walk->estimating = true;
  // Pointers come last: only then it is known what else leads to their blocks.
  if (has_words) settle_words(walk, walk->part);
  else csizer_walk_settle_pointers(walk, walk->part);
  walk->estimating = false;
  return true;
}

void csizer_walk_settle(csizer_walk *walk) {
  uint32_t part;
  if (walk->holds_guesses || !(walk->guess_count | walk->pointer_count)) return;
  while (csizer_walk_settle_next(walk, &part)) {}
}

void csizer_walk_drop_guesses(csizer_walk *walk) {
  walk->guess_next = walk->guess_count = 0;
  walk->pointer_next = walk->pointer_count = 0;
  walk->part = walk->level = 0;
  walk->estimating = walk->holds_guesses = walk->at_bottom = walk->collecting = false;
}
