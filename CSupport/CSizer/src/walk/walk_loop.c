// SPDX-License-Identifier: Apache-2.0
#include "walk/walk_internal.h"

// The loops that nearly all of a walk's time is spent in. Objects that are nothing but a mask of references are done
// here, all else goes to csizer_walk_scan. What the loops need of a layout, and the sums of its kind, are one cache
// line of a small table.
//
// Found objects wait in a queue, so that each one's memory has time to come. When more wait than the queue should hold,
// the walk sweeps: it goes over the heap map from low addresses to high and scans what is seen and not done. A sweep
// needs no queue and makes no decision at a reference but "set the bit seen"; the objects it reads lie in order, so
// that what remains random are the bits seen, 1/128 of the heap. The census, eight times as large, is asked only when
// an object's turn in the sweep comes, by when its byte has been fetched. That is why large heaps are walked faster
// than their pointers could be chased one by one.

enum {
  AHEAD = 24,  // objects between the fetch of one and its scan
  RING = 128,  // AHEAD and a unit's worth of objects
  // How far behind an object's start the last word may be that is fetched with it, where nothing is known of it: that
  // of 48 bytes. One cache line more is fetched for it, so that small objects may straddle two.
  REACH = 39,
};
#define INLINE static inline __attribute__((always_inline))

INLINE bool is_in_range(heapmap_grain grain) { return heapmap_grain_is_from(grain, WALK_FLOOR); }

/// The same by the size of the blocks in an address's page, up to that of 128 bytes.
INLINE size_t reach_in(const csizer_walk *walk, const heapmap_leaf *leaf, uintptr_t address) {
  const size_t size = pagememo_known_size(&walk->memo, leaf, address);
  return size > REACH + 9 && size <= 128 ? size - 9 : REACH;
}

INLINE void fetch(uintptr_t object, size_t reach) {
  __builtin_prefetch((const void *)object);
  __builtin_prefetch((const void *)(object + reach));
}

/// Counts an object; NULL when it is not one of the loops' plain ones, its page is new to the memo, or it is larger
/// than its kind.
INLINE walk_hot *count(csizer_walk *walk, const heapmap_leaf *leaf, uintptr_t address) {
  const swift_object *object = (const swift_object *)address;
  walk_hot *hot = &walk->hot[((uintptr_t)object->metadata >> 4) % WALK_HOT];
  size_t size = pagememo_known_size(&walk->memo, leaf, address);
  if (__builtin_expect(hot->metadata != object->metadata, 0)) return NULL;
  if (__builtin_expect((int64_t)object->references < 0 || size != hot->usable, 0)) return NULL;
  hot->count++;
  hot->bytes += size;
  return hot;
}

static __attribute__((noinline)) void scan_other(csizer_walk *walk, uintptr_t address) {
  csizer_walk_warm(walk, ((const swift_object *)address)->metadata);
  csizer_walk_scan(walk, address);
}

// References were believed without asking the census: what it does not know is looked at now, and seen only if it is an
// object. Whether it is.
static __attribute__((noinline)) bool is_after_all(csizer_walk *walk, heapmap_leaf *leaf, uintptr_t address) {
  heapmap_unsee(leaf, address);
  csizer_walk_unlisted(walk, address);
  // Forgetting the marks goes by the pages' bytes, and references may set the bits of what is no object again.
  pagememo_note_foreign(leaf, address);
  return heapmap_is_seen(leaf, address);
}

/// Whether what is seen at an address and waited is an object.
INLINE bool is_object(csizer_walk *walk, heapmap_leaf *leaf, uintptr_t address) {
  return __builtin_expect(heapmap_is_live(leaf, address), 1) || is_after_all(walk, leaf, address);
}

// ---- The queue ----

INLINE uint32_t meet_in_queue(csizer_walk *walk, const csizer_heapmap *map, uint32_t tail, uintptr_t address) {
  heapmap_grain grain = heapmap_grain_of(address);
  if (!is_in_range(grain)) return tail;
  heapmap_leaf *leaf = heapmap_leaf_of_grain(map, grain);
  heapmap_meeting meeting = __builtin_expect(leaf != NULL, 1) ? heapmap_meet(leaf, grain) : HEAPMAP_UNLISTED;
  if (__builtin_expect(meeting == HEAPMAP_UNLISTED, 0)) {
    walk->tail = tail;
    csizer_walk_unlisted(walk, address);
    return walk->tail;
  }
  if (meeting == HEAPMAP_SEEN_BEFORE) return tail;
  walk->queue[tail++ % WALK_QUEUE] = address;
  return tail;
}

// Until the queue is empty or so long that sweeping pays, or for a while.
static void run_queue(csizer_walk *walk) {
  enum { A_WHILE = 1 << 20 };
  const csizer_heapmap *map = walk->map;
  uint32_t head = walk->head, tail = walk->tail, end = head + A_WHILE;
  while (head != tail && tail - head <= walk->sweep_at && head != end) {
    // Beyond the tail stand old addresses: fetching them is of no use and does no harm.
    fetch(walk->queue[(head + AHEAD) % WALK_QUEUE], REACH);
    uintptr_t address = walk->queue[head++ % WALK_QUEUE];
    const walk_hot *hot = count(walk, heapmap_leaf_of_grain(map, heapmap_grain_of(address)), address);
    if (__builtin_expect(!hot, 0)) {
      walk->head = head;
      walk->tail = tail;
      scan_other(walk, address);
      head = walk->head;
      tail = walk->tail;
      continue;
    }
    for (uint64_t words = hot->references; words; words &= words - 1)
      tail = meet_in_queue(walk, map, tail, ((const uintptr_t *)address)[__builtin_ctzll(words)]);
  }
  walk->head = head;
  walk->tail = tail;
  if (tail - head > walk->sweep_at) csizer_walk_begin_sweep(walk);
}

