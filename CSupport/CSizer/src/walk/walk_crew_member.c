// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include "platform/backoff.h"
#include "walk/walk_crew_internal.h"

// One worker's way through its part of the map.
//
// Both setting bits in one map was measured: each line is where the other has written it last, and two workers take
// longer than one. What is told to the other is written and read in order instead, a line for eight places.

// ---- One object ----

// Rare enough to spin: for an object of a kind or in a page that a worker meets first.
static void lock(crew_member *member) {
  for (unsigned tries = 0; __atomic_exchange_n(&member->crew->lock, 1, __ATOMIC_ACQUIRE); tries++)
    csizer_backoff(tries);
  member->has_lock = true;
}

static void unlock(crew_member *member) {
  member->has_lock = false;
  __atomic_store_n(&member->crew->lock, 0, __ATOMIC_RELEASE);
}

static void learn_page_of(crew_member *member, heapmap_leaf *leaf, size_t unit) {
  csizer_pagememo *memo = &member->crew->walk->memo;
  heapmap_places seen = heapmap_seen(leaf, unit, heapmap_unit_start(member->stretch.index, unit));
  for (uintptr_t object; heapmap_next_place(&seen, &object);)
    if (heapmap_is_live(leaf, object)) {
      pagememo_size(memo, leaf, object);
      return;
    }
}

// Those of the pages ahead that something was found in, too: they are learnt at one go.
static void learn_pages(crew_member *member, heapmap_leaf *leaf, uintptr_t address) {
  pagememo_size(&member->crew->walk->memo, leaf, address);
  if (member->stretch.leaf != leaf) return;  // from the queue
  for (size_t unit = heapmap_unit_index(address); unit < member->stretch.end; unit++)
    if (!pagememo_is_known(leaf, heapmap_unit_start(member->stretch.index, unit))) learn_page_of(member, leaf, unit);
}

__attribute__((noinline)) walk_hot *csizer_crew_get_to_know(crew_member *member, heapmap_leaf *leaf,
                                                            uintptr_t address) {
  csizer_walk *walk = member->crew->walk;
  const swift_object *object = (const swift_object *)address;
  const void **other = &member->others[((uintptr_t)object->metadata >> 4) % CREW_OTHERS];
  if (*other == object->metadata || (object->references & crew_unusual(member->crew))) return NULL;
  if (!csizer_walk_is_plain(walk, object->metadata)) {
    if (csizer_walk_knows(walk, object->metadata)) *other = object->metadata;
    return NULL;
  }
  lock(member);
  learn_pages(member, leaf, address);
  csizer_walk_warm(walk, &member->hot, object->metadata);
  unlock(member);
  return plain_of(walk, &member->hot, leaf, address);
}

__attribute__((noinline)) void csizer_crew_leave_aside(crew_member *member, heapmap_leaf *leaf, uintptr_t address) {
  heapmap_set_aside(leaf, address);
  member->has_aside = true;
}

// All ones or zeros. Compilers that see where a mask comes from make it a branch, which nobody could foresee here.
PLAIN_INLINE uintptr_t mask_of(bool condition) {
  uintptr_t mask = -(uintptr_t)condition;
  __asm__("" : "+r"(mask));
  return mask;
}

/// What a worker has at hand while it scans.
typedef struct scan_tools {
  crew_member *member;
  const csizer_walk *walk;
  const csizer_heapmap *map;
  heapmap_leaf *leaf;  // of what is scanned
  uint64_t unusual;
  bool has_other;
} scan_tools;

// Marks what a reference leads to, or tells the other; false when that is where the map knows nothing at all. What is
// no address, or is the other's, stands here for the object itself, which is seen already, and what is not to be told
// is overwritten by the next.
PLAIN_INLINE bool meet(const scan_tools *tools, uintptr_t address, uintptr_t self) {
  heapmap_grain grain = heapmap_grain_of(address);
  const uintptr_t is_address = mask_of(plain_is_in_range(grain));
  grain = (grain & is_address) | (self >> 4 & ~is_address);
  heapmap_leaf *leaf = heapmap_leaf_of_grain(tools->map, grain);
  if (__builtin_expect(!leaf, 0)) return false;
  if (tools->has_other) {
    crew_member *member = tools->member;
    const unsigned is_others = heapmap_part_of_grain(grain) ^ member->part;
    member->box->grains[member->written % CREW_BOX] = grain;
    member->written += is_others;
    const uintptr_t is_own = ~mask_of(is_others);
    grain = (grain & is_own) | (self >> 4 & ~is_own);
    leaf = (heapmap_leaf *)(((uintptr_t)leaf & is_own) | ((uintptr_t)tools->leaf & ~is_own));
  }
  heapmap_believe_own(leaf, grain);
  return true;
}

