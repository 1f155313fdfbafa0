// SPDX-License-Identifier: Apache-2.0
#include "support/made_lifetimes.h"

#include <string.h>

#include "csizer_census.h"
#include "lifetimes/lifetimes_check.h"
#include "support/check.h"

size_t made_destroyed;

static SWIFT_CALL void destroy(SWIFT_CONTEXT_PARAMETER void *object) {
  CHECK(object != NULL);
  __atomic_fetch_add(&made_destroyed, 1, __ATOMIC_RELAXED);
}

static class_destroyer *slot_of(const swift_class *type) { return (class_destroyer *)((uintptr_t)type - 16); }

// Room for thousands: those of made_types.h have descriptors and names as well.
const swift_class *made_life_class(const swift_class *superclass) {
  uintptr_t *words = calloc(1, 16 + sizeof(swift_class));  // never freed, as metadata
  CHECK(words != NULL);
  swift_class *type = (swift_class *)(void *)(words + 2);
  type->superclass = superclass;
  type->instance_size = 32;
  *slot_of(type) = destroy;
  return type;
}

static void point(swift_relative *at, const void *target) {
  *at = (swift_relative)((intptr_t)target - (intptr_t)at);
}

// One block: relative offsets reach no further than 2 GiB.
const swift_class *made_named_class(const char *module, const char *name, const swift_class *superclass) {
  struct {
    swift_descriptor module, type;
    char texts[];
  } *part = calloc(1, sizeof *part + strlen(module) + strlen(name) + 2);
  CHECK(part != NULL);
  char *type_name = part->texts + strlen(module) + 1;
  strcpy(part->texts, module);
  strcpy(type_name, name);
  part->module.flags = SWIFT_CONTEXT_MODULE;
  part->type.flags = SWIFT_CONTEXT_CLASS;
  point(&part->module.name, part->texts);
  point(&part->type.name, type_name);
  point(&part->type.parent, &part->module);
  swift_class *type = (swift_class *)(uintptr_t)made_life_class(superclass);
  type->description = &part->type;
  return type;
}

bool made_slot_is_own(const swift_class *type) { return __atomic_load_n(slot_of(type), __ATOMIC_RELAXED) == destroy; }

swift_object *made_silent_object(const swift_class *type) {
  swift_object *object = calloc(1, 32);
  CHECK(object != NULL);
  object->metadata = (const swift_metadata *)(const void *)type;
  object->references = 3;
  return object;
}

void made_check_lives(void) { CHECK_SOUND(csizer_lifetimes_check()); }

// A check looks at all records: after the first steps at fewer and fewer of them.
static void step(void) {
  enum { FIRST = 256 };
  static unsigned steps;
  unsigned now = __atomic_add_fetch(&steps, 1, __ATOMIC_RELAXED);
  if (now < FIRST || !(now & (now - 1))) made_check_lives();
}

swift_object *made_birth(const swift_class *type) {
  swift_object *object = made_silent_object(type);
  if (__atomic_load_n(&csizer_births_are_tracked, __ATOMIC_RELAXED))
    csizer_lifetimes_born(object, type, __builtin_return_address(0));
  step();
  return object;
}

void made_death(swift_object *object) {
  const swift_class *type = (const swift_class *)(const void *)object->metadata;
  class_destroyer function = __atomic_load_n(slot_of(type), __ATOMIC_ACQUIRE);
  function(object);
  made_silent_death(object);
}

void made_silent_death(swift_object *object) {
  if (__atomic_load_n(&csizer_deaths_are_tracked, __ATOMIC_RELAXED)) csizer_lifetimes_ended(object);
  step();
  free(object);
}

csizer_lifetimes *made_tracker(void) {
  csizer_lifetimes *tracker;
  CHECK(csizer_census_map() != NULL);  // where it is noted who is tracked
  CHECK_EQUAL(csizer_lifetimes_create(&tracker), CSIZER_OK);
  return tracker;
}

void made_track(csizer_lifetimes *tracker, const swift_class *type, uint32_t tracking) {
  CHECK_EQUAL(csizer_tracked_class_add(tracker, type, &(csizer_tracking){.number = tracking}), CSIZER_OK);
  made_check_lives();
}

void made_track_named(csizer_lifetimes *tracker, const char *pattern, uint32_t tracking) {
  CHECK_EQUAL(csizer_tracked_pattern_add(tracker, pattern, &(csizer_tracking){.number = tracking}), CSIZER_OK);
  made_check_lives();
}

int made_tracking_of(csizer_lifetimes *tracker, const void *object) {
  uint32_t cohort;
  return csizer_lifetimes_find(tracker, object, &cohort) ? (int)csizer_lifetimes_cohort(tracker, cohort).number : -1;
}

uint32_t made_count(csizer_lifetimes *tracker, csizer_fate fate) {
  uint32_t count = 0, end = csizer_lifetimes_count(tracker);
  for (uint32_t i = 0; i < end; i++)
    count += csizer_lifetimes_read(tracker, i).fate == fate;
  return count;
}
