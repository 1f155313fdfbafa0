// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include <limits.h>
#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "platform/backoff.h"
#include "platform/pages.h"
#include "walk/walk_crew_internal.h"

// The turns of a crew: walk_crew.h.

// ---- All together ----

static void wait_while(uint32_t *word, uint32_t value) {
  syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, value, NULL, NULL, 0);
}

static void wake(uint32_t *word) { syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, INT_MAX, NULL, NULL, 0); }

static bool come_in(walk_crew *crew) {
  uint32_t inside = __atomic_load_n(&crew->gate, __ATOMIC_RELAXED);
  while (!(inside & CREW_CLOSED))
    if (__atomic_compare_exchange_n(&crew->gate, &inside, inside + 1, false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED))
      return true;
  return false;
}

void csizer_crew_work(walk_crew *crew, unsigned number) {
  crew_member *member = &crew->members[number];
  member->thread = (int)syscall(SYS_gettid);
  for (uint32_t known = 0;; known++) {
    uint32_t pass;
    while ((pass = __atomic_load_n(&crew->pass, __ATOMIC_ACQUIRE)) == known) wait_while(&crew->pass, known);
    if (__atomic_load_n(&crew->is_over, __ATOMIC_RELAXED)) return;
    known = pass - 1;
    if (!come_in(crew)) continue;
    csizer_crew_work_through(member, pass);
    if (__atomic_fetch_sub(&crew->gate, 1, __ATOMIC_ACQ_REL) == (CREW_CLOSED | 1)) wake(&crew->gate);
  }
}

static void begin_pass(walk_crew *crew) {
  for (unsigned i = 0; i < crew->count; i++) crew->members[i].scanned = 0;
  if (crew->count == 1) return;
  __atomic_store_n(&crew->gate, 0, __ATOMIC_RELEASE);
  __atomic_fetch_add(&crew->pass, 1, __ATOMIC_RELEASE);
  wake(&crew->pass);
}

// One that has not come by now need not come: what it could have done is done.
static void end_pass(walk_crew *crew) {
  if (crew->count == 1) return;
  uint32_t inside = __atomic_or_fetch(&crew->gate, CREW_CLOSED, __ATOMIC_ACQ_REL);
  for (unsigned tries = 0; inside != CREW_CLOSED; tries++) {
    if (tries < 64) csizer_backoff(tries);
    else wait_while(&crew->gate, inside);
    inside = __atomic_load_n(&crew->gate, __ATOMIC_ACQUIRE);
  }
}

// How many objects it has scanned, or left aside.
static size_t sweep_once(walk_crew *crew) {
  size_t scanned = 0;
  begin_pass(crew);
  csizer_crew_work_through(&crew->members[0], crew->pass);
  end_pass(crew);
  crew->sees_all = false;
  for (unsigned i = 0; i < crew->count; i++) {
    csizer_walk_cool(crew->walk, &crew->members[i].hot);
    scanned += crew->members[i].scanned;
    crew->has_aside |= crew->members[i].has_aside;
    crew->members[i].has_aside = false;
  }
  return scanned;
}

// ---- In turns ----

// All plain objects that what waits leads to.
static void do_plain(walk_crew *crew) {
  while (true) {
    const size_t scanned = sweep_once(crew);
    if (!scanned) return;
    if (scanned > crew->walk->sweep_at) continue;
    if (!csizer_crew_gather(crew->walk)) csizer_walk_resume_sweep(crew->walk);
    else if (csizer_crew_run_queue(crew)) return;
  }
}

static void scan_one(walk_crew *crew, heapmap_leaf *leaf, uintptr_t address) {
  csizer_walk *walk = crew->walk;
  if (!plain_is_object(walk, leaf, address)) return;
  if (crew->counts_all && walk_is_dead(walk, address)) {  // nothing in it may be read
    heapmap_unsee(leaf, address);
    csizer_walk_dead(walk, address);
    return;
  }
  csizer_walk_scan(walk, address);
}

static void fetch_aside(const heapmap_leaf *leaf, size_t unit, uintptr_t start) {
  heapmap_places aside = heapmap_aside(leaf, unit, start);
  for (uintptr_t object; heapmap_next_place(&aside, &object);) plain_fetch(object, PLAIN_REACH);
}