// It is counted when all is read: then nothing can fault any more.
PLAIN_INLINE void scan(const scan_tools *tools, uintptr_t address) {
  crew_member *member = tools->member;
  walk_hot *hot = NULL;
  bool is_whole = heapmap_is_live(tools->leaf, address);
  if (__builtin_expect(is_whole, 1)) {
    if (__builtin_expect(!(((const swift_object *)address)->references & tools->unusual), 1))
      hot = plain_of(tools->walk, &member->hot, tools->leaf, address);
    if (__builtin_expect(!hot, 0)) hot = csizer_crew_get_to_know(member, tools->leaf, address);
  }
  if (__builtin_expect(!hot, 0)) {
    csizer_crew_leave_aside(member, tools->leaf, address);
    return;
  }
  for (uint64_t words = hot->references; words; words &= words - 1)
    is_whole &= meet(tools, ((const uintptr_t *)address)[__builtin_ctzll(words)], address);
  if (__builtin_expect(is_whole, 1)) plain_add(hot);
  else csizer_crew_leave_aside(member, tools->leaf, address);
}

// ---- Boxes ----

static void believe_all(const csizer_heapmap *map, const crew_box *box, size_t from, size_t to) {
  enum { AHEAD = 12 };
  for (size_t i = from; i < to; i++) {
    const heapmap_grain ahead = box->grains[(i + AHEAD) % CREW_BOX], grain = box->grains[i % CREW_BOX];
    if (i + AHEAD < to) heapmap_fetch_seen(heapmap_leaf_of_grain(map, ahead), ahead);
    heapmap_believe_own(heapmap_leaf_of_grain(map, grain), grain);
  }
}

static void read_box(crew_member *member) {
  crew_box *box = member->others_box;
  const size_t taken = box->taken, told = __atomic_load_n(&box->told, __ATOMIC_ACQUIRE);
  if (taken == told) return;
  believe_all(member->crew->walk->map, box, taken, told);
  __atomic_store_n(&box->taken, told, __ATOMIC_RELEASE);
}

static void tell(crew_member *member) {
  if (member->box->told != member->written)
    __atomic_store_n(&member->box->told, member->written, __ATOMIC_RELEASE);
}

// The first worker, when the other has not come: what it would have been told is believed here.
static bool be_alone(crew_member *member) {
  uint32_t nobody = 0;
  walk_crew *crew = member->crew;
  if (member->is_alone) return true;
  if (member != crew->members) return false;
  if (!__atomic_compare_exchange_n(&crew->gate, &nobody, CREW_CLOSED, false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED))
    return false;
  crew_box *box = member->box;
  believe_all(crew->walk->map, box, box->taken, member->written);
  box->taken = box->told = member->written;
  return member->is_alone = true;
}

// Room for what one object may have to tell; false when the other has not come, and will not.
static __attribute__((noinline)) bool make_room(crew_member *member) {
  enum { MOST = 64 };
  crew_box *box = member->box;
  for (unsigned tries = 0;; tries++) {
    tell(member);
    read_box(member);
    member->limit = __atomic_load_n(&box->taken, __ATOMIC_ACQUIRE) + CREW_BOX - MOST;
    if (member->written < member->limit) return true;
    if (be_alone(member)) return false;
    csizer_backoff(tries);
  }
}

// ---- One pass ----

