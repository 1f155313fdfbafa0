// SPDX-License-Identifier: Apache-2.0
#ifndef CSIZER_WALK_CREW_INTERNAL_H
#define CSIZER_WALK_CREW_INTERNAL_H
#include "census/heapmap_crew.h"
#include "walk/walk_crew.h"
#include "walk/walk_crew_gate.h"

// What the parts of a crew share: walk_crew.h.

enum {
  CREW_REFERENCES = 64,  // of a plain object, at most
  CREW_AHEAD = 24,       // objects between the fetch of one and its scan
  CREW_BATCH = 64,       // objects that are scanned at one go
  CREW_RING = 256,       // what is ahead, a batch and a unit's worth of objects
  CREW_MOST_FOUND = CREW_RING * CREW_REFERENCES,
  CREW_SOME = 512,  // elements of an array at one go
  CREW_LOG = 1 << 16,    // places in a log
  CREW_ASIDE = 1 << 15,  // objects that a job may leave aside in a turn
  CREW_STRANGERS = 2 * CREW_LOG,
  CREW_OTHERS = 64,
  CREW_LEAST = 4096,  // objects that wait when a sweep begins: fewer than for one worker,
  CREW_UNITS = 8,     // and one for so many units, which all have to be gone over
};
_Static_assert(CREW_AHEAD + CREW_BATCH + 64 <= CREW_RING, "a unit's objects fit beside those that were fetched before");
#define CREW_INLINE static inline __attribute__((always_inline))

/// What a worker has counted of a kind in the turn under way.
typedef struct crew_sum {
  size_t count, bytes, requested;
} crew_sum;

/// One job of each turn, and what belongs to it between turns: whoever does the job in a turn has all of this for its
/// own meanwhile. Where he is stands here, not in registers, when he reads an object: so a fault finds out what to
/// leave aside, and goes on behind it.
typedef struct crew_member {
  walk_hot hot[WALK_HOT];
  unsigned warm[WALK_HOT];  // which of them are in use
  unsigned warm_count;
  crew_sum *sums;  // by kind
  const void *others[CREW_OTHERS];  // kinds that are known not to be plain, by hash
  uintptr_t ring[CREW_RING];
  size_t head, tail;  // of the ring
  /// Places that the objects of the batch lead to in the job's own part, and in the other's: these are the log of this
  /// turn. By part.
  heapmap_grain *found[HEAPMAP_PARTS];
  size_t found_count[HEAPMAP_PARTS];
  heapmap_grain own[CREW_MOST_FOUND];
  /// The object that is being read; 0: none.
  uintptr_t current;
  heapmap_stretch stretch;  // where it goes on; zeros: from the start
  unsigned part;
  /// Places of the other's part that it has found, in this turn and in the one before.
  heapmap_grain *logs[2];
  size_t logged[2];
  /// What it leaves aside in this turn: objects, and references to where the map knows nothing.
  uintptr_t *aside, *strangers;
  size_t aside_count, stranger_count;
  size_t aside_done;  // when the turn is over: that many were scanned, or are being scanned
  heapmap_grain last_strangers[CREW_OTHERS];  // by hash: most are met again and again
  struct walk_crew *crew;
  size_t scanned;  // in the turn under way
  bool is_from_start;  // that turn began at the start of the part
  bool has_lock, has_strangers;  // the latter: among the elements of arrays
  int thread;  // whose the job is, by the kernel's number. Atomic
  sigjmp_buf after_fault;
} __attribute__((aligned(128))) crew_member;

struct walk_crew {
  csizer_walk *walk;
  unsigned count;
  uint32_t sweep_at;  // the walk's own
  bool is_retired;
  uint32_t kind_room;
  unsigned writes;  // which of the logs
  uint64_t plain, aside;  // how many were counted as such, and left aside
  uint64_t swept, swept_by_second;
  uint64_t worked, lost;  // ns of the first in its jobs, and beyond that for the second
  // In lines of their own: what is above is read for each object.
  crew_gate gate;
  _Alignas(64) uint32_t lock;  // of the memo and the allocator. Atomic
  crew_member members[CREW_MOST];
};

#ifdef CSIZER_CHECKS
#define CREW_PASSES_BY(place) \
  do { \
    if (csizer_crew_passes_by) csizer_crew_passes_by(place); \
  } while (0)
#else
#define CREW_PASSES_BY(place) ((void)0)
#endif

