// SPDX-License-Identifier: Apache-2.0
#include <string.h>

#include "lifetimes/lifetimes_internal.h"
#include "support/check.h"

// The index of the living against a plain table: which trackers know which address, and under which number. Addresses
// are made up: the index never looks behind them.

enum { ADDRESSES = 1 << 16, TRACKERS = 3, OPERATIONS = 1000000 };
#define NONE UINT32_MAX

typedef struct model {
  csizer_lifetimes *trackers[TRACKERS];
  uint32_t numbers[ADDRESSES][TRACKERS];
  size_t count;
  uint64_t random;
} model;

static uintptr_t address_of(size_t index) { return 0x500000000000u + index * 16; }

static void start(model *model, uint64_t seed) {
  memset(model->numbers, 0xFF, sizeof model->numbers);
  model->count = 0;
  model->random = seed;
  for (int i = 0; i < TRACKERS; i++) {
    CHECK_EQUAL(csizer_lifetimes_create(&model->trackers[i]), CSIZER_OK);
    CHECK_EQUAL(csizer_cohorts_of(model->trackers[i], NULL, &(csizer_tracking){0}), 0);
  }
}

static void end(model *model) {
  for (int i = 0; i < TRACKERS; i++) csizer_lifetimes_destroy(model->trackers[i]);
  CHECK_EQUAL(csizer_living_bytes(), 0);
}

static void insert(model *model, size_t index, unsigned tracker) {
  csizer_lifetimes *owner = model->trackers[tracker];
  uint64_t hash = shard_hash(address_of(index));
  CHECK(csizer_living_reserve(hash));
  uint32_t number;
  lifetime_record *record = csizer_lifetimes_append(owner, &number);
  CHECK(record != NULL);
  record->birth = number + 1;
  record->trace = (uint32_t)index;  // not of interest to the index
  record->end = LIFETIME_TRACKED | address_of(index);
  csizer_living_insert(hash, owner->number, number);
  model->numbers[index][tracker] = number;
  model->count++;
}

static unsigned tracker_of(const model *model, const csizer_lifetimes *owner) {
  for (unsigned i = 0; i < TRACKERS; i++)
    if (model->trackers[i] == owner) return i;
  check_fail(__FILE__, __LINE__, "the owner is one of the trackers", NULL);
}

// Removes one record of an address, whosever the index chooses; the record's end is overwritten as a death does it.
static bool take(model *model, size_t index) {
  csizer_lifetimes *owner = NULL;
  lifetime_record *record = csizer_living_take(address_of(index), &owner);
  if (!record) return false;
  unsigned tracker = tracker_of(model, owner);
  uint32_t number = model->numbers[index][tracker];
  CHECK(number != NONE);
  CHECK(record == lifetime_record_at(owner, number));
  record->end = 1;
  model->numbers[index][tracker] = NONE;
  model->count--;
  return true;
}

static void check_address(const model *model, size_t index) {
  for (unsigned tracker = 0; tracker < TRACKERS; tracker++) {
    const lifetime_record *found = csizer_living_find(address_of(index), model->trackers[tracker]->number);
    uint32_t number = model->numbers[index][tracker];
    CHECK(found == (number == NONE ? NULL : lifetime_record_at(model->trackers[tracker], number)));
  }
}

typedef struct visits {
  const model *model;
  size_t count;
} visits;

static void visit(void *context, csizer_lifetimes *owner, const lifetime_record *record) {
  visits *visits = context;
  uint32_t number = visits->model->numbers[record->trace][tracker_of(visits->model, owner)];
  CHECK(record == lifetime_record_at(owner, number));
  visits->count++;
}

static void check_all(const model *model) {
  visits visits = {.model = model};
  csizer_living_each(visit, &visits);
  CHECK_EQUAL(visits.count, model->count);
  for (size_t i = 0; i < ADDRESSES; i++) check_address(model, i);
}

static void forget(void *context, lifetime_record *record) {
  model *model = ((void **)context)[0];
  unsigned tracker = *(unsigned *)((void **)context)[1];
  CHECK(record == lifetime_record_at(model->trackers[tracker], model->numbers[record->trace][tracker]));
  model->numbers[record->trace][tracker] = NONE;
  model->count--;
  record->end = 1;
}

static void take_all(model *model, unsigned tracker) {
  csizer_living_take_all(model->trackers[tracker]->number, forget, (void *[]){model, &tracker});
  for (size_t i = 0; i < ADDRESSES; i++) CHECK_EQUAL(model->numbers[i][tracker], NONE);
}

static void operate(model *model, unsigned births_of_100, size_t addresses) {
  size_t index = check_random(&model->random) % addresses;
  unsigned tracker = check_random(&model->random) % TRACKERS;
  if (check_random(&model->random) % 100 >= births_of_100) {
    bool was_known = false;
    for (unsigned i = 0; i < TRACKERS; i++) was_known |= model->numbers[index][i] != NONE;
    CHECK_EQUAL(take(model, index), was_known);
  } else if (model->numbers[index][tracker] == NONE) {
    insert(model, index, tracker);
  }
  check_address(model, check_random(&model->random) % addresses);
}

