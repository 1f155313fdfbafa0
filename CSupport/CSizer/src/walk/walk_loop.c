// SPDX-License-Identifier: Apache-2.0
#include <string.h>

#include "walk/walk_internal.h"

// The loops that nearly all of a walk's time is spent in. Objects that are nothing but a mask of references are done
// here, all else goes to csizer_walk_scan. What the loops need of a layout, and the sums of its kind, are one cache
// line of a small table.
//
// Found objects wait in a queue, so that each one's memory has time to come. When more wait than the queue should hold,
// the walk sweeps: it goes over the heap map from low addresses to high and scans what is seen and not done. A sweep
// needs no queue and makes no decision at a reference but "set the bit seen"; the objects it reads lie in order, so
// that what remains random are the bits seen, 1/128 of the heap. That is why large heaps are walked faster than their
// pointers could be chased one by one.

enum {
  AHEAD = 24,  // objects between the fetch of one and its scan
  RING = 128,  // AHEAD and a unit's worth of objects
};
#define INLINE static inline __attribute__((always_inline))

// An address divided by 16 with its low bits moved to the top: one comparison tells whether it can be an object's at
// all.
INLINE uintptr_t grain_of(uintptr_t address) { return address >> 4 | address << 60; }
INLINE bool is_in_range(uintptr_t grain) {
  return grain - (WALK_FLOOR >> 4) < (WALK_CEILING >> 4) - (WALK_FLOOR >> 4);
}
INLINE heapmap_leaf *leaf_of(heapmap_leaf *const *leaves, uintptr_t grain) {
  return heapmap_leaf_of(leaves, grain >> (HEAPMAP_LEAF_SHIFT - 4));
}
INLINE size_t unit_of(uintptr_t grain) { return grain >> 6 & (HEAPMAP_UNITS - 1); }
INLINE uint64_t bit_of(uintptr_t grain) { return (uint64_t)1 << (grain & 63); }

INLINE void fetch(uintptr_t object) {
  __builtin_prefetch((const void *)object);
  __builtin_prefetch((const void *)(object + 31));  // small objects may straddle two lines
}

