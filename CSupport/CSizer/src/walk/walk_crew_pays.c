// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include "walk/walk_crew_internal.h"

// Whether a crew is worth its turns: what is not plain is looked at twice, first by a worker who leaves it aside. So
// nearly all must be plain. A look at units all over the heap tells.

enum { UNITS = 256 };

static bool is_plain(crew_member *member, uintptr_t address) {
  const swift_object *object = (const swift_object *)address;
  crew_begin_reading(member, address);
  const void *metadata = object->metadata;
  const bool is_usual = (int64_t)object->references >= 0;
  crew_end_reading(member);
  const csizer_object_layout *layout = csizer_layout_map_find(&member->crew->walk->layouts->objects, metadata);
  return is_usual && layout && walk_is_plain(layout);
}

size_t csizer_crew_units(const csizer_heapmap *map) {
  size_t units = 0;
  for (size_t i = 0; (i = csizer_heapmap_next_leaf(map, i)) < HEAPMAP_LEAVES; i++) {
    const heapmap_leaf *leaf = heapmap_leaf_numbered(map, i);
    if (heapmap_first_unit(leaf) <= heapmap_last_unit(leaf))
      units += heapmap_last_unit(leaf) - heapmap_first_unit(leaf) + 1;
  }
  return units;
}

/// How many objects were looked at.
typedef struct looked_at {
  size_t all, plain;
} looked_at;

static void look_at_unit(crew_member *member, size_t index, size_t unit, looked_at *sums) {
  const heapmap_leaf *leaf = heapmap_leaf_numbered(member->crew->walk->map, index);
  heapmap_places living = {heapmap_unit_start(index, unit), heapmap_live_in(leaf, unit)};
  for (uintptr_t object; heapmap_next_place(&living, &object); sums->all++) sums->plain += is_plain(member, object);
}

bool csizer_crew_pays(walk_crew *crew) {
  enum { WORTH = 8 };  // of so many objects one may be left aside
  crew_member *member = crew->members;
  const csizer_heapmap *map = crew->walk->map;
  const size_t step = csizer_crew_units(map) / UNITS + 1;
  looked_at sums = {0};
  if (sigsetjmp(member->after_fault, 0)) {  // a heap with holes is not for a crew
    member->current = 0;
    return false;
  }
  for (size_t i = 0; (i = csizer_heapmap_next_leaf(map, i)) < HEAPMAP_LEAVES; i++) {
    const heapmap_leaf *leaf = heapmap_leaf_numbered(map, i);
    for (size_t unit = heapmap_first_unit(leaf); unit <= heapmap_last_unit(leaf); unit += step)
      look_at_unit(member, i, unit, &sums);
  }
  return sums.plain > sums.all - sums.all / WORTH;
}
