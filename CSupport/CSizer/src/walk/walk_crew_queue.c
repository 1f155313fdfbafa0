// SPDX-License-Identifier: Apache-2.0
#include "walk/walk_crew_internal.h"

// Passes over the map for a few objects each are dear: a long list would need as many as it has nodes. The first worker
// follows them alone then.

// Moves what waits to the queue; false when it does not all fit there.
bool csizer_crew_gather(csizer_walk *walk) {
  for (size_t i = 0; (i = csizer_heapmap_next_leaf(walk->map, i)) < HEAPMAP_LEAVES; i++) {
    heapmap_leaf *leaf = heapmap_leaf_numbered(walk->map, i);
    for (size_t unit = heapmap_first_unit(leaf); unit <= heapmap_last_unit(leaf); unit++) {
      if (!heapmap_waits(leaf, unit)) continue;
      if (walk->tail - walk->head > walk->sweep_at - 64) return false;
      heapmap_places waiting = heapmap_take_waiting(leaf, unit, heapmap_unit_start(i, unit));
      for (uintptr_t object; heapmap_next_place(&waiting, &object);) walk->queue[walk->tail++ % WALK_QUEUE] = object;
    }
  }
  return true;
}

// What the census does not know is asked for when its turn comes, unless it is where no sweep comes: then it is a
// stray.
static void believe_aside(crew_member *member, heapmap_leaf *leaf, heapmap_grain grain) {
  heapmap_believe(leaf, grain);
  if (heapmap_spans(leaf, heapmap_unit_of_grain(grain))) csizer_crew_leave_aside(member, leaf, grain << 4);
}

static bool meet_in_queue(crew_member *member, uintptr_t address) {
  csizer_walk *walk = member->crew->walk;
  heapmap_grain grain = heapmap_grain_of(address);
  if (!plain_is_in_range(grain)) return true;
  heapmap_leaf *leaf = heapmap_leaf_of_grain(walk->map, grain);
  if (!leaf) return false;
  switch (heapmap_meet(leaf, grain)) {
    case HEAPMAP_SEEN_BEFORE: break;
    case HEAPMAP_SEEN_NOW: walk->queue[walk->tail++ % WALK_QUEUE] = address; break;
    case HEAPMAP_UNLISTED: believe_aside(member, leaf, grain); break;
  }
  return true;
}

static void scan_in_queue(crew_member *member, uintptr_t address) {
  csizer_walk *walk = member->crew->walk;
  heapmap_leaf *leaf = heapmap_leaf_at(walk->map, address);
  walk_hot *hot = NULL;
  bool is_whole = heapmap_is_live(leaf, address);
  if (is_whole && !(((const swift_object *)address)->references & crew_unusual(member->crew)))
    hot = plain_of(walk, &member->hot, leaf, address);
  if (is_whole && !hot) hot = csizer_crew_get_to_know(member, leaf, address);
  if (!hot) {
    csizer_crew_leave_aside(member, leaf, address);
    return;
  }
  for (uint64_t words = hot->references; words; words &= words - 1)
    is_whole &= meet_in_queue(member, ((const uintptr_t *)address)[__builtin_ctzll(words)]);
  if (is_whole) plain_add(hot);
  else csizer_crew_leave_aside(member, leaf, address);
}

// False when so many wait that passes over the map are quicker.
bool csizer_crew_run_queue(walk_crew *crew) {
  enum { A_WHILE = 1 << 16 };
  csizer_walk *walk = crew->walk;
  crew_member *member = &crew->members[0];
  while (walk->head != walk->tail && walk->tail - walk->head <= walk->sweep_at) {
    plain_fetch(walk->queue[(walk->head + PLAIN_AHEAD) % WALK_QUEUE], PLAIN_REACH);
    scan_in_queue(member, walk->queue[walk->head++ % WALK_QUEUE]);
    if (walk->head % A_WHILE == 0 && walk->steps) (*walk->steps)++;
  }
  csizer_walk_cool(walk, &member->hot);
  crew->has_aside |= member->has_aside;
  member->has_aside = false;
  const bool is_empty = walk->head == walk->tail;
  csizer_walk_begin_sweep(walk);  // what it has followed is done
  return is_empty;
}
