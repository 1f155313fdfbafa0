// SPDX-License-Identifier: Apache-2.0
#include "walk/walk_internal.h"

// What waits in the queue, and in arrays behind it, is walked here. Objects that are nothing but a mask of references
// are done by the loop itself, all else goes to csizer_walk_scan. First come, first served: an object's memory has the
// time to come that the AHEAD before it take, and no store has to be waited for to know which is next. A stack instead,
// whose objects pass through a ring, takes a fifth longer in caches, for that reason.
//
// A reference that leads to something seen or to something new, who knows, costs more than all else when the processor
// guesses wrong. So the walk counts how often they lead to what was seen, and where that is often makes no decision at
// all: each reference is written behind the queue's end, which moves if it was new.

enum {
  AHEAD = 24,             // objects between the fetch of one and its scan
  A_PART = 256,           // elements of an array that leave it together,
  LEAST = 2 * AHEAD,      // when no more than so many objects wait
  A_LOOK = 512,           // objects that show where references lead
  A_WHILE = 16 * A_LOOK,  // objects until that is looked at again
  OFTEN = 8,              // is one reference that leads to what was seen, for so many objects
  REACH = 39,             // of the last word of 48 bytes: small objects may straddle two lines
};
#define INLINE static inline __attribute__((always_inline))

// Where the queue begins is told, too: by that it is seen how full it is.
static __attribute__((noinline)) uint32_t meet_unlisted(csizer_walk *walk, uint32_t head, uint32_t tail,
                                                        uintptr_t address) {
  walk->head = head;
  walk->tail = tail;
  csizer_walk_unlisted(walk, address);
  return walk->tail;
}

// Both meet a word that may be a reference, and answer where the queue ends from then on.

INLINE uint32_t meet_foreseen(csizer_walk *walk, uint32_t head, uint32_t tail, uintptr_t address,
                              uint32_t *seen_before) {
  const heapmap_grain grain = heapmap_grain_of(address);
  if (!heapmap_grain_is_from(grain, WALK_FLOOR)) return tail;
  heapmap_leaf *leaf = heapmap_leaf_of_grain(walk->map, grain);
  const heapmap_meeting meeting = __builtin_expect(leaf != NULL, 1) ? heapmap_meet(leaf, grain) : HEAPMAP_UNLISTED;
  if (__builtin_expect(meeting == HEAPMAP_UNLISTED, 0)) return meet_unlisted(walk, head, tail, address);
  if (meeting == HEAPMAP_SEEN_BEFORE) {
    ++*seen_before;
    return tail;
  }
  walk->queue[tail++ % WALK_QUEUE] = address;
  return tail;
}

INLINE uint32_t meet_any(csizer_walk *walk, uint32_t head, uint32_t tail, uintptr_t address, uintptr_t self) {
  // What is no address stands for the object itself, which is seen.
  const heapmap_grain grain = heapmap_grain_or(heapmap_grain_of(address), WALK_FLOOR, self >> 4);
  heapmap_leaf *leaf = heapmap_leaf_of_grain(walk->map, grain);
  if (__builtin_expect(!leaf, 0)) return meet_unlisted(walk, head, tail, address);
  if (__builtin_expect(!heapmap_is_live(leaf, grain << 4), 0))
    return heapmap_is_seen(leaf, grain << 4) ? tail : meet_unlisted(walk, head, tail, address);
  walk->queue[tail % WALK_QUEUE] = address;
  return tail + heapmap_meet_live(leaf, grain);
}

/// Counts an object; NULL when it is not one of the loop's plain ones, its page is new to the memo, or it is larger
/// than its kind.
INLINE const walk_hot *count(csizer_walk *walk, uintptr_t address) {
  const swift_object *object = (const swift_object *)address;
  const heapmap_leaf *leaf = heapmap_leaf_of_grain(walk->map, heapmap_grain_of(address));
  walk_hot *hot = &walk->hot[((uintptr_t)object->metadata >> 4) % WALK_HOT];
  const size_t size = pagememo_known_size(&walk->memo, leaf, address);
  if (__builtin_expect(hot->metadata != object->metadata, 0)) return NULL;
  if (__builtin_expect((object->references & WALK_UNUSUAL) || size != hot->usable, 0)) return NULL;
  hot->count++;
  return hot;
}

