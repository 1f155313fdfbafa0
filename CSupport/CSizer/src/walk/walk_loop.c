// SPDX-License-Identifier: Apache-2.0
#include "walk/walk_crew.h"

// The loops that nearly all of a walk's time is spent in. Objects that are nothing but a mask of references are done
// here, all else goes to csizer_walk_scan. What the loops need of a layout, and the sums of its kind, are one cache
// line of a small table.
//
// Found objects wait in a queue (walk_wait.c), so that each one's memory has time to come. When more wait than it
// holds, the walk sweeps: it goes over the heap map from low addresses to high and scans what is seen and not done. A
// sweep needs no queue and makes no decision at a reference but "set the bit seen"; the objects it reads lie in order,
// so that what remains random are the bits seen, 1/128 of the heap, whose words are fetched some references ahead. The
// census, eight times as large, is asked only when an object's turn in the sweep comes, by when its byte has been
// fetched. That is why large heaps are walked faster than their pointers could be chased one by one.

enum {
  AHEAD = 24,  // objects between the fetch of one and its scan
  LOOKS = 32,  // references between the fetch of a word of the map and its change
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
  if (__builtin_expect((object->references & WALK_UNUSUAL) || size != hot->usable, 0)) return NULL;
  hot->count++;
  return hot;
}

static __attribute__((noinline)) void scan_other(csizer_walk *walk, uintptr_t address) {
  csizer_walk_warm(walk, ((const swift_object *)address)->metadata);
  csizer_walk_scan(walk, address);
  csizer_walk_drain_values(walk);  // of a whole heap they would be many
}

/// Whether what is seen at an address and waited is an object.
INLINE bool is_object(csizer_walk *walk, heapmap_leaf *leaf, uintptr_t address) {
  return __builtin_expect(heapmap_is_live(leaf, address), 1) || csizer_walk_is_after_all(walk, leaf, address);
}

// ---- The sweep ----

/// The last references, which wait while their words of the map come; and how many there were in all.
typedef struct looks {
  heapmap_grain grains[LOOKS];
  size_t count;
} looks;

INLINE void believe(const csizer_heapmap *map, heapmap_grain grain) {
  heapmap_believe(heapmap_leaf_of_grain(map, grain), grain);
}

/// What is no address is skipped.
INLINE void meet_foreseen(csizer_walk *walk, uintptr_t address) {
  const heapmap_grain grain = heapmap_grain_of(address);
  if (!is_in_range(grain)) return;
  heapmap_leaf *leaf = heapmap_leaf_of_grain(walk->map, grain);
  if (__builtin_expect(leaf != NULL, 1)) heapmap_believe(leaf, grain);
  else csizer_walk_unlisted(walk, address);
}

/// What is no address stands for the object itself, which is seen already.
INLINE void meet_any(csizer_walk *walk, looks *looks, uintptr_t address, uintptr_t self) {
  const heapmap_grain grain = heapmap_grain_or(heapmap_grain_of(address), WALK_FLOOR, self >> 4);
  const heapmap_leaf *leaf = heapmap_leaf_of_grain(walk->map, grain);
  if (__builtin_expect(!leaf, 0)) {
    csizer_walk_unlisted(walk, address);
    return;
  }
  heapmap_fetch_seen(leaf, grain);
  const size_t place = looks->count++;
  if (place >= LOOKS) believe(walk->map, looks->grains[place % LOOKS]);
  looks->grains[place % LOOKS] = grain;
}

/// Where all that lives is seen before, that is enough to know.
INLINE void meet_unseen(csizer_walk *walk, uintptr_t address, uintptr_t self) {
  const heapmap_grain grain = heapmap_grain_or(heapmap_grain_of(address), WALK_FLOOR, self >> 4);
  const heapmap_leaf *leaf = heapmap_leaf_of_grain(walk->map, grain);
  if (__builtin_expect(!leaf || !heapmap_seems_seen(leaf, grain), 0)) meet_foreseen(walk, address);
}

INLINE void believe_all(const csizer_heapmap *map, const looks *looks) {
  for (size_t i = 0; i < LOOKS && i < looks->count; i++) believe(map, looks->grains[i]);
}