// One is no longer aside before it is scanned, so that a fault costs no other.
static void scan_aside_in(walk_crew *crew, size_t index) {
  enum { UNITS_AHEAD = 2 };
  heapmap_leaf *leaf = heapmap_leaf_numbered(crew->walk->map, index);
  for (size_t unit = heapmap_first_unit(leaf); unit <= heapmap_last_unit(leaf); unit++) {
    const size_t ahead = unit + UNITS_AHEAD;
    if (ahead <= heapmap_last_unit(leaf)) fetch_aside(leaf, ahead, heapmap_unit_start(index, ahead));
    heapmap_places aside = heapmap_aside(leaf, unit, heapmap_unit_start(index, unit));
    for (uintptr_t object; heapmap_next_place(&aside, &object);) {
      heapmap_clear_aside(leaf, object);
      scan_one(crew, leaf, object);
    }
  }
  if (crew->walk->steps) (*crew->walk->steps)++;
}

static void meet_stray(void *walk, uintptr_t address) { csizer_walk_unlisted(walk, address); }

// All that is not plain and was met; whether there was any.
static bool do_others(walk_crew *crew) {
  csizer_walk *walk = crew->walk;
  bool found = crew->has_aside;
  for (size_t i = 0; found && (i = csizer_heapmap_next_leaf(walk->map, i)) < HEAPMAP_LEAVES; i++)
    scan_aside_in(crew, i);
  crew->has_aside = false;
  csizer_walk_cool(walk, &walk->hot);
  csizer_walk_drain_values(walk);
  for (size_t i = 0; (i = csizer_heapmap_next_leaf(walk->map, i)) < HEAPMAP_LEAVES; i++)
    found |= csizer_heapmap_take_strays(walk->map, i, meet_stray, walk);
  return found;
}

// How many wait once all is done in turns depends on the heap alone, and so does when the queue takes over.
void csizer_crew_sweep(walk_crew *crew) {
  csizer_walk *walk = crew->walk;
  if (crew->has_aside && !crew->counts_all) {  // a fault has left it: it belongs to what was given up
    csizer_heapmap_forget_aside(walk->map);
    crew->has_aside = false;
  }
  while (true) {
    do_plain(crew);
    if (!do_others(crew) || csizer_crew_gather(walk)) break;
    csizer_walk_resume_sweep(walk);
  }
  walk->sweeping = false;
  walk->limit = WALK_QUEUE;
}

// ---- Life ----

csizer_status csizer_crew_create(csizer_walk *walk, walk_crew **ret_crew) {
  walk_crew *crew = csizer_pages_map(sizeof *crew);
  if (!crew) return CSIZER_NO_MEMORY;
  crew->walk = walk;
  crew->count = 1;
  crew->gate = CREW_CLOSED;
  for (unsigned i = 0; i < CREW_MOST; i++) {
    crew_member *member = &crew->members[i];
    member->crew = crew;
    member->part = i;
    member->box = &crew->boxes[i];
    member->others_box = &crew->boxes[1 - i];
  }
  crew->members[0].thread = (int)syscall(SYS_gettid);
  walk->crew = crew;
  *ret_crew = crew;
  return CSIZER_OK;
}

void csizer_crew_admit(walk_crew *crew) { crew->count++; }

void csizer_crew_dismiss(walk_crew *crew) {
  __atomic_store_n(&crew->is_over, true, __ATOMIC_RELAXED);
  __atomic_fetch_add(&crew->pass, 1, __ATOMIC_RELEASE);
  wake(&crew->pass);
}

void csizer_crew_destroy(walk_crew *crew) {
  if (!crew) return;
  crew->walk->crew = NULL;
  csizer_pages_unmap(crew, sizeof *crew);
}

sigjmp_buf *csizer_crew_after_fault(walk_crew *crew, int thread) {
  for (unsigned i = 0; i < crew->count; i++)
    if (crew->members[i].thread == thread && crew->members[i].is_reading) return &crew->members[i].after_fault;
  return NULL;
}
