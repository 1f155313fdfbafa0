// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include <sched.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "platform/clock.h"
#include "platform/pages.h"
#include "walk/walk_crew_internal.h"

// The turns of a crew: walk_crew.h.

// ---- All together ----

#ifdef CSIZER_CHECKS
bool csizer_crew_is_patient;
#endif

void csizer_crew_work(walk_crew *crew) {
  crew_member *member = &crew->members[1];
  for (uint32_t turn; csizer_crew_gate_join(&crew->gate, &turn);) {
    csizer_crew_do_job(member);
    crew->swept_by_second += member->scanned;
    csizer_crew_gate_leave(&crew->gate);
  }
}

// Nothing that a job has counted is anywhere but in the walk's sums then.
static void end_turn(walk_crew *crew) {
  for (unsigned i = 0; i < CREW_MOST; i++) {
    crew_member *member = &crew->members[i];
    csizer_crew_cool(member);
  }
}

static bool is_patient(void) {
#ifdef CSIZER_CHECKS
  return csizer_crew_is_patient;
#else
  return false;
#endif
}

// One that has come and then is kept from its processor costs more than it brings: it is asked no more. What comes of
// it is the same.
static void await_second(walk_crew *crew, uint64_t began) {
  enum { MUCH = 10000000 };  // ns
  const uint64_t done = clock_monotonic(), worked = done - began;
  csizer_crew_gate_await_closed(&crew->gate);
  const uint64_t waited = clock_monotonic() - done;
  crew->worked += worked;
  if (waited > worked) crew->lost += waited - worked;  // its half may be the larger
  if (crew->lost > MUCH && crew->lost > crew->worked && !is_patient()) crew->count = 1;
}

// Two jobs that know nothing of each other. How many objects they have scanned, or left aside.
static size_t take_turn(walk_crew *crew) {
  csizer_crew_begin_logs(crew);
  for (unsigned i = 0; i < CREW_MOST; i++) crew->members[i].scanned = 0;
  const uint64_t began = clock_monotonic();
  if (crew->count > 1) csizer_crew_gate_open(&crew->gate);
  csizer_crew_do_job(&crew->members[0]);
  while (is_patient() && crew->count > 1 && csizer_crew_gate_is_open(&crew->gate)) sched_yield();
  // One that has not come by now need not come.
  if (crew->count == 1 || csizer_crew_gate_close_if_alone(&crew->gate)) csizer_crew_do_job(&crew->members[1]);
  else await_second(crew, began);
  csizer_crew_end_logs(crew);
  end_turn(crew);
  const size_t scanned = crew->members[0].scanned + crew->members[1].scanned;
  crew->swept += scanned;
  return scanned;
}

// ---- A pass ----

// Whether both have come from one end of the map to the other.
static bool was_whole(const walk_crew *crew) {
  bool is_whole = true;
  for (unsigned i = 0; i < CREW_MOST; i++) is_whole &= crew->members[i].is_from_start && !crew->members[i].stretch.leaf;
  return is_whole;
}

// One is no longer aside before it is scanned, and nothing of it waits when the next comes: a fault costs no other.
static void scan_one(walk_crew *crew, uintptr_t address) {
  csizer_walk *walk = crew->walk;
  heapmap_leaf *leaf = heapmap_leaf_at(walk->map, address);
  if (!heapmap_is_live(leaf, address)) {
    // Marked since: by who has a block there, or it waits anyway.
    if (heapmap_is_seen(leaf, address) || !csizer_walk_is_after_all(walk, leaf, address)) return;
    heapmap_set_done(leaf, address);
  }
  csizer_walk_scan(walk, address);
  csizer_walk_drain_values(walk);
}

static void scan_aside(walk_crew *crew, crew_member *member) {
  enum { AHEAD = 12 };
  const size_t count = member->aside_count;
  crew->aside += count;
  for (size_t i = 0; i < count; i++) {
    if (i + AHEAD < count) crew_fetch(member->aside[i + AHEAD], CREW_REACH);
    // Relaxed: read by this thread alone, behind a fault.
    __atomic_store_n(&member->aside_done, i + 1, __ATOMIC_RELAXED);
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    scan_one(crew, member->aside[i]);
  }
  member->aside_count = member->aside_done = 0;
}

static void meet_strangers(walk_crew *crew) {
  crew->walk->holder++;
  for (unsigned i = 0; i < CREW_MOST; i++) {
    crew_member *member = &crew->members[i];
    while (member->stranger_count) csizer_walk_unlisted(crew->walk, member->strangers[--member->stranger_count]);
  }
}

void csizer_crew_end_passes(walk_crew *crew) {
  csizer_crew_read_logs_now(crew);
  meet_strangers(crew);
}

static void put_back(csizer_walk *walk, uintptr_t address) {
  heapmap_leaf *leaf = heapmap_leaf_at(walk->map, address);
  if (heapmap_is_live(leaf, address)) heapmap_clear_done(leaf, address);
  else if (!heapmap_is_seen(leaf, address)) heapmap_believe(leaf, heapmap_grain_of(address));
}

void csizer_crew_put_back(walk_crew *crew) {
  for (unsigned i = 0; i < CREW_MOST; i++) {
    crew_member *member = &crew->members[i];
    for (size_t j = member->aside_done; j < member->aside_count; j++) put_back(crew->walk, member->aside[j]);
    member->aside_count = member->aside_done = 0;
  }
  csizer_crew_read_logs_now(crew);
}

