// SPDX-License-Identifier: Apache-2.0
#include "watching.h"

#include "clock.h"
#include "csizer_census.h"
#include "heapmap_internal.h"

// Classes are decided once for each metadata: when it is first met, and all that were met again when what is watched changes. Births
// then only look the decision up. Everything here holds all shards.

enum { WATCHES_AT_ONCE = 64 };

static const watched_class *watched_by(const csizer_lifetimes *lifetimes, const swift_class *type) {
  for (; type; type = type->superclass)
    for (uint32_t i = 0; i < lifetimes->watched_count; i++)
      if (lifetimes->watched[i].type == type) return &lifetimes->watched[i];
  return NULL;
}

typedef struct decision {
  const swift_class *type;
  const class_entry *before;
  class_watch watches[WATCHES_AT_ONCE];
  uint32_t count;
  bool failed;
} decision;

// The cohort of the same announcement, if the class had one: objects made before and after are of one cohort then.
static uint32_t cohort_before(const class_entry *entry, const csizer_lifetimes *owner, uint32_t watch) {
  for (uint32_t i = 0; entry && i < entry->watch_count; i++)
    if (entry->watches[i].owner == owner && entry->watches[i].watch == watch) return entry->watches[i].cohort;
  return UINT32_MAX;
}

static bool ask_tracker(void *context, csizer_lifetimes *lifetimes) {
  decision *decision = context;
  const watched_class *watched = watched_by(lifetimes, decision->type);
  if (!watched) return true;
  if (decision->count == WATCHES_AT_ONCE) {
    decision->failed = true;
    return false;
  }
  uint32_t cohort = cohort_before(decision->before, lifetimes, watched->watch.watch);
  if (cohort == UINT32_MAX) cohort = csizer_lifetimes_add_cohort(lifetimes, decision->type, &watched->watch);
  decision->failed |= cohort == UINT32_MAX;
  decision->watches[decision->count++] = (class_watch){.owner = lifetimes,
                                                       .cohort = cohort,
                                                       .watch = watched->watch.watch,
                                                       .trace_depth = watched->watch.trace_depth,
                                                       .keep = watched->watch.keep};
  return !decision->failed;
}

// Living objects of a class are counted when nobody watches it any more: its hook stays until the last of them is dead.
static void count_living(void *context, csizer_lifetimes *owner, const lifetime_record *record) {
  class_entry *entry = context;
  entry->remaining += owner->cohorts[record->cohort].type == entry->type;
}

static void stop_watching(class_entry *entry) {
  entry->remaining = 0;
  csizer_living_each(count_living, entry);
  if (!entry->remaining) csizer_class_unhook(entry);
}

static bool decide(const void *metadata) {
  const swift_class *type = metadata;
  class_entry *entry = csizer_class_find(metadata);
  if (entry == &csizer_class_untracked) entry = NULL;
  decision decision = {.type = type, .before = entry};
  if (type->kind == SWIFT_CLASS) csizer_lifetimes_each(ask_tracker, &decision);
  if (decision.failed) return false;
  if (!decision.count && !entry) return csizer_class_set(metadata, &csizer_class_untracked);
  if (!entry) entry = csizer_class_make(type);
  if (!entry) return false;
  if (decision.count && !csizer_class_hook(entry)) return false;
  bool was_watched = entry->watch_count != 0;
  if (!csizer_class_set_watches(entry, decision.watches, decision.count)) return false;
  if (was_watched && !decision.count) stop_watching(entry);
  return true;
}

class_entry *csizer_watching_meet(const void *metadata) {
  csizer_shards_hold();
  class_entry *entry = csizer_class_find(metadata);
  if (!entry && decide(metadata)) entry = csizer_class_find(metadata);
  csizer_shards_release();
  return entry ? entry : &csizer_class_untracked;
}

static bool decide_again(void *context, const void *metadata) {
  bool *failed = context;
  if (!decide(metadata)) *failed = true;
  return true;
}

static bool has_watched(void *context, csizer_lifetimes *lifetimes) {
  bool *found = context;
  *found |= lifetimes->watched_count != 0;
  return !*found;
}

static bool decide_all(void) {
  bool failed = false, any = false;
  csizer_class_each(decide_again, &failed);
  csizer_lifetimes_each(has_watched, &any);
  __atomic_store_n(&csizer_births_are_watched, any, __ATOMIC_RELEASE);
  if (any) __atomic_store_n(&csizer_deaths_are_watched, true, __ATOMIC_RELEASE);
  return !failed;
}

