// SPDX-License-Identifier: Apache-2.0
#include "platform/backoff.h"
#include "walk/walk_crew_internal.h"

// One object, in one job of a turn: only marks of the job's own part are written, and what the object leads to is not
// read.
//
// Two workers who set bits in one map were measured: each line is where the other has written it last, and they take
// longer than one.

// ---- What is not known yet ----

// Rare enough to spin: once for each page that something is met in.
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
  heapmap_places seen = heapmap_seen(leaf, unit, heapmap_unit_start(member->stretch.index, unit));
  for (uintptr_t object; heapmap_next_place(&seen, &object);)
    if (heapmap_is_live(leaf, object)) {
      pagememo_size(&member->crew->walk->memo, leaf, object);
      return;
    }
}

// Those of the pages ahead that something was found in, too: they are learnt at one go. Pages are of one part, so their
// bytes are the member's alone; what is under the lock are the memo's sizes and the allocator.
static void learn_pages(crew_member *member, heapmap_leaf *leaf, uintptr_t address) {
  lock(member);
  pagememo_size(&member->crew->walk->memo, leaf, address);
  for (size_t unit = heapmap_unit_index(address); unit < member->stretch.end; unit++)
    if (!pagememo_is_known(leaf, heapmap_unit_start(member->stretch.index, unit))) learn_page_of(member, leaf, unit);
  unlock(member);
}

static void flush(crew_member *member, walk_hot *hot) {
  crew_sum *sum = &member->sums[hot->layout->kind];
  sum->count += hot->count;
  sum->bytes += hot->count * hot->usable;
  sum->requested += hot->count * hot->layout->requested;
  hot->count = 0;
}

// The place of a plain kind in the table, which it takes from another if need be: nobody is asked for that, so that
// heaps of many kinds cost a look at the layouts and no more. NULL: not plain, or not known to be.
static walk_hot *warm(crew_member *member, const void *metadata) {
  walk_hot *hot = &member->hot[((uintptr_t)metadata >> 4) % WALK_HOT];
  if (hot->metadata == metadata) return hot;
  const csizer_object_layout *layout = csizer_layout_map_find(&member->crew->walk->layouts->objects, metadata);
  if (!layout) return NULL;
  if (!walk_is_plain(layout) || layout->kind >= member->crew->kind_room) {
    member->others[((uintptr_t)metadata >> 4) % CREW_OTHERS] = metadata;
    return NULL;
  }
  if (hot->layout) flush(member, hot);
  else member->warm[member->warm_count++] = (unsigned)(hot - member->hot);
  *hot = (walk_hot){.metadata = metadata,
                    .references = layout->fields.references,
                    .usable = layout->usable ? layout->usable : 1,
                    .layout = layout};
  return hot;
}

__attribute__((noinline)) walk_hot *csizer_crew_get_to_know(crew_member *member, heapmap_leaf *leaf,
                                                            uintptr_t address) {
  const swift_object *object = (const swift_object *)address;
  const void *metadata = object->metadata;
  if (object->references & WALK_UNUSUAL) return NULL;
  if (member->others[((uintptr_t)metadata >> 4) % CREW_OTHERS] == metadata) return NULL;
  walk_hot *hot = warm(member, metadata);
  if (!hot) return NULL;
  if (!pagememo_is_known(leaf, address)) learn_pages(member, leaf, address);
  return pagememo_known_size(&member->crew->walk->memo, leaf, address) == hot->usable ? hot : NULL;
}

// Where nothing lives the mark was only believed, and is taken back: whoever has a block there may mark it before it is
// looked at.
__attribute__((noinline)) void csizer_crew_leave_aside(crew_member *member, heapmap_leaf *leaf, uintptr_t address) {
  if (!heapmap_is_live(leaf, address)) {
    heapmap_unsee(leaf, address);
    heapmap_clear_done(leaf, address);
  }
  member->aside[member->aside_count++] = address;
}

void csizer_crew_give_up_current(crew_member *member) {
  if (member->has_lock) unlock(member);
  csizer_crew_leave_aside(member, heapmap_leaf_at(member->crew->walk->map, member->current), member->current);
  csizer_crew_believe(member, member->own, member->found_count[member->part]);
  member->found_count[member->part] = 0;
  member->current = 0;
}

void csizer_crew_cool(crew_member *member) {
  csizer_walk *walk = member->crew->walk;
  if (!member->warm_count) return;
  for (unsigned i = 0; i < member->warm_count; i++) {
    flush(member, &member->hot[member->warm[i]]);
    member->hot[member->warm[i]] = (walk_hot){0};
  }
  member->warm_count = 0;
  for (uint32_t kind = 0; kind < member->crew->kind_room; kind++) {
    crew_sum *sum = &member->sums[kind];
    if (!sum->count) continue;
    csizer_kind_totals *totals = walk_kind(walk, kind);
    walk_count(walk, totals, sum->count, sum->bytes);
    totals->requested += sum->requested;
    walk->totals.objects += sum->count;
    walk->totals.requested += sum->requested;
    member->crew->plain += sum->count;
    *sum = (crew_sum){0};
  }
}

