// SPDX-License-Identifier: Apache-2.0
#include "walk/walk_internal.h"

// Where found objects wait: in the queue, for a sweep, for their level, or for who collects.

// What waits in the queue waits for the sweep from now on.
void csizer_walk_resume_sweep(csizer_walk *walk) {
  for (; walk->head != walk->tail; walk->head++) {
    uintptr_t address = walk->queue[walk->head % WALK_QUEUE];
    heapmap_leaf_at(walk->map, address)->done[heapmap_unit_index(address)] &= ~heapmap_bit(address);
  }
  walk->sweeping = true;
  walk->limit = 0;
}

void csizer_walk_begin_sweep(csizer_walk *walk) {
  for (size_t i = 0; (i = csizer_heapmap_next_leaf(walk->map, i)) < HEAPMAP_LEAVES; i++) {
    heapmap_leaf *leaf = heapmap_leaf_of(walk->map->leaves, i);
    // All that is seen is done, but for what waits in the queue.
    for (size_t unit = heapmap_first_unit(leaf); unit <= heapmap_last_unit(leaf); unit++)
      if (leaf->done[unit] != leaf->seen[unit]) leaf->done[unit] = leaf->seen[unit];
  }
  csizer_walk_resume_sweep(walk);
}

// The queue is full or closed. A sweep finds the object by its bit; with a depth limit it waits for its level; while
// collecting it is what was asked for.
void csizer_walk_overflow(csizer_walk *walk, uintptr_t object) {
  if (walk->sweeping) return;
  heapmap_leaf *leaf = heapmap_leaf_at(walk->map, object);
  if (walk->limit) {
    csizer_walk_begin_sweep(walk);
    leaf->done[heapmap_unit_index(object)] &= ~heapmap_bit(object);
    return;
  }
  if (walk->at_bottom) {
    leaf->seen[heapmap_unit_index(object)] &= ~heapmap_bit(object);
    walk->totals.cut = true;
    return;
  }
  // It may never be scanned, when memory runs out or nobody follows what was collected: forgetting marks finds it by
  // this.
  uint8_t *page_class = heapmap_page_class(leaf, object);
  if (*page_class == PAGE_UNKNOWN) *page_class = PAGE_MIXED;
  if (!csizer_walk_make_room(walk, &walk->next, &walk->next_capacity, walk->next_count, sizeof *walk->next)) return;
  walk->next[walk->next_count++] = object;
}
