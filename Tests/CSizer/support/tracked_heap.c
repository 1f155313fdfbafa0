// SPDX-License-Identifier: Apache-2.0
#include "support/tracked_heap.h"

#include "platform/pages.h"
#include "support/check.h"
#include "support/made_lifetimes.h"
#include "walk/walk_internal.h"

void tracked_start(tracked_heap *tracked) {
  *tracked = (tracked_heap){0};
  made_heap_init(&tracked->heap, NULL);
  tracked->held = csizer_pages_held() - csizer_heapmap_mapped_bytes(tracked->heap.map);
  tracked->tracker = made_tracker();
}

// Tracking leaves tables of classes, which live for ever.
void tracked_end(tracked_heap *tracked) {
  made_check_lives();
  csizer_lifetimes_destroy(tracked->tracker);
  made_check_lives();
  size_t held = csizer_pages_held() - csizer_heapmap_mapped_bytes(tracked->heap.map);
  tracked->heap.held_before += held - tracked->walks_held - tracked->held;
  made_heap_deinit(&tracked->heap);
}

void tracked_add(tracked_heap *tracked, const void *object, uint32_t tracking, uint32_t level) {
  const csizer_tracking how = {.number = tracking, .resolution_level = level};
  CHECK_EQUAL(csizer_single_object_add(tracked->tracker, object, &how), CSIZER_OK);
}

csizer_sizing *tracked_sizing(tracked_heap *tracked, bool is_shared) {
  csizer_sizing *sizing;
  CHECK_EQUAL(csizer_sizing_create(tracked->tracker, is_shared, &sizing), CSIZER_OK);
  return sizing;
}

// Walks to the end, or for at most `stops` objects that are to be named, each of which is given 1000 and its level.
void tracked_run(tracked_heap *tracked, csizer_sizing *sizing, uint32_t sweep_at, unsigned stops) {
  size_t held = csizer_pages_held();
  csizer_walk *walk = made_walk(&tracked->heap, (csizer_walk_options){0});
  if (sweep_at) walk->sweep_at = sweep_at;
  CHECK_EQUAL(csizer_sizing_begin(sizing, walk), CSIZER_OK);
  for (const void *object; stops; stops--) {
    uint32_t level;
    CHECK_EQUAL(csizer_sizing_run(sizing, walk, &object, &level), CSIZER_OK);
    if (!object) break;
    csizer_sizing_name(sizing, 1000 + level);
  }
  made_walk_end(&tracked->heap, walk);
  tracked->walks_held += csizer_pages_held() - held;
}

tracked_applied tracked_apply(tracked_heap *tracked, csizer_sizing *sizing) {
  tracked_applied applied;
  const csizer_size_row *rows;
  size_t before = csizer_sizes(tracked->tracker, &rows);
  CHECK_EQUAL(csizer_sizing_apply(sizing, tracked->snapshot, applied.sums, SUMS, &applied.skipped), CSIZER_OK);
  applied.row_count = csizer_sizes(tracked->tracker, &rows) - before;
  applied.rows = rows + before;
  for (size_t i = 0; i < applied.row_count; i++) CHECK_EQUAL(applied.rows[i].snapshot, tracked->snapshot);
  tracked->snapshot++;
  made_check_lives();
  csizer_sizing_destroy(sizing);
  return applied;
}

tracked_applied tracked_snapshot(tracked_heap *tracked) {
  csizer_lifetimes_hold();
  csizer_sizing *sizing = tracked_sizing(tracked, false);
  tracked_run(tracked, sizing, 0, UINT32_MAX);
  csizer_lifetimes_resume();
  return tracked_apply(tracked, sizing);
}

void tracked_check_row(const tracked_applied *applied, size_t row, uint32_t object, uint64_t bytes) {
  CHECK(row < applied->row_count);
  CHECK_EQUAL(applied->rows[row].object, object);
  CHECK_EQUAL(applied->rows[row].bytes, bytes);
}