// walk_crew_scan.c: one object
/// Scans those in the ring up to an end, and marks what they lead to in the job's own part.
void csizer_crew_scan_ring(crew_member *member, size_t end);
/// Marks places in the job's part.
void csizer_crew_believe(crew_member *member, const heapmap_grain *grains, size_t count);
/// What is needed of an object that is plain; NULL: it is not.
walk_hot *csizer_crew_get_to_know(crew_member *member, heapmap_leaf *leaf, uintptr_t address);
void csizer_crew_leave_aside(crew_member *member, heapmap_leaf *leaf, uintptr_t address);
/// Leaves aside what has just faulted, and believes what the batch has found before.
void csizer_crew_give_up_current(crew_member *member);
/// Adds all that the member has counted to the walk's sums.
void csizer_crew_cool(crew_member *member);

// walk_crew_log.c: what the jobs find in each other's parts
/// Believes what the other job has logged in the turn before.
void csizer_crew_read_log(crew_member *member);
/// A turn begins, and ends.
void csizer_crew_begin_logs(walk_crew *crew);
void csizer_crew_end_logs(walk_crew *crew);
/// After a turn: believes what was logged in it.
void csizer_crew_read_logs_now(walk_crew *crew);

// walk_crew_range.c: arrays' elements
/// Reads a word of each page of the arrays that wait: what can't be read faults here, outside of all turns.
void csizer_crew_touch_ranges(walk_crew *crew);
/// Believes those elements that are in the job's part.
void csizer_crew_believe_ranges(crew_member *member);
/// After a turn: those for which the map has no leaf. No array waits any more.
void csizer_crew_end_ranges(walk_crew *crew);

// walk_crew_pays.c
/// Of the map, in its leaves' ranges.
size_t csizer_crew_units(const csizer_heapmap *map);

// walk_crew_member.c: one job
void csizer_crew_do_job(crew_member *member);

CREW_INLINE bool crew_is_in_range(heapmap_grain grain) { return heapmap_grain_is_from(grain, WALK_FLOOR); }

CREW_INLINE void crew_fetch(uintptr_t object, size_t reach) {
  __builtin_prefetch((const void *)object);
  __builtin_prefetch((const void *)(object + reach));
}

/// As in walk_loop.c: how far behind an object's start the last word may be that is worth fetching.
enum { CREW_REACH = 39 };
CREW_INLINE size_t crew_reach_in(const csizer_walk *walk, const heapmap_leaf *leaf, uintptr_t address) {
  const size_t size = pagememo_known_size(&walk->memo, leaf, address);
  return size > CREW_REACH + 9 && size <= 128 ? size - 9 : CREW_REACH;
}

/// The layout of a plain object that the member knows; NULL when it is not, or its page is new to the memo, or it is
/// larger than its kind.
CREW_INLINE walk_hot *crew_hot_of(crew_member *member, const heapmap_leaf *leaf, uintptr_t address) {
  const swift_object *object = (const swift_object *)address;
  walk_hot *hot = &member->hot[((uintptr_t)object->metadata >> 4) % WALK_HOT];
  const size_t size = pagememo_known_size(&member->crew->walk->memo, leaf, address);
  if (__builtin_expect(hot->metadata != object->metadata, 0)) return NULL;
  if (__builtin_expect((object->references & WALK_UNUSUAL) || size != hot->usable, 0)) return NULL;
  return hot;
}

/// From here on a fault leaves the object aside: nothing before this is in registers alone. Relaxed: the handler that
/// reads it interrupts this thread, and the fence keeps the compiler's order.
CREW_INLINE void crew_begin_reading(crew_member *member, uintptr_t address) {
  __atomic_store_n(&member->current, address, __ATOMIC_RELAXED);
  __atomic_signal_fence(__ATOMIC_SEQ_CST);
}

/// What is read before is read before this: compilers know nothing of faults.
CREW_INLINE void crew_end_reading(crew_member *member) {
  __atomic_signal_fence(__ATOMIC_SEQ_CST);
  __atomic_store_n(&member->current, 0, __ATOMIC_RELAXED);
}

/// Reads the last reference of a plain object, so that what can't be read faults before any is followed: its words are
/// in two pages at most.
CREW_INLINE void crew_touch(const walk_hot *hot, uintptr_t address) {
  if (hot->references) (void)*((const volatile uintptr_t *)address + (63 - __builtin_clzll(hot->references)));
}

#endif
