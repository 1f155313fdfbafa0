// SPDX-License-Identifier: Apache-2.0
#ifndef CSIZER_WALK_CREW_INTERNAL_H
#define CSIZER_WALK_CREW_INTERNAL_H
#include "census/heapmap_crew.h"
#include "walk/walk_crew.h"
#include "walk/walk_plain.h"

// What the parts of a crew share: walk_crew.h.

enum { CREW_BOX = 1 << 15, CREW_OTHERS = 64 };

/// What one worker tells the other: places in the other's part. Counted on for ever; each end in a line of its own.
typedef struct crew_box {
  _Alignas(64) size_t taken;  // by who reads
  _Alignas(64) size_t told;   // by who writes
  _Alignas(64) heapmap_grain grains[CREW_BOX];
} crew_box;

/// One worker. Where it is stands here, not in registers, when it reads an object: so a fault finds out what to leave
/// aside, and goes on behind it.
typedef struct crew_member {
  walk_hot_table hot;
  const void *others[CREW_OTHERS];  // kinds that are known not to be plain, by hash
  uintptr_t ring[PLAIN_RING];
  size_t head, tail;
  heapmap_stretch stretch;
  unsigned part, sweeps;  // the other's, too, when it does not come
  /// Of its box: what it has written, of which some is not told yet, and how far it may go on.
  size_t written, limit;
  struct walk_crew *crew;
  crew_box *box, *others_box;
  size_t scanned;
  bool has_aside, has_lock, is_reading;
  /// Nobody else is in the pass: it has both parts.
  bool is_alone;
  uint32_t has_swept;  // the number of the pass of which it has gone through its part. Atomic
  int thread;
  sigjmp_buf after_fault;
} crew_member;

enum { CREW_CLOSED = 1 << 30 };

struct walk_crew {
  csizer_walk *walk;
  unsigned count;
  bool has_aside, counts_all;
  bool sees_all;  // in the pass under way all that lives is seen
  bool is_over;
  // In lines of their own: what is above is read for each object.
  _Alignas(64) uint32_t pass;  // counted up when one begins, and when all is over. Atomic
  uint32_t gate;               // how many others are in the pass; CREW_CLOSED: no more come in. Atomic
  _Alignas(64) uint32_t lock;  // of the memo, the allocator, and the walk's sums. Atomic
  crew_member members[CREW_MOST];
  crew_box boxes[CREW_MOST];
};

// walk_crew_member.c: one worker
/// What is needed of an object that is not known to be plain, or is in a page that is not known; NULL: it is not plain.
walk_hot *csizer_crew_get_to_know(crew_member *member, heapmap_leaf *leaf, uintptr_t address);
void csizer_crew_leave_aside(crew_member *member, heapmap_leaf *leaf, uintptr_t address);
/// Goes through the member's part, or through all when nobody else comes.
void csizer_crew_work_through(crew_member *member, uint32_t pass);

// walk_crew_queue.c: what is too little for a pass
/// All plain objects that what waits leads to, as long as few wait at a time; false when there is more left.
bool csizer_crew_run_queue(walk_crew *crew);
/// Moves what waits to the walk's queue; false when it does not all fit there.
bool csizer_crew_gather(csizer_walk *walk);

/// The bits of an object's counts with which no worker does it: one that may be dead is looked at closely where that
/// matters.
static inline uint64_t crew_unusual(const walk_crew *crew) {
  return SWIFT_SLOW_REFERENCES | (crew->counts_all ? SWIFT_DEINITING : 0);
}

#endif