static model shared_model;  // too large for a stack

// It grows, churns at one size (removed places wear the tables out), shrinks, and lives on few addresses that are
// reused all the time.
TEST(random_lives_against_a_model) {
  static const struct {
    unsigned births_of_100;
    size_t addresses;
  } phases[] = {{95, ADDRESSES}, {75, ADDRESSES}, {10, ADDRESSES}, {70, 100},
                {90, ADDRESSES}, {50, 3000},      {5, ADDRESSES},  {60, 1}};
  enum { PHASES = sizeof phases / sizeof *phases };
  model *model = &shared_model;
  start(model, 1);
  csizer_shards_hold();
  for (int i = 0; i < OPERATIONS; i++) {
    size_t phase = (size_t)i * PHASES / OPERATIONS;
    operate(model, phases[phase].births_of_100, phases[phase].addresses);
    if (i % (OPERATIONS / PHASES) == 0) check_all(model);
    if (i == OPERATIONS * 5 / 8 + 1000) take_all(model, 1);
  }
  check_all(model);
  csizer_shards_release();
  end(model);
}

TEST(tables_grow_and_shrink_with_what_lives) {
  model *model = &shared_model;
  start(model, 2);
  csizer_shards_hold();
  for (int round = 0; round < 3; round++) {
    for (size_t i = 0; i < ADDRESSES; i++) insert(model, i, 0);
    size_t full = csizer_living_bytes();
    CHECK(full >= ADDRESSES * 12 && full <= ADDRESSES * 23);  // csizer_lifetimes.h
    for (size_t i = 0; i < ADDRESSES; i++)
      if (i % 50) CHECK(take(model, i));
    check_all(model);
    CHECK(csizer_living_bytes() * 4 <= full);
    for (size_t i = 0; i < ADDRESSES; i += 50) CHECK(take(model, i));
  }
  csizer_shards_release();
  end(model);
}

TEST(the_last_tracker_takes_the_memory_along) {
  model *model = &shared_model;
  start(model, 3);
  csizer_shards_hold();
  for (size_t i = 0; i < ADDRESSES; i++)
    for (unsigned tracker = 0; tracker < TRACKERS; tracker++) insert(model, i, tracker);
  for (unsigned tracker = 0; tracker < TRACKERS; tracker++) {
    take_all(model, tracker);
    check_all(model);
  }
  CHECK_EQUAL(csizer_living_bytes(), 0);
  insert(model, 7, 1);  // and can start again
  check_all(model);
  csizer_shards_release();
  end(model);
}

// At the largest record numbers and tracker numbers a place is neither empty nor a removed one.
TEST(numbers_at_their_limits) {
  csizer_lifetimes *tracker, **others = calloc(TRACKER_LIMIT, sizeof *others);
  uint32_t count = 0;
  while (csizer_lifetimes_create(&tracker) == CSIZER_OK) {
    others[count++] = tracker;
    if (tracker->number >= 1000) break;
  }
  CHECK_EQUAL(tracker->number, 1000);
  csizer_shards_hold();
  tracker->slot_count = RECORD_LIMIT - 2;
  const uintptr_t address = address_of(5);
  for (uint32_t i = 0; i < 2; i++) {
    uint32_t number;
    CHECK(csizer_living_reserve(shard_hash(address)));
    lifetime_record *record = csizer_lifetimes_append(tracker, &number);
    CHECK_EQUAL(number, RECORD_LIMIT - 2 + i);
    record->end = LIFETIME_TRACKED | address;
    csizer_living_insert(shard_hash(address), tracker->number, number);
  }
  uint32_t number;
  CHECK(!csizer_lifetimes_append(tracker, &number));  // there are no more
  CHECK_EQUAL(tracker->slot_count, RECORD_LIMIT);
  csizer_lifetimes *owner;
  for (uint32_t i = 0; i < 2; i++) {
    lifetime_record *record = csizer_living_take(address, &owner);
    CHECK(record && owner == tracker);
    record->end = 1;
  }
  CHECK(!csizer_living_take(address, &owner));
  csizer_shards_release();
  for (uint32_t i = 0; i < count; i++) csizer_lifetimes_destroy(others[i]);
  free(others);
}

// Refusals: a table that can't grow goes on with the places it has, and says no before the last one.
TEST(a_refused_table_is_still_right) {
  model *model = &shared_model;
  start(model, 4);
  csizer_shards_hold();
  size_t refusals = 0;
  for (size_t i = 0; i < ADDRESSES; i++) {
    uint64_t hash = shard_hash(address_of(i));
    csizer_pages_fail_at = 1;
    bool has_room = csizer_living_reserve(hash);
    csizer_pages_fail_at = 0;
    if (has_room) {
      insert(model, i, 0);
      continue;
    }
    refusals++;
    check_address(model, i);
    if (refusals % 7 == 0) take(model, check_random(&model->random) % (i + 1));
    if (refusals % 1000 == 0) insert(model, i, 0);  // now it may grow
  }
  CHECK(refusals > 100);
  check_all(model);
  csizer_shards_release();
  end(model);
}
