// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include <sys/syscall.h>
#include <unistd.h>

#include "walk/walk_crew_internal.h"

// One job of a turn: a part of the map. Whoever does it, it comes to the same.

static void take_unit(crew_member *member, size_t unit) {
  heapmap_leaf *leaf = member->stretch.leaf;
  const uintptr_t start = heapmap_unit_start(member->stretch.index, unit);
  const size_t reach = crew_reach_in(member->crew->walk, leaf, start);
  heapmap_places waiting = heapmap_take_waiting(leaf, unit, start);
  size_t tail = member->tail;
  for (uintptr_t object; heapmap_next_place(&waiting, &object);) {
    crew_fetch(object, reach);
    heapmap_fetch_live(leaf, object);
    member->ring[tail++ % CREW_RING] = object;
  }
  member->tail = tail;
}

// Whether the lists have room for what may be in the ring when one more unit was taken.
static bool has_room(const crew_member *member) {
  return member->found_count[1 - member->part] < CREW_LOG - CREW_MOST_FOUND &&
         member->stranger_count < CREW_STRANGERS - CREW_MOST_FOUND && member->aside_count < CREW_ASIDE - CREW_RING;
}

// Also comes here after a fault, in the middle: no unit is taken before the ring has room for it. False when it ends
// early since the log is full: the units that were not taken are the next turn's.
static bool scan_stretch(crew_member *member) {
  bool is_whole = true;
  while (true) {
    if (member->tail > member->head + CREW_AHEAD + CREW_BATCH) csizer_crew_scan_ring(member, member->tail - CREW_AHEAD);
    if (member->stretch.unit == member->stretch.end || !(is_whole = has_room(member))) break;
    const size_t unit = member->stretch.unit++;
    if (heapmap_waits(member->stretch.leaf, unit)) take_unit(member, unit);
  }
  csizer_crew_scan_ring(member, member->tail);
  member->scanned += member->tail;
  member->head = member->tail = 0;
  return is_whole;
}

// From where the turn before had to end, or a fault has left it.
static void scan_part(crew_member *member) {
  const walk_crew *crew = member->crew;
  if (member->stretch.leaf && !scan_stretch(member)) return;
  while (csizer_heapmap_next_stretch(crew->walk->map, member->part, &member->stretch)) {
    if (!scan_stretch(member)) return;
    // Relaxed: a sign of life.
    if (crew->walk->steps) __atomic_fetch_add(crew->walk->steps, 1, __ATOMIC_RELAXED);
  }
  member->stretch = (heapmap_stretch){0};
}

void csizer_crew_do_job(crew_member *member) {
  // Relaxed: csizer_crew_after_fault says why.
  __atomic_store_n(&member->thread, (int)syscall(SYS_gettid), __ATOMIC_RELAXED);
  member->scanned = 0;
  member->is_from_start = !member->stretch.leaf;
  csizer_crew_read_log(member);
  csizer_crew_believe_ranges(member);
  if (sigsetjmp(member->after_fault, 0)) csizer_crew_give_up_current(member);
  scan_part(member);
}