static watched_class *announced(const csizer_lifetimes *lifetimes, const void *type) {
  for (uint32_t i = 0; i < lifetimes->watched_count; i++)
    if (lifetimes->watched[i].type == type) return &lifetimes->watched[i];
  return NULL;
}

bool csizer_lifetimes_watches(const csizer_lifetimes *lifetimes, const void *type) {
  csizer_shards_hold();
  bool is_announced = announced(lifetimes, type) != NULL;
  csizer_shards_release();
  return is_announced;
}

static void remove_watched(csizer_lifetimes *lifetimes, watched_class *watched) {
  *watched = lifetimes->watched[--lifetimes->watched_count];
}

static csizer_status watch(csizer_lifetimes *lifetimes, const swift_class *type, const csizer_watch *watch) {
  watched_class *known = announced(lifetimes, type);
  watched_class before = known ? *known : (watched_class){0};
  if (!known) {
    size_t bytes = ((size_t)lifetimes->watched_count + 1) * sizeof *known;
    if (!csizer_page_array_reserve(&lifetimes->watched_pages, bytes)) return CSIZER_NO_MEMORY;
    lifetimes->watched = lifetimes->watched_pages.memory;
    known = &lifetimes->watched[lifetimes->watched_count++];
  }
  *known = (watched_class){type, *watch};
  // The class itself is decided now, so that a refusal is told here and not met at a birth.
  bool is_decided = csizer_class_make(type) && decide(type) && decide_all();
  if (is_decided) return CSIZER_OK;
  if (before.type) *known = before;
  else remove_watched(lifetimes, known);
  decide_all();
  return CSIZER_NO_MEMORY;
}

csizer_status csizer_lifetimes_watch(csizer_lifetimes *lifetimes, const void *type, const csizer_watch *options) {
  if (!type || ((const swift_class *)type)->kind != SWIFT_CLASS) return CSIZER_INVALID;
  if (csizer_census_state() != CSIZER_HOOKS_REPLACED) return CSIZER_UNSUPPORTED;
  csizer_shards_hold();
  csizer_status status = watch(lifetimes, type, options);
  csizer_shards_release();
  return status;
}

bool csizer_lifetimes_unwatch(csizer_lifetimes *lifetimes, const void *type) {
  csizer_shards_hold();
  watched_class *known = announced(lifetimes, type);
  if (known) {
    remove_watched(lifetimes, known);
    decide_all();
  }
  csizer_shards_release();
  return known != NULL;
}

void csizer_lifetimes_unwatch_all(csizer_lifetimes *lifetimes) {
  csizer_shards_hold();
  lifetimes->watched_count = 0;
  decide_all();
  csizer_shards_release();
}

// ---- Single objects ----

// The cohort of single objects that were announced alike; a few are looked at, the newest first.
static uint32_t cohort_of(csizer_lifetimes *lifetimes, const swift_class *type, const csizer_watch *watch) {
  enum { LOOKED_AT = 64 };
  uint32_t last = lifetimes->cohort_count > LOOKED_AT ? lifetimes->cohort_count - LOOKED_AT : 0;
  for (uint32_t i = lifetimes->cohort_count; i-- > last;)
    if (lifetimes->cohorts[i].type == type && lifetimes->cohorts[i].watch == watch->watch) return i;
  return csizer_lifetimes_add_cohort(lifetimes, type, watch);
}

extern __attribute__((weak)) void *swift_retain(void *object);
extern __attribute__((weak)) void swift_release(void *object);

static csizer_status add(csizer_lifetimes *lifetimes, uintptr_t address, const csizer_watch *watch) {
  const swift_class *type = (const void *)((const swift_object *)address)->metadata;
  if (csizer_living_find(address, lifetimes->number)) return CSIZER_OK;
  class_entry *entry = csizer_class_make(type);
  if (!entry) return CSIZER_NO_MEMORY;
  if (!csizer_class_hook(entry)) return CSIZER_UNSUPPORTED;
  class_watch one = {.owner = lifetimes, .cohort = cohort_of(lifetimes, type, watch), .watch = watch->watch};
  if (one.cohort == UINT32_MAX || !csizer_tracked_mark(address)) return CSIZER_NO_MEMORY;
  if (!csizer_lifetimes_record(&one, address, clock_ticks(), 0)) return CSIZER_NO_MEMORY;
  if (!entry->watch_count) entry->remaining++;
  if (watch->keep) swift_retain((void *)address);
  __atomic_store_n(&csizer_deaths_are_watched, true, __ATOMIC_RELEASE);
  return CSIZER_OK;
}

