// SPDX-License-Identifier: Apache-2.0
// Trackers: made, held, forgotten and ended.
#include "lifetimes/lifetimes_internal.h"
#include "lifetimes/class_decisions.h"
#include "lifetimes/lines.h"
#include "lifetimes/numbers.h"
#include "lifetimes/unloaded.h"
#include "platform/clock.h"

csizer_status csizer_lifetimes_create(csizer_lifetimes **ret_lifetimes) {
  csizer_clock_start();
  csizer_lifetimes *lifetimes = csizer_pages_map(sizeof *lifetimes);
  if (!lifetimes) return CSIZER_NO_MEMORY;
  lifetimes->chunks = csizer_pages_reserve(CHUNK_LIMIT * sizeof *lifetimes->chunks);
  csizer_shards_hold();
  bool is_numbered = lifetimes->chunks && csizer_lifetimes_take_number(lifetimes);
  csizer_shards_release();
  if (!is_numbered) {
    csizer_pages_unreserve(lifetimes->chunks, CHUNK_LIMIT * sizeof *lifetimes->chunks);
    csizer_pages_unmap(lifetimes, sizeof *lifetimes);
    return CSIZER_NO_MEMORY;
  }
  lifetimes->missed_before = lifetimes_missed();
  *ret_lifetimes = lifetimes;
  return CSIZER_OK;
}

static void free_lists(csizer_lifetimes *lifetimes) {
  csizer_page_array_deinit(&lifetimes->living_numbers);
  csizer_page_array_deinit(&lifetimes->living_sizes);
  csizer_page_array_deinit(&lifetimes->rows);
  csizer_page_array_deinit(&lifetimes->morphs);
}

static void drop_record(void *context, lifetime_record *record) { (void)context, (void)record; }

void csizer_lifetimes_set_owner(csizer_lifetimes *lifetimes, const void *owner) {
  csizer_shards_hold();
  lifetimes->owner = owner;
  csizer_shards_release();
}

void csizer_lifetimes_destroy(csizer_lifetimes *lifetimes) {
  if (!lifetimes) return;
  csizer_unloaded_forget();
  csizer_shards_hold();
  csizer_lifetimes_untrack_classes(lifetimes);
  csizer_living_take_all(lifetimes->number, drop_record, NULL);
  csizer_decisions_settle();
  csizer_numbers_take_back(lifetimes);
  csizer_lifetimes_free_records(lifetimes);
  csizer_trackers[lifetimes->number] = NULL;
  csizer_shards_release();
  free_lists(lifetimes);
  csizer_cohorts_forget(lifetimes);
  csizer_page_array_deinit(&lifetimes->tracked_class_pages);
  csizer_page_array_deinit(&lifetimes->pattern_pages);
  csizer_pages_unreserve(lifetimes->chunks, CHUNK_LIMIT * sizeof *lifetimes->chunks);
  csizer_pages_unmap(lifetimes, sizeof *lifetimes);
}

// A birth that meets a new class adds a cohort, holding all shards: each of them keeps it out.
enum { ANY = 0 };

uint32_t csizer_lifetimes_cohort_count(const csizer_lifetimes *lifetimes) {
  csizer_unloaded_forget();
  csizer_shard_lock(ANY);
  uint32_t count = lifetimes->cohort_count;
  csizer_shard_unlock(ANY);
  return count;
}

csizer_cohort csizer_lifetimes_cohort(const csizer_lifetimes *lifetimes, uint32_t cohort) {
  csizer_shard_lock(ANY);
  csizer_cohort found = cohort < lifetimes->cohort_count ? lifetimes->cohorts[cohort] : (csizer_cohort){0};
  csizer_shard_unlock(ANY);
  return found;
}

// Relaxed: as many as there were at some moment.
size_t csizer_lifetimes_bytes(const csizer_lifetimes *lifetimes) {
  const size_t slots = __atomic_load_n(&lifetimes->slot_count, __ATOMIC_RELAXED);
  const size_t chunks = (slots + CHUNK_RECORDS - 1) >> CHUNK_SHIFT;
  return sizeof *lifetimes + chunks * CHUNK_RECORDS * sizeof(lifetime_record) +
         chunks * (sizeof(lifetime_chunk) + sizeof(numbered_chunk)) + lifetimes->order.bytes +
         csizer_cohorts_bytes(lifetimes) + lifetimes->tracked_class_pages.bytes + lifetimes->pattern_pages.bytes +
         lifetimes->living_numbers.bytes + lifetimes->living_sizes.bytes + lifetimes->rows.bytes +
         lifetimes->morphs.bytes + csizer_living_bytes();
}

void csizer_lifetimes_forget(csizer_lifetimes *lifetimes) {
  lifetimes->prepared = 0;
  __atomic_store_n(&lifetimes->referent_room, 0, __ATOMIC_RELAXED);  // a snapshot may be ending
  csizer_shards_hold();
  csizer_numbers_take_back(lifetimes);
  csizer_lifetimes_free_records(lifetimes);
  free_lists(lifetimes);
  csizer_cohorts_forget(lifetimes);
  lifetimes->listed = 0;
  lifetimes->living_count = 0;
  lifetimes->known_dead = 0;
  lifetimes->row_count = 0;
  lifetimes->morph_count = 0;
  lifetimes->lost = 0;
  lifetimes->missed_before = lifetimes_missed();
  csizer_shards_release();
}

const char *csizer_lifetimes_locks_reason(void) { return csizer_lines_reason(); }

// Meanwhile this thread only reads: what ends on it ends at once, before it is looked at.
uint64_t csizer_lifetimes_hold(void) {
  csizer_shards_hold();
  shards_leave();
  return clock_ticks();
}

void csizer_lifetimes_resume(void) {
  shards_enter();
  csizer_shards_release();
}
