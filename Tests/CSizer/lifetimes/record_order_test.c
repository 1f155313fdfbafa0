// SPDX-License-Identifier: Apache-2.0
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "lifetimes/numbers.h"
#include "support/check.h"
#include "support/made_lifetimes.h"

// Slots that threads filled out of order, and left empty, against the births sorted by libc.

enum { SLOTS = 40000, LOOKS = 25 };

static int by_value(const void *left, const void *right) {
  const uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;
  return a < b ? -1 : a > b;
}

// Between two looks births are later than all before, and in no order. Every fifth slot stays empty.
static size_t fill(csizer_lifetimes *tracker, uint64_t *births, size_t count, uint64_t *random, unsigned disorder) {
  const uint64_t first = 1000000 * (1 + (uint64_t)tracker->slot_count);
  for (uint32_t i = 0; i < SLOTS / LOOKS; i++) {
    uint32_t slot;
    lifetime_record *record = csizer_lifetimes_append(tracker, &slot);
    CHECK(record != NULL);
    if (disorder && check_random(random) % 5 == 0) continue;
    record->birth = births[count++] = first + (uint64_t)i * 16 + (disorder ? check_random(random) % disorder : 0);
    record->end = record->birth + 1;
  }
  return count;
}

static void check_order(unsigned disorder, uint64_t seed) {
  static uint64_t births[SLOTS];
  csizer_lifetimes *tracker = made_tracker();
  uint64_t random = seed;
  size_t count = 0;
  for (int look = 0; look < LOOKS; look++) {
    csizer_shards_hold();
    count = fill(tracker, births, count, &random, disorder);
    csizer_shards_release();
    CHECK_EQUAL(csizer_lifetimes_count(tracker), count);
    CHECK_SOUND(csizer_record_order_check(tracker, 0));
  }
  qsort(births, count, sizeof *births, by_value);
  for (uint32_t i = 0; i < count; i++) CHECK_EQUAL(csizer_lifetimes_read(tracker, i).birth, births[i]);
  CHECK_EQUAL(tracker->order.memory == NULL, !disorder);  // what is in order needs no list
  csizer_lifetimes_destroy(tracker);
}

TEST(births_are_numbered_in_their_order) {
  check_order(0, 1);
  check_order(2, 2);
  check_order(16 * 64, 3);
  check_order(16 * 600, 4);
  check_order(1000000, 5);
}

// A processor may read its counter ahead: then a death in another thread has an earlier reading than the birth.
TEST(no_end_is_before_its_birth) {
  enum { BIRTH = 1000, AHEAD = 7 };
  csizer_lifetimes *tracker = made_tracker();
  csizer_shards_hold();
  uint32_t slot;
  lifetime_record *record = csizer_lifetimes_append(tracker, &slot);
  CHECK(record != NULL);
  record->birth = BIRTH;
  record->end = BIRTH - AHEAD;
  csizer_shards_release();
  CHECK_EQUAL(csizer_lifetimes_count(tracker), 1);
  const csizer_lifetime life = csizer_lifetimes_read(tracker, 0);
  CHECK_EQUAL(life.fate, CSIZER_DEAD);
  CHECK_EQUAL(life.end, BIRTH);
  csizer_lifetimes_destroy(tracker);
}

TEST(without_memory_they_are_numbered_later) {
  csizer_lifetimes *tracker = made_tracker();
  static uint64_t births[SLOTS];
  uint64_t random = 7;
  csizer_shards_hold();
  size_t count = fill(tracker, births, 0, &random, 1000), refusals = 0;
  csizer_shards_release();
  for (bool refused = true; refused; refusals += refused) {
    csizer_pages_fail_at = refusals + 1;
    const uint32_t counted = csizer_lifetimes_count(tracker);
    refused = csizer_pages_fail_at == 0;
    csizer_pages_fail_at = 0;
    CHECK_EQUAL(counted, refused ? 0 : count);
    CHECK_EQUAL(csizer_lifetimes_lost(tracker), refused ? count : 0);  // as long as they can't be seen
  }
  CHECK_EQUAL(refusals, 2);
  csizer_lifetimes_destroy(tracker);
}

// What it had at hand when all was held is given back.
TEST(one_thread_leaves_no_slot_empty) {
  csizer_lifetimes *tracker = made_tracker();
  const swift_class *made = made_life_class(NULL);
  made_track(tracker, made, 1);
  static swift_object *objects[3000];
  uint32_t count = 0;
  for (uint32_t round = 0; round < 20; round++) {
    for (size_t i = 0; i < 3000; i++, count++) objects[i] = made_birth(made);
    for (size_t i = 0; i < 3000; i++) made_death(objects[i]);
    CHECK_EQUAL(csizer_lifetimes_count(tracker), count);
    CHECK_EQUAL(tracker->slot_count, count);
  }
  CHECK(tracker->order.memory == NULL);
  csizer_lifetimes_destroy(tracker);
}

// ---- Threads ----

enum { THREADS = 6, BIRTHS = 30000 };

static const swift_class *type;

static void *make_many(void *argument) {
  for (int i = 0; i < BIRTHS; i++) made_death(made_birth(type));
  return argument;
}

// Numbers that were seen once stay the same objects', whatever threads have in hand.
TEST(numbers_do_not_change) {
  csizer_lifetimes *tracker = made_tracker();
  type = made_life_class(NULL);
  made_track(tracker, type, 1);
  pthread_t threads[THREADS];
  for (int i = 0; i < THREADS; i++) CHECK_EQUAL(pthread_create(&threads[i], NULL, make_many, NULL), 0);
  static uint64_t seen[THREADS * BIRTHS];
  uint32_t count = 0;
  while (count < THREADS * BIRTHS) {
    const uint32_t now = csizer_lifetimes_count(tracker);
    for (uint32_t i = 0; i < count; i += 997) CHECK_EQUAL(csizer_lifetimes_read(tracker, i).birth, seen[i]);
    for (; count < now; count++) {
      seen[count] = csizer_lifetimes_read(tracker, count).birth;
      CHECK(count == 0 || seen[count] >= seen[count - 1]);
    }
  }
  for (int i = 0; i < THREADS; i++) pthread_join(threads[i], NULL);
  // Empty slots: at most as many as objects were made.
  CHECK_EQUAL(csizer_lifetimes_count(tracker), THREADS * BIRTHS);
  CHECK(tracker->slot_count <= 2 * THREADS * BIRTHS);
  csizer_lifetimes_destroy(tracker);
}