// Where objects lie in the order of their references, and where one has many, of which mostly all or none lead
// somewhere, the processor foresees which words are no addresses. Elsewhere it is cheaper to mark something for each.
INLINE void scan_in_sweep(csizer_walk *walk, looks *looks, const heapmap_leaf *leaf, uintptr_t address) {
  const walk_hot *hot = count(walk, leaf, address);
  if (__builtin_expect(!hot, 0)) {
    scan_other(walk, address);
    return;
  }
  const uintptr_t *object = (const uintptr_t *)address;
  if (walk->meets_dead)
    for (uint64_t words = hot->references; words; words &= words - 1)
      meet_unseen(walk, object[__builtin_ctzll(words)], address);
  else if (walk->is_near || hot->has_many)
    for (uint64_t words = hot->references; words; words &= words - 1)
      meet_foreseen(walk, object[__builtin_ctzll(words)]);
  else
    for (uint64_t words = hot->references; words; words &= words - 1)
      meet_any(walk, looks, object[__builtin_ctzll(words)], address);
}

// An object is behind before it is read: one that faults is not read twice. Relaxed, as the tail below: read by this
// thread alone, behind a fault.
INLINE size_t scan_ring(csizer_walk *walk, looks *looks, heapmap_leaf *leaf, size_t head, size_t end) {
  while (head < end) {
    const uintptr_t address = walk->ring[head++ % WALK_RING];
    __atomic_store_n(&walk->ring_head, head, __ATOMIC_RELAXED);
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    if (is_object(walk, leaf, address)) scan_in_sweep(walk, looks, leaf, address);
  }
  return head;
}

static size_t sweep_leaf(csizer_walk *walk, size_t index) {
  heapmap_leaf *leaf = heapmap_leaf_numbered(walk->map, index);
  uintptr_t *const ring = walk->ring;
  size_t head = 0, tail = 0;
  looks looks;
  looks.count = 0;
  walk->ring_head = walk->ring_tail = 0;
  for (size_t unit = heapmap_first_unit(leaf); unit <= heapmap_last_unit(leaf); unit++) {
    if (!heapmap_waits(leaf, unit)) continue;
    const uintptr_t start = heapmap_unit_start(index, unit);
    const size_t reach = reach_in(walk, leaf, start);
    heapmap_places waiting = heapmap_take_waiting(leaf, unit, start);
    for (uintptr_t object; heapmap_next_place(&waiting, &object);) {
      fetch(object, reach);
      heapmap_fetch_live(leaf, object);
      ring[tail++ % WALK_RING] = object;
    }
    __atomic_store_n(&walk->ring_tail, tail, __ATOMIC_RELAXED);
    if (tail > head + AHEAD) head = scan_ring(walk, &looks, leaf, head, tail - AHEAD);
  }
  scan_ring(walk, &looks, leaf, head, tail);
  believe_all(walk->map, &looks);
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

static size_t pass(csizer_walk *walk) {
  size_t scanned = 0;
  csizer_walk_believe_ranges(walk);
  for (size_t i = 0; (i = csizer_heapmap_next_leaf(walk->map, i)) < HEAPMAP_LEAVES; i++) scanned += sweep_leaf(walk, i);
  return scanned;
}

// Over the map, until so little waits that the queue is quicker. How many objects the last pass has scanned.
static size_t make_passes(csizer_walk *walk) {
  size_t scanned;
  walk_crew *const crew = walk->crew;
  // What lies in the order of its references is one stretch after the other: no more than one worker has work.
  do scanned = csizer_crew_works(crew) && !walk->is_near ? csizer_crew_pass(crew) : pass(walk);
  while (scanned > walk->sweep_at || walk->range_count);
  if (crew) csizer_crew_end_passes(crew);
  return scanned;
}

static void sweep(csizer_walk *walk) {
  const size_t scanned = make_passes(walk);
  bool waiting = scanned > 0 || walk->crew;  // which has met some after its last turn
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
  while (walk->sweeping || walk_has_waiting(walk) || walk->value_count) {
    if (walk->sweeping) sweep(walk);
    else if (walk_has_waiting(walk)) csizer_walk_run_queue(walk);
    else csizer_walk_drain_values(walk);
    if (walk->steps) (*walk->steps)++;
  }
  csizer_walk_cool(walk);
}