/// Counts an object; NULL when it is not one of the loops' plain ones, its page is new to the memo, or it is larger
/// than its kind.
INLINE walk_hot *count(csizer_walk *walk, const heapmap_leaf *leaf, uintptr_t address) {
  const swift_object *object = (const swift_object *)address;
  walk_hot *hot = &walk->hot[((uintptr_t)object->metadata >> 4) % WALK_HOT];
  size_t size = walk->memo.sizes[leaf->page_class[address >> HEAPMAP_PAGE_SHIFT & (HEAPMAP_PAGES - 1)]];
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

// ---- The queue ----

INLINE uint32_t meet_in_queue(csizer_walk *walk, heapmap_leaf *const *leaves, uint32_t tail, uintptr_t address) {
  uintptr_t grain = grain_of(address);
  if (!is_in_range(grain)) return tail;
  heapmap_leaf *leaf = leaf_of(leaves, grain);
  if (__builtin_expect(!leaf || !(heapmap_live(leaf, unit_of(grain)) & bit_of(grain)), 0)) {
    walk->tail = tail;
    csizer_walk_unlisted(walk, address);
    return walk->tail;
  }
  if (leaf->seen[unit_of(grain)] & bit_of(grain)) return tail;
  leaf->seen[unit_of(grain)] |= bit_of(grain);
  walk->queue[tail++ % WALK_QUEUE] = address;
  return tail;
}

// Until the queue is empty or so long that sweeping pays, or for a while.
static void run_queue(csizer_walk *walk) {
  enum { A_WHILE = 1 << 20 };
  heapmap_leaf *const *leaves = walk->map->leaves;
  uint32_t head = walk->head, tail = walk->tail, end = head + A_WHILE;
  while (head != tail && tail - head <= walk->sweep_at && head != end) {
    // Beyond the tail stand old addresses: fetching them is of no use and does no harm.
    fetch(walk->queue[(head + AHEAD) % WALK_QUEUE]);
    uintptr_t address = walk->queue[head++ % WALK_QUEUE];
    const walk_hot *hot = count(walk, heapmap_leaf_at(walk->map, address), address);
    if (__builtin_expect(!hot, 0)) {
      walk->head = head;
      walk->tail = tail;
      scan_other(walk, address);
      head = walk->head;
      tail = walk->tail;
      continue;
    }
    for (uint64_t words = hot->references; words; words &= words - 1)
      tail = meet_in_queue(walk, leaves, tail, ((const uintptr_t *)address)[__builtin_ctzll(words)]);
  }
  walk->head = head;
  walk->tail = tail;
  if (tail - head > walk->sweep_at) csizer_walk_begin_sweep(walk);
}

// ---- The sweep ----

INLINE void meet_in_sweep(csizer_walk *walk, heapmap_leaf *const *leaves, uintptr_t address, uintptr_t self) {
  uintptr_t grain = grain_of(address);
  // What is no address stands for the object itself, which is seen already: no branch that nobody could foresee.
  uintptr_t is_address = -(uintptr_t)is_in_range(grain);
  grain = (grain & is_address) | (self >> 4 & ~is_address);
  heapmap_leaf *leaf = leaf_of(leaves, grain);
  if (__builtin_expect(!leaf, 0)) {
    csizer_walk_unlisted(walk, address);
    return;
  }
  leaf->seen[unit_of(grain)] |= bit_of(grain);
  leaf->touched[unit_of(grain) >> HEAPMAP_STRETCH_SHIFT] = true;
}

INLINE void scan_in_sweep(csizer_walk *walk, heapmap_leaf *const *leaves, const heapmap_leaf *leaf, uintptr_t address) {
  const walk_hot *hot = count(walk, leaf, address);
  if (__builtin_expect(!hot, 0)) {
    scan_other(walk, address);
    return;
  }
  for (uint64_t words = hot->references; words; words &= words - 1)
    meet_in_sweep(walk, leaves, ((const uintptr_t *)address)[__builtin_ctzll(words)], address);
}

// References were believed without asking the census: what it does not know is looked at now, and seen only if it is an
// object.
static __attribute__((noinline)) uint64_t sort_out(csizer_walk *walk, heapmap_leaf *leaf, size_t unit, uintptr_t start,
                                                   uint64_t waiting) {
  uint64_t unknown = waiting & ~heapmap_live(leaf, unit);
  leaf->seen[unit] &= ~unknown;
  for (uint64_t bits = unknown; bits; bits &= bits - 1) {
    unsigned bit = (unsigned)__builtin_ctzll(bits);
    csizer_walk_unlisted(walk, start + ((uintptr_t)bit << 4));
  }
  // Forgetting the marks goes by the pages' bytes, and references may set the bits of what is no object again.
  uint8_t *page_class = heapmap_page_class(leaf, start);
  if (*page_class == PAGE_UNKNOWN) *page_class = PAGE_FOREIGN;
  return waiting & (heapmap_live(leaf, unit) | leaf->seen[unit]);
}

/// What waits in a unit; from now on it is done.
INLINE uint64_t take_unit(csizer_walk *walk, heapmap_leaf *leaf, size_t unit, uintptr_t start) {
  uint64_t waiting = leaf->seen[unit] & ~leaf->done[unit];
  if (!waiting) return 0;
  leaf->done[unit] |= waiting;
  if (__builtin_expect((waiting & ~heapmap_live(leaf, unit)) != 0, 0))
    return sort_out(walk, leaf, unit, start, waiting);
  return waiting;
}

static size_t sweep_leaf(csizer_walk *walk, size_t index) {
  heapmap_leaf *const *leaves = walk->map->leaves;
  heapmap_leaf *leaf = heapmap_leaf_of(leaves, index);
  uintptr_t ring[RING];
  size_t head = 0, tail = 0;
  for (size_t unit = heapmap_first_unit(leaf); unit <= heapmap_last_unit(leaf); unit++) {
    uintptr_t start = ((uintptr_t)index << HEAPMAP_LEAF_SHIFT) + ((uintptr_t)unit << HEAPMAP_UNIT_SHIFT);
    for (uint64_t bits = take_unit(walk, leaf, unit, start); bits; bits &= bits - 1) {
      uintptr_t object = start + ((uintptr_t)__builtin_ctzll(bits) << 4);
      fetch(object);
      ring[tail++ % RING] = object;
    }
    for (; tail > head + AHEAD; head++) scan_in_sweep(walk, leaves, leaf, ring[head % RING]);
  }
  for (; head < tail; head++) scan_in_sweep(walk, leaves, leaf, ring[head % RING]);
  if (walk->steps) (*walk->steps)++;
  return tail;
}

// Moves what waits to the queue; false when it does not all fit there.
static bool gather(csizer_walk *walk) {
  for (size_t i = 0; (i = csizer_heapmap_next_leaf(walk->map, i)) < HEAPMAP_LEAVES; i++) {
    heapmap_leaf *leaf = heapmap_leaf_of(walk->map->leaves, i);
    for (size_t unit = heapmap_first_unit(leaf); unit <= heapmap_last_unit(leaf); unit++) {
      if (walk->tail - walk->head > walk->sweep_at - 64) return false;
      uintptr_t start = ((uintptr_t)i << HEAPMAP_LEAF_SHIFT) + ((uintptr_t)unit << HEAPMAP_UNIT_SHIFT);
      for (uint64_t bits = take_unit(walk, leaf, unit, start); bits; bits &= bits - 1)
        walk->queue[walk->tail++ % WALK_QUEUE] = start + ((uintptr_t)__builtin_ctzll(bits) << 4);
    }
  }
  return true;
}

// Bits that were set outside of a leaf's range of units, where nothing lives by the census: what turns out to be an
// object waits in a wider range from now on. Whether there were any.
static bool take_strays(csizer_walk *walk, size_t index) {
  heapmap_leaf *leaf = heapmap_leaf_of(walk->map->leaves, index);
  bool found = false;
  for (size_t unit = 0; unit < HEAPMAP_UNITS; unit++) {
    if (!leaf->touched[unit >> HEAPMAP_STRETCH_SHIFT]) {
      unit |= (1 << HEAPMAP_STRETCH_SHIFT) - 1;
      continue;
    }
    uint64_t bits = heapmap_spans(leaf, unit) ? 0 : leaf->seen[unit];
    if (!bits) continue;
    leaf->seen[unit] = 0;
    found = true;
    uintptr_t start = ((uintptr_t)index << HEAPMAP_LEAF_SHIFT) + ((uintptr_t)unit << HEAPMAP_UNIT_SHIFT);
    for (; bits; bits &= bits - 1) csizer_walk_unlisted(walk, start + ((uintptr_t)__builtin_ctzll(bits) << 4));
  }
  memset(leaf->touched, 0, sizeof leaf->touched);
  return found;
}

static void sweep(csizer_walk *walk) {
  size_t scanned;
  do {
    scanned = 0;
    for (size_t i = 0; (i = csizer_heapmap_next_leaf(walk->map, i)) < HEAPMAP_LEAVES; i++)
      scanned += sweep_leaf(walk, i);
  } while (scanned > walk->sweep_at);
  bool waiting = scanned > 0;
  for (size_t i = 0; (i = csizer_heapmap_next_leaf(walk->map, i)) < HEAPMAP_LEAVES; i++)
    waiting |= take_strays(walk, i);
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
