// SPDX-License-Identifier: Apache-2.0
#include "lifetimes/lifetimes_check.h"

#include "csizer_census.h"
#include "lifetimes/numbers.h"
#include "support/check.h"
#include "support/made_lifetimes.h"

// What the check of tracking finds: each breach is made by hand, found, and mended.

enum { OBJECTS = 20 };

typedef struct lives {
  csizer_lifetimes *tracker;
  const swift_class *type;
  swift_object *objects[OBJECTS];
} lives;

static void begin(lives *lives) {
  lives->tracker = made_tracker();
  lives->type = made_life_class(NULL);
  made_track(lives->tracker, lives->type, 1);
  for (int i = 0; i < OBJECTS; i++) lives->objects[i] = made_birth(lives->type);
}

static void end(lives *lives) {
  made_check_lives();
  for (int i = 0; i < OBJECTS; i++) made_death(lives->objects[i]);
  csizer_lifetimes_destroy(lives->tracker);
  made_check_lives();
}

static void expect(const char *broken) { CHECK_TEXT(csizer_lifetimes_check(), broken); }

TEST(a_record_that_ended_behind_the_indexs_back_is_found) {
  lives lives;
  begin(&lives);
  lifetime_record *record = lifetime_record_at(lives.tracker, OBJECTS / 2);
  uint64_t before = record->end;
  record->end &= ~LIFETIME_TRACKED;
  expect("a record of the living is over");
  record->end = before;
  end(&lives);
}

TEST(an_object_that_the_index_lost_is_found) {
  lives lives;
  begin(&lives);
  csizer_lifetimes *owner;
  uintptr_t address = (uintptr_t)lives.objects[3];
  CHECK(csizer_tracked_mark(address));  // into the index
  made_check_lives();
  lifetime_record *record = csizer_living_take(address, &owner);
  expect("the index of the living and the records differ");
  CHECK(record == lifetime_record_at(lives.tracker, 3));
  CHECK(csizer_living_reserve(shard_hash(address)));
  csizer_living_insert(shard_hash(address), owner->number, 3);
  end(&lives);
}

TEST(an_object_that_the_census_does_not_know_as_tracked_is_found) {
  lives lives;
  begin(&lives);
  uintptr_t address = (uintptr_t)lives.objects[7];
  CHECK(csizer_tracked_mark(address));
  uint32_t *number = number_find(address);
  *number = NUMBER_NONE;
  expect("the census does not know that an object is tracked");
  *number = NUMBER_INDEXED;
  end(&lives);
}

TEST(a_number_that_got_lost_is_found) {
  lives lives;
  begin(&lives);
  uint32_t *number = number_find((uintptr_t)lives.objects[7]), before = *number;
  CHECK(number_is_direct(before));
  *number = NUMBER_NONE;
  expect("the index of the living and the records differ");
  *number = before;
  end(&lives);
}

TEST(numbers_that_are_out_of_order_are_found) {
  lives lives;
  begin(&lives);
  CHECK_EQUAL(csizer_lifetimes_count(lives.tracker), OBJECTS);
  lifetime_record *record = lifetime_record_at(lives.tracker, 5);
  uint64_t before = record->birth;
  record->birth = 1;
  CHECK_TEXT(csizer_record_order_check(lives.tracker, 0), "numbers are out of the order of birth");
  record->birth = 0;
  CHECK_TEXT(csizer_record_order_check(lives.tracker, 0), "a number leads to a slot that is empty");
  record->birth = before;
  end(&lives);
}

TEST(a_tracked_class_whose_deaths_are_not_seen_is_found) {
  lives lives;
  begin(&lives);
  class_entry *entry = csizer_class_find(lives.type);
  csizer_class_unhook(entry);
  expect("deaths of a tracked class are not seen");
  CHECK(csizer_class_hook(entry));
  end(&lives);
}

TEST(a_miscount_of_a_class_that_is_let_go_is_found) {
  lives lives;
  begin(&lives);
  CHECK(csizer_lifetimes_untrack_class(lives.tracker, lives.type));
  made_check_lives();
  class_entry *entry = csizer_class_find(lives.type);
  CHECK_EQUAL(entry->remaining, OBJECTS);
  entry->remaining--;
  expect("the living of classes that are not tracked are miscounted");
  entry->remaining++;
  end(&lives);
}

TEST(a_switch_that_is_off_is_found) {
  lives lives;
  begin(&lives);
  csizer_births_are_tracked = false;
  expect("a class is tracked and no birth is told");
  csizer_births_are_tracked = true;
  csizer_deaths_are_tracked = false;
  expect("objects are tracked and no death is told");
  csizer_deaths_are_tracked = true;
  end(&lives);
}
