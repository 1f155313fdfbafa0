// SPDX-License-Identifier: Apache-2.0
#include <pthread.h>
#include <string.h>

#include "lifetimes/class_table.h"
#include "lifetimes/shards.h"
#include "platform/pages.h"
#include "support/check.h"

// The table is the process's: each test has metadata of its own.

enum { COUNT = 60000, READERS = 4 };

static swift_class *make_types(size_t count) {
  swift_class *types = calloc(count, sizeof *types);
  CHECK(types != NULL);
  return types;  // never freed: metadata lives for ever
}

TEST(what_was_set_is_found_and_nothing_else) {
  swift_class *types = make_types(2 * COUNT);
  csizer_shards_hold();
  for (size_t i = 0; i < COUNT; i++) {
    class_entry *entry = i % 3 ? &csizer_class_untracked : csizer_class_make(&types[i]);
    CHECK(entry != NULL);
    CHECK(csizer_class_set(&types[i], entry));
  }
  csizer_shards_release();
  for (size_t i = 0; i < COUNT; i++) {
    const class_entry *entry = csizer_class_find(&types[i]);
    if (i % 3) CHECK(entry == &csizer_class_untracked);
    else CHECK(entry->type == &types[i]);
    CHECK(!csizer_class_find(&types[COUNT + i]));
  }
}

TEST(what_is_known_changes_in_place) {
  swift_class *types = make_types(1);
  csizer_shards_hold();
  CHECK(csizer_class_set(types, &csizer_class_untracked));
  class_entry *entry = csizer_class_make(types);
  CHECK(entry != &csizer_class_untracked);
  CHECK(csizer_class_find(types) == entry);
  CHECK(csizer_class_make(types) == entry);
  CHECK(csizer_class_entries() == entry);
  csizer_shards_release();
}

typedef struct visits {
  const swift_class *types;
  unsigned char seen[COUNT];
} visits;

static bool visit(void *context, const void *metadata) {
  visits *visits = context;
  size_t index = (size_t)((const swift_class *)metadata - visits->types);
  if (index < COUNT) visits->seen[index]++;
  return true;
}

TEST(each_metadata_is_visited_once) {
  static visits visits;
  swift_class *types = make_types(COUNT);
  visits.types = types;
  csizer_shards_hold();
  for (size_t i = 0; i < COUNT; i += 2) CHECK(csizer_class_set(&types[i], &csizer_class_untracked));
  csizer_class_each(visit, &visits);
  csizer_shards_release();
  for (size_t i = 0; i < COUNT; i++) CHECK_EQUAL(visits.seen[i], i % 2 == 0);
}

static swift_class *growing;
static size_t known;  // atomic: those below are in the table

static void *find_known(void *argument) {
  uint64_t random = (uintptr_t)argument;
  for (;;) {
    size_t end = __atomic_load_n(&known, __ATOMIC_ACQUIRE);
    if (!end) continue;
    size_t i = check_random(&random) % end, beyond = COUNT + i;
    const class_entry *entry = csizer_class_find(&growing[i]);
    CHECK(entry != NULL);
    if (entry != &csizer_class_untracked) CHECK(entry->type == &growing[i]);
    CHECK(!csizer_class_find(&growing[beyond]));
    if (end == COUNT) return NULL;
  }
}

TEST(others_find_while_the_table_grows) {
  pthread_t readers[READERS];
  growing = make_types(2 * COUNT);
  known = 0;
  for (uintptr_t i = 0; i < READERS; i++) CHECK_EQUAL(pthread_create(&readers[i], NULL, find_known, (void *)i), 0);
  for (size_t i = 0; i < COUNT; i++) {
    csizer_shards_hold();
    CHECK(csizer_class_set(&growing[i], &csizer_class_untracked));
    if (i % 4 == 0) CHECK(csizer_class_make(&growing[i]) != NULL);
    csizer_shards_release();
    __atomic_store_n(&known, i + 1, __ATOMIC_RELEASE);
  }
  for (int i = 0; i < READERS; i++) pthread_join(readers[i], NULL);
}

TEST(watches_keep_their_order_and_the_largest_depth) {
  swift_class *types = make_types(1);
  csizer_shards_hold();
  class_entry *entry = csizer_class_make(types);
  class_tracking trackings[40];
  for (uint32_t i = 0; i < 40; i++) trackings[i] = (class_tracking){.cohort = i, .trace_depth = i == 17 ? 9 : i % 5};
  for (uint32_t count = 0; count <= 40; count++) {
    CHECK(csizer_class_set_trackings(entry, trackings, count));
    CHECK_EQUAL(entry->tracking_count, count);
    for (uint32_t i = 0; i < count; i++) CHECK_EQUAL(entry->trackings[i].cohort, i);
    CHECK_EQUAL(entry->trace_depth, count > 17 ? 9 : count == 0 ? 0 : count < 5 ? count - 1 : 4);
  }
  CHECK(csizer_class_set_trackings(entry, entry->trackings, 3));  // its own first ones
  CHECK_EQUAL(entry->trackings[2].cohort, 2);
  CHECK(csizer_class_set_trackings(entry, NULL, 0));
  CHECK_EQUAL(entry->trace_depth, 0);
  csizer_shards_release();
}

// Refused again and again while it fills: what was found stays found, what was refused is not there, and asking again
// works.
TEST(a_refusal_changes_nothing) {
  swift_class *types = make_types(COUNT);
  size_t refusals = 0;
  csizer_shards_hold();
  for (size_t i = 0; i < COUNT; i++) {
    csizer_pages_fail_at = 1;
    const class_entry *entry = csizer_class_make(&types[i]);
    bool refused = csizer_pages_fail_at == 0;
    csizer_pages_fail_at = 0;
    CHECK_EQUAL(entry == NULL, refused);
    CHECK(csizer_class_find(&types[i]) == entry);
    refusals += refused;
    entry = csizer_class_make(&types[i]);
    CHECK(entry && entry->type == &types[i]);
    csizer_pages_fail_at = 1;  // what is known already needs no room
    CHECK(csizer_class_set(&types[i], (class_entry *)(uintptr_t)entry));
    csizer_pages_fail_at = 0;
  }
  CHECK(refusals > 10);
  for (size_t i = 0; i < COUNT; i++) CHECK(csizer_class_find(&types[i])->type == &types[i]);
  csizer_shards_release();
}
