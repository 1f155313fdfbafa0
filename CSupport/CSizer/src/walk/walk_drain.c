// SPDX-License-Identifier: Apache-2.0
#include "walk/walk_internal.h"

// Scans all that waits, as fast as can be or level by level.

// Level by level, so that the depth of an object is its distance from the start, not the way the walk happened to take.
static void drain_levels(csizer_walk *walk) {
  uintptr_t *current = NULL;
  size_t capacity = 0;
  csizer_walk_drain_values(walk);  // what the root's raw blocks refer to is on the first level
  for (size_t level = 1; walk->next_count || (walk->estimating && walk->guess_next < walk->guess_count); level++) {
    if (walk->estimating) csizer_walk_follow_guesses(walk, (uint32_t)level);
    uintptr_t *emptied = current;
    size_t emptied_capacity = capacity, count = walk->next_count;
    current = walk->next;
    capacity = walk->next_capacity;
    walk->next = emptied;
    walk->next_capacity = emptied_capacity;
    walk->next_count = 0;
    walk->level = (uint32_t)level;
    walk->at_bottom = level >= walk->options.maximum_depth;
    for (size_t i = 0; i < count; i++) {
      csizer_walk_scan(walk, current[i]);
      csizer_walk_drain_values(walk);
    }
  }
  walk->at_bottom = false;
  walk->level = 0;
  csizer_pages_unmap(current, capacity * sizeof *current);
}

void csizer_walk_drain_all(csizer_walk *walk) {
  if (walk->options.maximum_depth) drain_levels(walk);
  else csizer_walk_drain(walk);
}