/// What the loop has in registers, for whoever finds the walk left by a fault, in this thread: relaxed; and the last
/// word that it is going to follow is read before any.
INLINE void keep_place(csizer_walk *walk, uint32_t head, uint32_t tail) {
  __atomic_store_n(&walk->head, head, __ATOMIC_RELAXED);
  __atomic_store_n(&walk->tail, tail, __ATOMIC_RELAXED);
  __atomic_signal_fence(__ATOMIC_SEQ_CST);
}
INLINE void touch(const walk_hot *hot, uintptr_t address) {
  if (hot->references) (void)*((const volatile uintptr_t *)address + (63 - __builtin_clzll(hot->references)));
}

/// Walks so many objects at most, while more than `least` and no more than `most` wait. How many references led to what
/// was seen, if that is counted: where each is foreseen.
INLINE uint32_t run_so(csizer_walk *walk, uint32_t least, uint32_t most, uint32_t objects, bool is_foreseen,
                       bool keeps_place) {
  uint32_t head = walk->head, tail = walk->tail, seen_before = 0;
  const uint32_t end = head + objects;
  while (tail - head - least - 1 < most - least && head != end) {
    // Beyond the tail stand old addresses: fetching them is of no use and does no harm.
    const uintptr_t soon = walk->queue[(head + AHEAD) % WALK_QUEUE];
    __builtin_prefetch((const void *)soon);
    __builtin_prefetch((const void *)(soon + REACH));
    const uintptr_t address = walk->queue[head++ % WALK_QUEUE];
    if (keeps_place) keep_place(walk, head, tail);
    const walk_hot *hot = count(walk, address);
    if (__builtin_expect(!hot, 0)) {
      walk->head = head;
      walk->tail = tail;
      csizer_walk_warm(walk, ((const swift_object *)address)->metadata);
      csizer_walk_scan(walk, address);
      head = walk->head;
      tail = walk->tail;
      if (__builtin_expect(walk->sweeping, 0)) break;  // the queue is closed
      continue;
    }
    if (keeps_place) touch(hot, address);
    for (uint64_t words = hot->references; words; words &= words - 1) {
      const uintptr_t word = ((const uintptr_t *)address)[__builtin_ctzll(words)];
      tail = is_foreseen ? meet_foreseen(walk, head, tail, word, &seen_before)
                         : meet_any(walk, head, tail, word, address);
    }
  }
  walk->head = head;
  walk->tail = tail;
  return seen_before;
}

INLINE uint32_t run(csizer_walk *walk, uint32_t least, uint32_t most, uint32_t objects, bool is_foreseen) {
  return walk->keeps_place ? run_so(walk, least, most, objects, is_foreseen, true)
                           : run_so(walk, least, most, objects, is_foreseen, false);
}

// What the last objects have shown decides how the next are walked.
static void walk_some(csizer_walk *walk, uint32_t least, uint32_t most) {
  const uint32_t head = walk->head;
  if (walk->unforeseen) {
    run(walk, least, most, walk->unforeseen, false);
    const uint32_t walked = walk->head - head;
    walk->unforeseen = walked < walk->unforeseen ? walk->unforeseen - walked : 0;
    return;
  }
  walk->seen_before += run(walk, least, most, A_LOOK, true);
  walk->looked_at += walk->head - head;
  if (walk->looked_at < A_LOOK) return;
  if (walk->seen_before > walk->looked_at / OFTEN) walk->unforeseen = A_WHILE;
  walk->looked_at = walk->seen_before = 0;
}

static void take_elements(csizer_walk *walk) {
  const walk_range part = csizer_walk_next_part(walk, A_PART);  // in two pages at most
  if (walk->keeps_place) {
    (void)*(const volatile uintptr_t *)part.words;
    (void)*(const volatile uintptr_t *)&part.words[part.count - 1];
  }
  uint32_t tail = walk->tail, seen_before = 0;
  for (size_t i = 0; i < part.count; i++) tail = meet_foreseen(walk, walk->head, tail, part.words[i], &seen_before);
  walk->tail = tail;
}

void csizer_walk_run_queue(csizer_walk *walk) {
  if (walk->range_count && walk->tail - walk->head <= LEAST) take_elements(walk);
  const uint32_t most = walk->sweep_at < WALK_MOST_WAITING ? walk->sweep_at : WALK_MOST_WAITING;
  walk_some(walk, walk->range_count ? LEAST : 0, most);
  if (walk->sweeping || walk->tail - walk->head <= most) return;
  csizer_walk_begin_sweep(walk);
}