// ---- The sweep ----

INLINE void meet_in_sweep(csizer_walk *walk, const csizer_heapmap *map, uintptr_t address, uintptr_t self) {
  heapmap_grain grain = heapmap_grain_of(address);
  // What is no address stands for the object itself, which is seen already: no branch that nobody could foresee.
  uintptr_t is_address = -(uintptr_t)is_in_range(grain);
  grain = (grain & is_address) | (self >> 4 & ~is_address);
  heapmap_leaf *leaf = heapmap_leaf_of_grain(map, grain);
  if (__builtin_expect(!leaf, 0)) {
    csizer_walk_unlisted(walk, address);
    return;
  }
  heapmap_believe(leaf, grain);
}

INLINE void scan_in_sweep(csizer_walk *walk, const csizer_heapmap *map, const heapmap_leaf *leaf, uintptr_t address) {
  const walk_hot *hot = count(walk, leaf, address);
  if (__builtin_expect(!hot, 0)) {
    scan_other(walk, address);
    return;
  }
  for (uint64_t words = hot->references; words; words &= words - 1)
    meet_in_sweep(walk, map, ((const uintptr_t *)address)[__builtin_ctzll(words)], address);
}

static size_t sweep_leaf(csizer_walk *walk, size_t index) {
  const csizer_heapmap *map = walk->map;
  heapmap_leaf *leaf = heapmap_leaf_numbered(map, index);
  uintptr_t ring[RING];
  size_t head = 0, tail = 0;
  for (size_t unit = heapmap_first_unit(leaf); unit <= heapmap_last_unit(leaf); unit++) {
    if (!heapmap_waits(leaf, unit)) continue;
    const uintptr_t start = heapmap_unit_start(index, unit);
    const size_t reach = reach_in(walk, leaf, start);
    heapmap_places waiting = heapmap_take_waiting(leaf, unit, start);
    for (uintptr_t object; heapmap_next_place(&waiting, &object);) {
      fetch(object, reach);
      heapmap_fetch_live(leaf, object);
      ring[tail++ % RING] = object;
    }
    for (; tail > head + AHEAD; head++)
      if (is_object(walk, leaf, ring[head % RING])) scan_in_sweep(walk, map, leaf, ring[head % RING]);
  }
  for (; head < tail; head++)
    if (is_object(walk, leaf, ring[head % RING])) scan_in_sweep(walk, map, leaf, ring[head % RING]);
  if (walk->steps) (*walk->steps)++;
  return tail;
}

// Moves what waits to the queue; false when it does not all fit there.
static bool gather(csizer_walk *walk) {
  for (size_t i = 0; (i = csizer_heapmap_next_leaf(walk->map, i)) < HEAPMAP_LEAVES; i++) {
    heapmap_leaf *leaf = heapmap_leaf_numbered(walk->map, i);
    for (size_t unit = heapmap_first_unit(leaf); unit <= heapmap_last_unit(leaf); unit++) {
      if (walk->tail - walk->head > walk->sweep_at - 64) return false;
      heapmap_places waiting = heapmap_take_waiting(leaf, unit, heapmap_unit_start(i, unit));
      for (uintptr_t object; heapmap_next_place(&waiting, &object);)
        if (is_object(walk, leaf, object)) walk->queue[walk->tail++ % WALK_QUEUE] = object;
    }
  }
  return true;
}

// What was believed to be seen where nothing lives by the census: what turns out to be an object waits in a wider range
// from now on.
static void meet_stray(void *walk, uintptr_t address) { csizer_walk_unlisted(walk, address); }

static void sweep(csizer_walk *walk) {
  size_t scanned;
  do {
    scanned = 0;
    for (size_t i = 0; (i = csizer_heapmap_next_leaf(walk->map, i)) < HEAPMAP_LEAVES; i++)
      scanned += sweep_leaf(walk, i);
  } while (scanned > walk->sweep_at);
  bool waiting = scanned > 0;
  for (size_t i = 0; (i = csizer_heapmap_next_leaf(walk->map, i)) < HEAPMAP_LEAVES; i++)
    waiting |= csizer_heapmap_take_strays(walk->map, i, meet_stray, walk);
  // Still sweeping: what is found while gathering is found by its bit, not pushed a second time.
  if (waiting && !gather(walk)) {
    csizer_walk_resume_sweep(walk);
    return;
  }
  walk->sweeping = false;
  walk->limit = WALK_QUEUE;
}

void csizer_walk_drain(csizer_walk *walk) {
  while (walk->sweeping || walk->head != walk->tail || walk->value_count) {
    if (walk->sweeping) sweep(walk);
    else if (walk->head != walk->tail) run_queue(walk);
    else csizer_walk_drain_values(walk);
    if (walk->steps) (*walk->steps)++;
  }
  csizer_walk_cool(walk);
}
