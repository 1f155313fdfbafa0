// SPDX-License-Identifier: Apache-2.0
// Sizes all living objects of a tracker in one walk: which they are is in sizing_list.c, what becomes of the sizes in
// sizing_record.c.
#define _GNU_SOURCE
#include "csizer_sizing.h"

#include <string.h>
#include <sys/mman.h>

#include "layouts/layout_check.h"
#include "layouts/member_list.h"
#include "platform/refusals.h"
#include "snapshot/sizing_internal.h"

// ---- Room for results ----

static void *map_results(size_t bytes, bool is_shared) {
  if (is_shared && csizer_frozen_takes_refusal()) return NULL;
  int sharing = is_shared ? MAP_SHARED : MAP_PRIVATE;
  void *results = mmap(NULL, bytes, PROT_READ | PROT_WRITE, sharing | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  return results == MAP_FAILED ? NULL : results;
}

// Only a frozen image's names come through shared memory. Relaxed: the room is a hint (csizer_sizing_lacks_room).
static uint64_t referent_room(const csizer_lifetimes *lifetimes) {
  const uint64_t room = __atomic_load_n(&lifetimes->referent_room, __ATOMIC_RELAXED);
  enum { FIRST = 1 << 20, ANY_SHARD = 0 };
  bool are_named = false;
  csizer_shard_lock(ANY_SHARD);  // a birth that meets a new class may move the cohorts elsewhere
  for (uint32_t i = 0; i < lifetimes->cohort_count; i++) are_named |= lifetimes->cohorts[i].resolution_level != 0;
  csizer_shard_unlock(ANY_SHARD);
  if (!are_named) return 0;
  return room > FIRST ? room : FIRST;
}

uint64_t csizer_sizing_result_bytes(const csizer_lifetimes *lifetimes) {
  return sizeof(csizer_sizing) + lifetimes->living_count * sizeof(uint64_t) + referent_room(lifetimes);
}

csizer_status csizer_sizing_create(csizer_lifetimes *lifetimes, bool is_shared, csizer_sizing **ret_sizing) {
  if (!csizer_lifetimes_put_in_order(lifetimes) || !csizer_sizing_list_new(lifetimes, lifetimes->ordered))
    return CSIZER_NO_MEMORY;
  uint64_t room = is_shared ? referent_room(lifetimes) : 0;
  size_t least = sizeof(csizer_sizing) + (size_t)lifetimes->living_count * sizeof(uint64_t);
  csizer_sizing *sizing = map_results(least + room, is_shared);
  if (!sizing && room) {  // sizes without names are better than nothing
    room = 0;
    sizing = map_results(least, is_shared);
  }
  if (!sizing) return CSIZER_NO_MEMORY;
  sizing->lifetimes = lifetimes;
  sizing->bytes = least + room;
  sizing->count = lifetimes->living_count;
  sizing->is_shared = is_shared;
  sizing->referents = (char *)&sizing->sizes[sizing->count];
  sizing->referent_room = room;
  *ret_sizing = sizing;
  return CSIZER_OK;
}

void csizer_sizing_destroy(csizer_sizing *sizing) {
  if (!sizing) return;
  csizer_page_array_deinit(&sizing->own_referents);
  if (sizing->kinds) munmap(sizing->kinds, sizing->kind_room * sizeof *sizing->kinds);
  munmap(sizing, sizing->bytes);
}

uint32_t csizer_sizing_count(const csizer_sizing *sizing) { return sizing->count; }

// ---- Types ----

csizer_status csizer_sizing_prepare(csizer_lifetimes *lifetimes, csizer_layouts *layouts) {
  uint32_t count = csizer_lifetimes_cohort_count(lifetimes);
  if (lifetimes->prepared_for != layouts || lifetimes->prepared > count) lifetimes->prepared = 0;
  lifetimes->prepared_for = layouts;
  for (; lifetimes->prepared < count; lifetimes->prepared++) {
    csizer_cohort cohort = csizer_lifetimes_cohort(lifetimes, lifetimes->prepared);
    if (!cohort.type) continue;  // gone with its library
    if (!csizer_layouts_object(layouts, cohort.type)) return CSIZER_NO_MEMORY;
    if (cohort.resolution_level && !csizer_layouts_prepare_members(layouts, cohort.type)) return CSIZER_NO_MEMORY;
  }
#ifdef CSIZER_CHECKS
  const char *broken = csizer_layout_check(layouts);
  if (broken) return csizer_refusal_tell_broken(broken);
#endif
  return CSIZER_OK;
}

void csizer_sizing_ask_nobody(csizer_sizing *sizing, csizer_walk *walk) { walk->layouts->unknown = &sizing->unknown; }

void csizer_sizing_ask_again(csizer_walk *walk) { walk->layouts->unknown = NULL; }

uint32_t csizer_sizing_unknown(csizer_sizing *sizing, const csizer_layouts *layouts) {
  return csizer_unknown_keep_types(&sizing->unknown, &layouts->images);
}

uint32_t csizer_sizing_learn(const csizer_sizing *sizing, csizer_layouts *layouts) {
  return csizer_unknown_compile(&sizing->unknown, layouts);
}

// ---- The walk ----

static const lifetime_record *record_in(const csizer_sizing *sizing, uint32_t index) {
  return lifetime_record_numbered(sizing->lifetimes, sizing_numbers(sizing->lifetimes)[index]);
}

// As csizer_walk_skip, without calls where the map has a leaf.
static inline csizer_status skip(csizer_walk *walk, uintptr_t object) {
  heapmap_leaf *leaf = heapmap_leaf_of(walk->map, object);
  if (__builtin_expect(!leaf, 0)) return csizer_walk_skip(walk, (const void *)object);
  heapmap_mark(leaf, object);
  return CSIZER_OK;
}

// What trackers have recorded is the profiler's. Who refers to one would seem to grow with every snapshot.
static csizer_status skip_owners(csizer_walk *walk) {
  csizer_status status = CSIZER_OK;
  for (uint32_t i = 0; !status && i < csizer_trackers_end; i++) {
    const void *owner = csizer_trackers[i] ? csizer_trackers[i]->owner : NULL;
    if (csizer_heapmap_contains(walk->map, owner)) status = csizer_walk_skip(walk, owner);
  }
  return status;
}

csizer_status csizer_sizing_begin(csizer_sizing *sizing, csizer_walk *walk) {
  for (uint32_t i = 0; i < sizing->count; i++) {
    const lifetime_record *record = record_in(sizing, i);
    sizing->steps++;
    if (!lifetime_is_tracked(record)) continue;  // it died since the list was made
    csizer_status status = skip(walk, lifetime_address(record));
    if (status) return status;
  }
  return skip_owners(walk);
}

// Rare: some programs change an object's class, perhaps back again. What is known of it stands in the order of objects.
static __attribute__((noinline)) void note_class(csizer_sizing *sizing, uint32_t number, const void *tracked,
                                                 const void *type) {
  if (!tracked) return;  // its library is gone, and so is what the object was
  const csizer_morph *known;
  size_t count = csizer_morphs(sizing->lifetimes, &known);
  while (sizing->next_known < count && known[sizing->next_known].object < number) sizing->next_known++;
  bool is_known = sizing->next_known < count && known[sizing->next_known].object == number;
  const void *before = is_known ? known[sizing->next_known].type : tracked;
  if (before == type || sizing->morph_count == SIZING_MORPHS) return;  // those without room are met again next time
  sizing->morphs[sizing->morph_count++] = (csizer_morph){number, type};
}

static inline void fetch_ahead(const csizer_sizing *sizing, uint32_t index) {
  enum { AHEAD = 16 };
  if (index + AHEAD >= sizing->count) return;
  // Of a dead object this is no address; fetching it does no harm.
  const char *object = (const char *)lifetime_address(record_in(sizing, index + AHEAD));
  __builtin_prefetch(object);
  __builtin_prefetch(object + 31);
}

csizer_status csizer_sizing_run(csizer_sizing *sizing, csizer_walk *walk, const void **ret_object,
                                uint32_t *ret_level) {
  const csizer_lifetimes *lifetimes = sizing->lifetimes;
  *ret_object = NULL;
  for (; sizing->next < sizing->count; sizing->next++) {
    fetch_ahead(sizing, sizing->next);
    const lifetime_record *record = record_in(sizing, sizing->next);
    if (__builtin_expect(!lifetime_is_tracked(record), 0)) {
      sizing->sizes[sizing->next] = SIZING_DEAD;
      continue;
    }
    const csizer_cohort *cohort = &lifetimes->cohorts[record->cohort];
    sizing->steps++;
    const swift_object *object = (const swift_object *)lifetime_address(record);
    if (__builtin_expect((const void *)object->metadata != cohort->type || lifetimes->morph_count, 0))
      note_class(sizing, sizing_numbers(lifetimes)[sizing->next], cohort->type, object->metadata);
    if (__builtin_expect(cohort->resolution_level != 0, 0)) {
      *ret_object = object;
      *ret_level = cohort->resolution_level;
      return CSIZER_OK;
    }
    size_t before = walk->totals.bytes;
    csizer_status status = csizer_walk_marked(walk, object);
    if (__builtin_expect(status != CSIZER_OK, 0)) return status;
    sizing->sizes[sizing->next] = walk->totals.bytes - before;
  }
  return CSIZER_OK;
}

uint32_t csizer_sizing_name(csizer_sizing *sizing, uint64_t bytes) {
  sizing->sizes[sizing->next] = bytes;
  return sizing_numbers(sizing->lifetimes)[sizing->next++];
}

// ---- Named referents ----

static bool make_room(csizer_sizing *sizing, uint64_t bytes) {
  if (bytes <= sizing->referent_room) return true;
  if (sizing->is_shared || !csizer_page_array_reserve(&sizing->own_referents, bytes)) return false;
  sizing->referents = sizing->own_referents.memory;
  sizing->referent_room = sizing->own_referents.bytes;
  return true;
}

// Keeps the tree that was built last as that of the object at which the run stopped. What a child has no room for is
// only counted. A fault may come in the middle, where a text is nowhere: then nothing has been said yet.
static csizer_status keep(csizer_sizing *sizing, const csizer_referents *referents) {
  csizer_referent_tree head = {.object = sizing_numbers(sizing->lifetimes)[sizing->next]};
  head.bytes = csizer_referents_write(referents, true, NULL, 0);
  uint64_t wish = sizing->referent_wish + sizeof head + head.bytes;
  bool has_room = make_room(sizing, wish);
  if (has_room) {
    char *at = sizing->referents + sizing->referent_bytes;
    memcpy(at, &head, sizeof head);
    csizer_referents_write(referents, true, at + sizeof head, head.bytes);
    sizing->referent_bytes = wish;
  }
  sizing->referent_wish = wish;
  return has_room || sizing->is_shared ? CSIZER_OK : CSIZER_NO_MEMORY;
}

static csizer_status name_one(csizer_sizing *sizing, csizer_walk *walk, const void *named, uint32_t level,
                              csizer_referents *referents) {
  uint64_t bytes;
  csizer_status status = csizer_referents_of_marked(referents, walk, named, level, &bytes);
  if (!status) status = keep(sizing, referents);
  if (!status) csizer_sizing_name(sizing, bytes);
  return status;
}

csizer_status csizer_sizing_next(csizer_sizing *sizing, csizer_walk *walk, csizer_referents *referents) {
  const void *named;
  uint32_t level;
  csizer_status status = csizer_sizing_run(sizing, walk, &named, &level);
  return status || !named ? status : name_one(sizing, walk, named, level, referents);
}

csizer_status csizer_sizing_all(csizer_sizing *sizing, csizer_walk *walk, csizer_key_types keys) {
  csizer_referents *referents = NULL;  // of most trackers no tree is wanted
  csizer_status status = csizer_sizing_begin(sizing, walk);
  while (!status && sizing->next < sizing->count) {
    const void *named;
    uint32_t level;
    status = csizer_sizing_run(sizing, walk, &named, &level);
    if (status || !named) continue;
    if (!referents) status = csizer_referents_create(keys, &referents);
    if (!status) status = name_one(sizing, walk, named, level, referents);
  }
  csizer_referents_destroy(referents);
  return status;
}

size_t csizer_sizing_referents(const csizer_sizing *sizing, const void **ret_trees) {
  *ret_trees = sizing->referents;
  return sizing->referent_bytes;
}

bool csizer_sizing_lacks_room(const csizer_sizing *sizing) {
  // The tracker may be cleared meanwhile: it is a hint for the next image.
  __atomic_store_n(&sizing->lifetimes->referent_room, sizing->referent_wish + sizing->referent_wish / 4,
                   __ATOMIC_RELAXED);
  return sizing->referent_bytes != sizing->referent_wish;
}
