// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include "lifetimes/unloaded.h"

#include <dlfcn.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "csizer_images.h"
#include "csizer_sizing.h"
#include "support/check.h"
#include "support/made_lifetimes.h"

// A library's class is metadata in memory that goes; its descriptor is in this program, which stays. That a library was
// closed the loader says, which closes another one meanwhile.

static uint32_t descriptor[8] = {SWIFT_CONTEXT_CLASS};
static size_t page;

static SWIFT_CALL void destroy(SWIFT_CONTEXT_PARAMETER void *object) { (void)object; }

typedef struct library {
  char *memory;
  swift_class *type, *heir;
} library;

static swift_class *write_class(char *at, const swift_class *superclass) {
  uintptr_t words[16] = {(uintptr_t)destroy, 0, SWIFT_CLASS, (uintptr_t)superclass, 0, 0, 0, (uintptr_t)descriptor};
  memcpy(at, words, sizeof words);
  return (swift_class *)(void *)(at + 16);
}

// At `where`, or where there is room.
static library open_library(void *where) {
  page = (size_t)sysconf(_SC_PAGESIZE);
  int fixed = where ? MAP_FIXED_NOREPLACE : 0;
  library library = {mmap(where, page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | fixed, -1, 0), NULL, NULL};
  CHECK(library.memory != MAP_FAILED);
  library.type = write_class(library.memory, NULL);
  library.heir = write_class(library.memory + 512, library.type);
  return library;
}

static void close_another(void) {
  unsigned long long before = csizer_removals();
  void *other = dlopen("libBrokenLocale.so.1", RTLD_NOW);
  if (!other) other = dlopen("libanl.so.1", RTLD_NOW);
  CHECK(other && dlclose(other) == 0);
  CHECK_EQUAL(csizer_removals(), before + 1);
}

static void close_library(library library) {
  CHECK_EQUAL(munmap(library.memory, page), 0);
  close_another();
}

// Its own, of the class and of its heir, have lived and died, so that both are known.
static csizer_lifetimes *track(library library) {
  csizer_lifetimes *tracker = made_tracker();
  made_track(tracker, library.type, 7);
  swift_object *one = made_birth(library.type), *other = made_birth(library.heir);
  CHECK_EQUAL(made_tracking_of(tracker, one), 7);
  CHECK_EQUAL(made_tracking_of(tracker, other), 7);
  made_silent_death(one);
  made_silent_death(other);
  CHECK_EQUAL(made_count(tracker, CSIZER_DEAD), 2);
  return tracker;
}

TEST(a_tracker_ends_after_its_classes_library) {
  library library = open_library(NULL);
  csizer_lifetimes *tracker = track(library);
  close_library(library);
  csizer_lifetimes_destroy(tracker);
}

TEST(classes_are_detached_after_their_library) {
  library library = open_library(NULL);
  csizer_lifetimes *tracker = track(library);
  close_library(library);
  CHECK(!csizer_lifetimes_untrack_class(tracker, library.type));  // it went
  csizer_lifetimes_untrack_classes(tracker);
  csizer_kept kept;
  CHECK_EQUAL(csizer_lifetimes_untrack_objects(tracker, &kept), CSIZER_OK);
  csizer_kept_release(&kept);
  CHECK_EQUAL(made_count(tracker, CSIZER_DEAD), 2);  // the records stay
  CHECK_EQUAL(csizer_lifetimes_cohort_count(tracker), 2);
  CHECK(!csizer_lifetimes_cohort(tracker, 0).type && !csizer_lifetimes_cohort(tracker, 1).type);
  csizer_lifetimes_destroy(tracker);
}

TEST(other_classes_are_tracked_after_a_library_whose_objects_were_met) {
  library library = open_library(NULL);
  csizer_lifetimes *tracker = made_tracker();
  const swift_class *mine = write_class(made_room(256), NULL);
  made_track(tracker, mine, 1);
  made_silent_death(made_birth(library.heir));  // met, and not tracked
  close_library(library);
  const swift_class *another = write_class(made_room(256), NULL);
  made_track(tracker, another, 2);
  swift_object *object = made_birth(another), *older = made_birth(mine);
  CHECK_EQUAL(made_tracking_of(tracker, object), 2);
  CHECK_EQUAL(made_tracking_of(tracker, older), 1);
  made_silent_death(object);
  made_silent_death(older);
  csizer_lifetimes_destroy(tracker);
}

TEST(a_class_in_the_place_of_one_that_is_gone_is_new) {
  library library = open_library(NULL);
  csizer_lifetimes *tracker = track(library);
  close_library(library);
  CHECK_EQUAL(csizer_lifetimes_cohort_count(tracker), 2);
  library = open_library(library.memory);
  swift_object *object = made_birth(library.type);
  CHECK_EQUAL(made_tracking_of(tracker, object), -1);  // nobody has tracked it
  made_silent_death(object);
  made_track(tracker, library.type, 9);
  object = made_birth(library.heir);
  CHECK_EQUAL(made_tracking_of(tracker, object), 9);
  made_silent_death(object);
  // Two that are gone, and two that are new.
  CHECK_EQUAL(csizer_lifetimes_cohort_count(tracker), 4);
  CHECK(!csizer_lifetimes_cohort(tracker, 0).type && !csizer_lifetimes_cohort(tracker, 1).type);
  CHECK(csizer_lifetimes_cohort(tracker, 2).type == library.type);
  CHECK(csizer_lifetimes_cohort(tracker, 3).type == library.heir);
  csizer_lifetimes_destroy(tracker);
  CHECK(munmap(library.memory, page) == 0);
}

TEST(metadata_that_is_there_stays_known) {
  library library = open_library(NULL);
  csizer_lifetimes *tracker = track(library);
  close_another();
  swift_object *object = made_birth(library.heir);
  CHECK_EQUAL(made_tracking_of(tracker, object), 7);
  CHECK(csizer_lifetimes_tracks_class(tracker, library.type));
  made_silent_death(object);
  CHECK(csizer_lifetimes_untrack_class(tracker, library.type));
  csizer_lifetimes_destroy(tracker);
  CHECK(munmap(library.memory, page) == 0);
}