// ---- One object ----

// A reference is written behind the list of the part that it leads to, whose end moves if it is one: nothing is decided
// that nobody could foresee.
CREW_INLINE void meet(crew_member *member, uintptr_t address) {
  const heapmap_grain grain = heapmap_grain_of(address);
  const unsigned part = heapmap_part_of_grain(grain);
  const size_t place = member->found_count[part];
  member->found[part][place] = grain;
  member->found_count[part] = place + crew_is_in_range(grain);
}

/// A line that the other has read: a store to it waits for it, unless it is asked for before, to be written.
CREW_INLINE void crew_fetch_to_write(const void *address) {
#if defined(__x86_64__)
  // The builtin asks to read where a processor may lack this, for which it would be no operation.
  __asm__ volatile("prefetchw %0" : : "m"(*(const char *)address));
#else
  __builtin_prefetch(address, 1);
#endif
}

// Where all that lives is seen before, nothing needs to be marked nor logged but for what the census does not know.
CREW_INLINE void meet_unseen(crew_member *member, const csizer_heapmap *map, uintptr_t address, uintptr_t self) {
  const heapmap_grain grain = heapmap_grain_or(heapmap_grain_of(address), WALK_FLOOR, self >> 4);
  const heapmap_leaf *leaf = heapmap_leaf_of_grain(map, grain);
  if (__builtin_expect(!leaf || !heapmap_seems_seen(leaf, grain), 0)) meet(member, address);
}

enum { LOG_AHEAD = 64 };  // places between the fetch of a line of the log and a store to it

CREW_INLINE void follow(crew_member *member, const walk_hot *hot, uintptr_t address) {
  const csizer_walk *walk = member->crew->walk;
  const uintptr_t *object = (const uintptr_t *)address;
  if (walk->meets_dead) {
    for (uint64_t words = hot->references; words; words &= words - 1)
      meet_unseen(member, walk->map, object[__builtin_ctzll(words)], address);
    return;
  }
  const unsigned other = 1 - member->part;
  crew_fetch_to_write(&member->found[other][member->found_count[other] + LOG_AHEAD]);
  for (uint64_t words = hot->references; words; words &= words - 1)
    meet(member, object[__builtin_ctzll(words)]);
}

// It is counted when all can be read, and nothing is followed before.
CREW_INLINE void scan(crew_member *member, heapmap_leaf *leaf, uintptr_t address) {
  crew_begin_reading(member, address);
  walk_hot *hot = NULL;
  if (__builtin_expect(heapmap_is_live(leaf, address), 1)) {
    hot = crew_hot_of(member, leaf, address);
    if (__builtin_expect(!hot, 0)) hot = csizer_crew_get_to_know(member, leaf, address);
  }
  if (__builtin_expect(!hot, 0)) {
    csizer_crew_leave_aside(member, leaf, address);
    return;
  }
  crew_touch(hot, address);
  hot->count++;
  follow(member, hot, address);
}

// ---- What objects lead to ----

static __attribute__((noinline)) void note_stranger(crew_member *member, heapmap_grain grain) {
  heapmap_grain *const last = &member->last_strangers[grain % CREW_OTHERS];
  if (*last == grain) return;
  // Only an array has so many; all of it is looked at again.
  if ((member->has_strangers |= member->stranger_count == CREW_STRANGERS)) return;
  *last = grain;
  member->strangers[member->stranger_count++] = grain << 4;
}

void csizer_crew_believe(crew_member *member, const heapmap_grain *grains, size_t count) {
  enum { AHEAD = 32, FAR_AHEAD = 128 };
  const csizer_heapmap *map = member->crew->walk->map;
  for (size_t i = 0; i < count; i++) {
    __builtin_prefetch(&grains[i + FAR_AHEAD]);
    if (i + AHEAD < count) {
      const heapmap_leaf *next = heapmap_leaf_of_grain(map, grains[i + AHEAD]);
      if (__builtin_expect(next != NULL, 1)) heapmap_fetch_seen(next, grains[i + AHEAD]);
    }
    heapmap_leaf *leaf = heapmap_leaf_of_grain(map, grains[i]);
    if (__builtin_expect(leaf != NULL, 1)) heapmap_believe_own(leaf, grains[i]);
    else note_stranger(member, grains[i]);
  }
}

// The ring's head is behind an object before that is read: one that faults is not read twice, and what the batch has
// found before is believed all the same. Relaxed: read by this thread alone, behind a fault.
void csizer_crew_scan_ring(crew_member *member, size_t end) {
  heapmap_leaf *leaf = member->stretch.leaf;
  for (size_t head = member->head; head < end;) {
    const uintptr_t address = member->ring[head++ % CREW_RING];
    __atomic_store_n(&member->head, head, __ATOMIC_RELAXED);
    scan(member, leaf, address);
  }
  crew_end_reading(member);
  csizer_crew_believe(member, member->own, member->found_count[member->part]);
  member->found_count[member->part] = 0;
}
