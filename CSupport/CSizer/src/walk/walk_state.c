// SPDX-License-Identifier: Apache-2.0
#include <string.h>

#include "walk/walk_internal.h"

// What all parts of a walk need of it: room in its lists, and sums.

enum { FIRST_KINDS = 128 };

bool csizer_walk_grow_kinds(csizer_walk *walk) {
  size_t capacity = walk->kind_capacity ? walk->kind_capacity : FIRST_KINDS;
  while (capacity < walk->layouts->kind_count) capacity *= 2;
  if (capacity == walk->kind_capacity) return true;
  csizer_kind_totals *kinds = csizer_pages_map(capacity * sizeof *kinds);
  if (!kinds) {
    walk->status = CSIZER_NO_MEMORY;
    return false;
  }
  if (walk->kinds) memcpy(kinds, walk->kinds, walk->kind_capacity * sizeof *kinds);
  csizer_pages_unmap(walk->kinds, walk->kind_capacity * sizeof *kinds);
  walk->kinds = kinds;
  walk->kind_capacity = capacity;
  return true;
}

bool csizer_walk_make_room(csizer_walk *walk, void *list, size_t *capacity, size_t count, size_t item_bytes) {
  if (csizer_pages_make_room(list, capacity, count, item_bytes)) return true;
  walk->status = CSIZER_NO_MEMORY;
  return false;
}

void csizer_walk_add_requested(csizer_walk *walk, const csizer_object_layout *layout, size_t requested, size_t unused,
                               size_t usable) {
  // A collection may know of more room than it asked for: it asks the allocator for the usable size and takes all.
  if (requested > usable) requested = usable;
  csizer_kind_totals *kind = walk_kind(walk, layout->kind);
  kind->requested += requested;
  kind->unused += unused;
  walk->totals.requested += requested;
}
