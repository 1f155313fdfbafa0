// SPDX-License-Identifier: Apache-2.0
#include "walk/walk_internal.h"

// Where found objects wait: in the queue, for a sweep, for their level, or for who collects.

bool csizer_walk_are_near(const uintptr_t *words, size_t count) {
  enum { SAMPLES = 32, NEAR = 64 * 1024 };
  unsigned near = 0;
  if (count < 2) return false;
  for (size_t i = 0; i < SAMPLES; i++) {
    const uintptr_t *pair = words + (count - 2) * i / SAMPLES;
    near += pair[1] - pair[0] + NEAR < 2 * NEAR;
  }
  return near > SAMPLES / 2;
}

// Whether what waits lies near what waits before it; of a queue that goes round, by the longer part.
static bool is_near(const csizer_walk *walk) {
  const uint32_t first = walk->head % WALK_QUEUE, waiting = walk->tail - walk->head;
  const uint32_t before = WALK_QUEUE - first < waiting ? WALK_QUEUE - first : waiting;
  return before > waiting / 2 ? csizer_walk_are_near(&walk->queue[first], before)
                              : csizer_walk_are_near(walk->queue, waiting - before);
}

// What waits in the queue waits for the sweep from now on.
void csizer_walk_resume_sweep(csizer_walk *walk) {
  for (; walk->head != walk->tail; walk->head++) {
    uintptr_t address = walk->queue[walk->head % WALK_QUEUE];
    heapmap_clear_done(heapmap_leaf_at(walk->map, address), address);
  }
  walk->sweeping = true;
  walk->limit = 0;
}

void csizer_walk_begin_sweep(csizer_walk *walk) {
  walk->is_near = is_near(walk);
  csizer_heapmap_begin_sweep(walk->map);  // all that is seen is done, but for what waits in the queue
  csizer_walk_resume_sweep(walk);
}

// The queue is full or closed. A sweep finds the object by its bit; with a depth limit it waits for its level; while
// collecting it is what was asked for.
void csizer_walk_overflow(csizer_walk *walk, uintptr_t object) {
  if (walk->sweeping) return;
  heapmap_leaf *leaf = heapmap_leaf_at(walk->map, object);
  if (walk->limit) {
    csizer_walk_begin_sweep(walk);
    heapmap_clear_done(leaf, object);
    return;
  }
  if (walk->at_bottom) {
    heapmap_unsee(leaf, object);
    walk->totals.cut = true;
    return;
  }
  // It may never be scanned, when memory runs out or nobody follows what was collected: forgetting marks finds it by
  // this.
  pagememo_note_touched(leaf, object);
  if (!csizer_walk_make_room(walk, &walk->next, &walk->next_capacity, walk->next_count, sizeof *walk->next)) return;
  walk->next[walk->next_count++] = object;
}