// It ends early where the worker turns out to be alone.
PLAIN_INLINE void scan_ring(crew_member *member, size_t end, bool has_other) {
  const walk_crew *crew = member->crew;
  const scan_tools tools = {.member = member,
                            .walk = crew->walk,
                            .map = crew->walk->map,
                            .leaf = member->stretch.leaf,
                            .unusual = crew_unusual(crew),
                            .has_other = has_other};
  for (size_t head = member->head; head < end; head++) {
    __atomic_store_n(&member->head, head, __ATOMIC_RELAXED);
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    if (has_other && __builtin_expect(member->written >= member->limit, 0) && !make_room(member)) return;
    scan(&tools, member->ring[head % PLAIN_RING]);
  }
  if (member->head < end) member->head = end;
}

static __attribute__((noinline)) void scan_with_other(crew_member *member, size_t end) { scan_ring(member, end, true); }

static __attribute__((noinline)) void scan_alone(crew_member *member, size_t end) { scan_ring(member, end, false); }

static void scan_up_to(crew_member *member, size_t end) {
  if (!member->is_alone) scan_with_other(member, end);
  if (member->is_alone) scan_alone(member, end);
}

static void sweep_stretch(crew_member *member) {
  enum { A_WHILE = 32 };
  heapmap_leaf *leaf = member->stretch.leaf;
  if (member->crew->sees_all) csizer_heapmap_see_live(&member->stretch);
  while (member->stretch.unit < member->stretch.end) {
    const size_t unit = member->stretch.unit++;
    if (unit % A_WHILE == 0 && !member->is_alone) {
      tell(member);
      read_box(member);
    }
    if (!heapmap_waits(leaf, unit)) continue;
    const uintptr_t start = heapmap_unit_start(member->stretch.index, unit);
    const size_t reach = plain_reach(member->crew->walk, leaf, start);
    heapmap_places waiting = heapmap_take_waiting(leaf, unit, start);
    size_t tail = member->tail;
    for (uintptr_t object; heapmap_next_place(&waiting, &object);) {
      plain_fetch(object, reach);
      heapmap_fetch_live(leaf, object);
      member->ring[tail++ % PLAIN_RING] = object;
    }
    member->tail = tail;
    if (tail > member->head + PLAIN_AHEAD) scan_up_to(member, tail - PLAIN_AHEAD);
  }
  scan_up_to(member, member->tail);
  member->scanned += member->tail;
  member->head = member->tail = 0;
}

// What a fault has left in the middle comes first.
static void sweep_part(crew_member *member) {
  const walk_crew *crew = member->crew;
  __atomic_store_n(&member->is_reading, true, __ATOMIC_RELAXED);
  if (member->stretch.leaf) sweep_stretch(member);
  while (csizer_heapmap_next_stretch(crew->walk->map, member->sweeps, &member->stretch)) {
    sweep_stretch(member);
    if (member == crew->members && crew->walk->steps) (*crew->walk->steps)++;
  }
  member->stretch = (heapmap_stretch){0};
  __atomic_store_n(&member->is_reading, false, __ATOMIC_RELAXED);
}

// Until the other has swept its part, too, and all that it had to tell is read.
static void hear_out(crew_member *member, uint32_t pass) {
  const crew_member *other = &member->crew->members[1 - member->part];
  tell(member);
  __atomic_store_n(&member->has_swept, pass, __ATOMIC_RELEASE);
  for (unsigned tries = 0; __atomic_load_n(&other->has_swept, __ATOMIC_ACQUIRE) != pass; tries++) {
    read_box(member);
    csizer_backoff(tries);
  }
  read_box(member);
}

static void begin(crew_member *member) {
  member->stretch = (heapmap_stretch){0};
  member->head = member->tail = member->scanned = 0;
  member->sweeps = member->part;
  member->is_alone = member->crew->count == 1;
  member->limit = 0;  // to be looked at
}

// What can't be read is left aside, for the walk to make of it what it always does.
void csizer_crew_work_through(crew_member *member, uint32_t pass) {
  begin(member);
  if (sigsetjmp(member->after_fault, 0)) {
    if (member->has_lock) unlock(member);
    csizer_crew_leave_aside(member, member->stretch.leaf, member->ring[member->head++ % PLAIN_RING]);
  }
  sweep_part(member);
  if (member->sweeps == member->part && be_alone(member)) {
    member->sweeps = 1 - member->part;
    sweep_part(member);
  }
  if (!member->is_alone) hear_out(member, pass);
}