// A static object has no block: nothing of it is born, dies or is freed.
static bool is_trackable(const swift_object *object) {
  bool is_immortal = (object->references & SWIFT_SLOW_REFERENCES) &&
                     (object->references & SWIFT_IMMORTAL_MASK) == SWIFT_IMMORTAL_MASK;
  return object->metadata->kind == SWIFT_CLASS && !is_immortal && !((uintptr_t)object & 15);
}

csizer_status csizer_lifetimes_add(csizer_lifetimes *lifetimes, const void *object, const csizer_watch *watch) {
  if (!is_trackable(object)) return CSIZER_INVALID;
  csizer_shards_hold();
  csizer_status status = add(lifetimes, (uintptr_t)object, watch);
  csizer_shards_release();
  return status;
}

bool csizer_lifetimes_find(csizer_lifetimes *lifetimes, const void *object, uint32_t *ret_cohort) {
  csizer_shards_hold();
  const lifetime_record *record = csizer_living_find((uintptr_t)object, lifetimes->number);
  if (record) *ret_cohort = record->cohort;
  csizer_shards_release();
  return record != NULL;
}

csizer_status csizer_lifetimes_set_level(csizer_lifetimes *lifetimes, const void *object, const csizer_watch *watch) {
  csizer_status status = CSIZER_INVALID;
  csizer_shards_hold();
  lifetime_record *record = csizer_living_find((uintptr_t)object, lifetimes->number);
  if (record) {
    uint32_t cohort = cohort_of(lifetimes, lifetimes->cohorts[record->cohort].type, watch);
    status = cohort == UINT32_MAX ? CSIZER_NO_MEMORY : CSIZER_OK;
    if (!status) record->cohort = cohort;
  }
  csizer_shards_release();
  return status;
}

// ---- The end of tracking ----

typedef struct release {
  uint64_t now;
  csizer_lifetimes *lifetimes;
  page_array kept;
  size_t kept_count;
} release;

static void release_record(void *context, lifetime_record *record) {
  release *release = context;
  const csizer_cohort *cohort = &release->lifetimes->cohorts[record->cohort];
  if (cohort->keep) ((void **)release->kept.memory)[release->kept_count++] = (void *)lifetime_address(record);
  record->end = LIFETIME_RELEASED | release->now;
}

static void count_kept(void *context, csizer_lifetimes *owner, const lifetime_record *record) {
  release *release = context;
  release->kept_count += owner == release->lifetimes && owner->cohorts[record->cohort].keep;
}

static void look_whether_any_lives(void *context, csizer_lifetimes *owner, const lifetime_record *record) {
  (void)owner, (void)record;
  *(bool *)context = true;
}

// Hooks that were left for the sake of objects which are not tracked any more.
static void drop_hooks(void) {
  bool any = false;
  csizer_living_each(look_whether_any_lives, &any);
  for (class_entry *entry = csizer_class_entries(); entry; entry = entry->next)
    if (!entry->watch_count && entry->remaining) stop_watching(entry);
  if (!any) __atomic_store_n(&csizer_deaths_are_watched, csizer_births_are_watched, __ATOMIC_RELEASE);
}

csizer_status csizer_lifetimes_release_objects(csizer_lifetimes *lifetimes, csizer_kept *ret_kept) {
  csizer_shards_hold();
  release release = {.lifetimes = lifetimes};
  csizer_living_each(count_kept, &release);
  bool has_room = csizer_page_array_reserve(&release.kept, release.kept_count * sizeof(void *) + 1);
  if (has_room) {
    release.kept_count = 0;
    release.now = clock_ticks();
    csizer_living_take_all(lifetimes->number, release_record, &release);
    drop_hooks();
  }
  csizer_shards_release();
  if (!has_room) return CSIZER_NO_MEMORY;
  *ret_kept = (csizer_kept){.objects = release.kept.memory, .count = release.kept_count, .bytes = release.kept.bytes};
  return CSIZER_OK;
}

void csizer_kept_let_go(csizer_kept *kept) {
  for (size_t i = 0; i < kept->count; i++) swift_release(kept->objects[i]);
  csizer_pages_unmap(kept->objects, kept->bytes);
  *kept = (csizer_kept){0};
}
