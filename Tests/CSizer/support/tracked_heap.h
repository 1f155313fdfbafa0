// SPDX-License-Identifier: Apache-2.0
#ifndef TRACKED_HEAP_H
#define TRACKED_HEAP_H
#include "csizer_sizing.h"
#include "support/made_heap.h"

// A made heap, some of whose objects a tracker knows.

typedef struct tracked_heap {
  made_heap heap;
  csizer_lifetimes *tracker;
  size_t held, walks_held;  // by the engine, but for the map, when it began; by walks since
  uint32_t snapshot;
} tracked_heap;

enum { SUMS = 16 };

typedef struct tracked_applied {
  csizer_cohort_sum sums[SUMS];
  uint32_t skipped;
  const csizer_size_row *rows;  // of this snapshot
  size_t row_count;
} tracked_applied;

/// An empty heap and a tracker of nothing.
void tracked_start(tracked_heap *tracked);

/// Destroys the tracker, then the heap, which must have cost the engine nothing that stays.
void tracked_end(tracked_heap *tracked);

/// Tracks an object.
void tracked_add(tracked_heap *tracked, const void *object, uint32_t tracking, uint32_t level);

/// A sizing that was not run.
csizer_sizing *tracked_sizing(tracked_heap *tracked, bool is_shared);

/// Walks to the end, or for at most `stops` objects that are to be named, each of which is given 1000 and its level.
/// `sweep_at`: how many may wait in the walk's queue; 0: as many as usual.
void tracked_run(tracked_heap *tracked, csizer_sizing *sizing, uint32_t sweep_at, unsigned stops);

/// Records a sizing as the next snapshot, and destroys it.
tracked_applied tracked_apply(tracked_heap *tracked, csizer_sizing *sizing);

/// All of it.
tracked_applied tracked_snapshot(tracked_heap *tracked);

/// Checks what was recorded for one object.
void tracked_check_row(const tracked_applied *applied, size_t row, uint32_t object, uint64_t bytes);

#endif