void csizer_crew_forget(walk_crew *crew) {
  for (unsigned i = 0; i < CREW_MOST; i++) {
    crew_member *member = &crew->members[i];
    member->aside_count = member->aside_done = member->stranger_count = member->logged[0] = member->logged[1] = 0;
    member->stretch = (heapmap_stretch){0};
    member->has_strangers = false;
    memset(member->last_strangers, 0, sizeof member->last_strangers);
  }
}

static void retire(walk_crew *crew) {
  crew->is_retired = true;
  crew->walk->sweep_at = crew->sweep_at;
}

// By sums that depend on the heap alone.
static bool has_mostly_others(const walk_crew *crew) {
  enum { SOME = 1 << 15, WORTH = 4 };
  return crew->aside > SOME && crew->aside > crew->plain / WORTH;
}

size_t csizer_crew_pass(walk_crew *crew) {
  csizer_crew_touch_ranges(crew);
  const size_t scanned = take_turn(crew);
  const bool is_whole = was_whole(crew);
  csizer_crew_end_ranges(crew);
  meet_strangers(crew);
  for (unsigned i = 0; i < CREW_MOST; i++) scan_aside(crew, &crew->members[i]);
  if (has_mostly_others(crew)) {
    csizer_crew_end_passes(crew);
    retire(crew);
  }
  return is_whole ? scanned : SIZE_MAX;
}

bool csizer_crew_works(const walk_crew *crew) { return crew && !crew->is_retired; }

// ---- Life ----

enum { LOG_BYTES = CREW_LOG * sizeof(heapmap_grain), ASIDE_BYTES = CREW_ASIDE * sizeof(uintptr_t),
       STRANGER_BYTES = CREW_STRANGERS * sizeof(uintptr_t) };

static size_t bytes_of_sums(const walk_crew *crew) { return crew->kind_room * sizeof(crew_sum); }

static bool make_member(walk_crew *crew, unsigned part) {
  crew_member *member = &crew->members[part];
  member->crew = crew;
  member->part = part;
  member->logs[0] = csizer_pages_map(LOG_BYTES);
  member->logs[1] = csizer_pages_map(LOG_BYTES);
  member->aside = csizer_pages_map(ASIDE_BYTES);
  member->strangers = csizer_pages_map(STRANGER_BYTES);
  member->sums = crew->kind_room ? csizer_pages_map(bytes_of_sums(crew)) : NULL;
  return member->logs[0] && member->logs[1] && member->aside && member->strangers && (member->sums || !crew->kind_room);
}

csizer_status csizer_crew_create(csizer_walk *walk, walk_crew **ret_crew) {
  if (!walk->memo.uniform_pages) return CSIZER_UNSUPPORTED;
  walk_crew *crew = csizer_pages_map(sizeof *crew);
  if (!crew) return CSIZER_NO_MEMORY;
  crew->walk = walk;
  crew->count = 1;
  crew->kind_room = (uint32_t)walk->layouts->kind_count;
  csizer_crew_gate_init(&crew->gate);
  crew->members[0].thread = (int)syscall(SYS_gettid);
  bool has_room = true;
  for (unsigned i = 0; i < CREW_MOST; i++) has_room &= make_member(crew, i);
  if (!has_room) {
    csizer_crew_destroy(crew);
    return CSIZER_NO_MEMORY;
  }
  walk->crew = crew;
  crew->sweep_at = walk->sweep_at;
  const size_t worth = csizer_crew_units(walk->map) / CREW_UNITS, least = worth > CREW_LEAST ? worth : CREW_LEAST;
  if (walk->sweep_at > least) walk->sweep_at = (uint32_t)least;
  *ret_crew = crew;
  return CSIZER_OK;
}

void csizer_crew_admit(walk_crew *crew) { crew->count++; }

void csizer_crew_dismiss(walk_crew *crew) { csizer_crew_gate_dismiss(&crew->gate); }

void csizer_crew_destroy(walk_crew *crew) {
  if (!crew) return;
  if (crew->walk->crew) retire(crew);
  crew->walk->crew = NULL;
  for (unsigned i = 0; i < CREW_MOST; i++) {
    for (unsigned j = 0; j < 2; j++) csizer_pages_unmap(crew->members[i].logs[j], LOG_BYTES);
    csizer_pages_unmap(crew->members[i].aside, ASIDE_BYTES);
    csizer_pages_unmap(crew->members[i].strangers, STRANGER_BYTES);
    csizer_pages_unmap(crew->members[i].sums, bytes_of_sums(crew));
  }
  csizer_pages_unmap(crew, sizeof *crew);
}

sigjmp_buf *csizer_crew_after_fault(walk_crew *crew, int thread) {
  for (unsigned i = 0; i < CREW_MOST; i++) {
    crew_member *member = &crew->members[i];
    // Relaxed: a thread finds what it has written itself.
    if (__atomic_load_n(&member->thread, __ATOMIC_RELAXED) == thread && member->current) return &member->after_fault;
  }
  return NULL;
}

bool csizer_crew_is_in_turn(const walk_crew *crew) { return !csizer_crew_gate_is_closed(&crew->gate); }

void csizer_crew_shares(const walk_crew *crew, uint64_t *ret_second, uint64_t *ret_all) {
  *ret_second = crew->swept_by_second;
  *ret_all = crew->swept;
}
