// SPDX-License-Identifier: Apache-2.0
#include "walk/walk_crew.h"

// What becomes of a walk that a fault has left in the middle of anything. Where it was is in memory whenever it reads
// an object: in the ring of a sweep, in the lists of a crew, and in the queue if the walk keeps its place there. What
// was being read is behind; nothing else is lost.

static void put_back(csizer_walk *walk) {
  csizer_walk_cool(walk);
  if (walk->crew) csizer_crew_put_back(walk->crew);
  for (; walk->ring_head < walk->ring_tail; walk->ring_head++) {
    const uintptr_t address = walk->ring[walk->ring_head % WALK_RING];
    if (!(address & WALK_CLAIMED)) heapmap_clear_done(heapmap_leaf_at(walk->map, address), address);
  }
}

// What waits in the queue waits for a sweep; arrays, values and doubts go on waiting where they are.
void csizer_walk_go_on(csizer_walk *walk) {
  put_back(walk);
  if (!walk->sweeping) csizer_walk_begin_sweep(walk);
}

static void forget(void *walk, uintptr_t address) { (void)walk, (void)address; }

static void unsee(csizer_walk *walk, uintptr_t address) { heapmap_unsee(heapmap_leaf_at(walk->map, address), address); }

// What the loops have counted and not added yet belongs to what is given up, too: it must not be added to what comes
// next.
void csizer_walk_give_up(csizer_walk *walk) {
  put_back(walk);
  if (walk->crew) csizer_crew_forget(walk->crew);
  if (walk->sweeping) csizer_heapmap_unsee_waiting(walk->map);
  for (size_t i = 0; walk->sweeping && (i = csizer_heapmap_next_leaf(walk->map, i)) < HEAPMAP_LEAVES; i++)
    csizer_heapmap_take_strays(walk->map, i, forget, NULL);
  for (; walk->head != walk->tail; walk->head++) unsee(walk, walk->queue[walk->head % WALK_QUEUE]);
  for (; walk->next_count; walk->next_count--) unsee(walk, walk->next[walk->next_count - 1]);
  walk->range_count = 0;
  walk->value_count = 0;
  csizer_walk_drop_guesses(walk);
  walk->sweeping = false;
  walk->limit = WALK_QUEUE;
}
