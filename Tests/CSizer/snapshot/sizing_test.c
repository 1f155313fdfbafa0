// SPDX-License-Identifier: Apache-2.0
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lifetimes/deaths.h"
#include "lifetimes/lifetimes_internal.h"
#include "platform/pages.h"
#include "support/check.h"
#include "support/tracked_heap.h"

// Sizes of tracked objects on graphs made by hand.

TEST(what_is_shared_counts_for_the_first) {
  tracked_heap tracked;
  tracked_start(&tracked);
  void *shared = made_node(&tracked.heap, 40), *first = made_node(&tracked.heap, 2),
       *second = made_node(&tracked.heap, 3);
  made_link(first, 1, shared);
  made_link(second, 0, shared);
  made_link(second, 2, made_node(&tracked.heap, 7));
  tracked_add(&tracked, second, 1, 0);  // tracked first, whatever the addresses
  tracked_add(&tracked, first, 2, 0);
  tracked_applied applied = tracked_snapshot(&tracked);
  CHECK_EQUAL(applied.row_count, 2);
  tracked_check_row(&applied, 0, 0, tracked.heap.bytes - made_bytes(first));
  tracked_check_row(&applied, 1, 1, made_bytes(first));
  CHECK_EQUAL(applied.sums[0].active, 1);
  CHECK_EQUAL(applied.sums[0].bytes, tracked.heap.bytes - made_bytes(first));
  CHECK_EQUAL(applied.sums[1].bytes, made_bytes(first));
  CHECK_EQUAL(applied.skipped, 0);
  tracked_end(&tracked);
}

TEST(the_tracked_are_not_counted_with_who_refers_to_them) {
  tracked_heap tracked;
  tracked_start(&tracked);
  // outer → between → inner → outer, and what is inner's alone.
  void *outer = made_node(&tracked.heap, 1), *between = made_node(&tracked.heap, 1),
       *inner = made_node(&tracked.heap, 2);
  void *own = made_node(&tracked.heap, 20);
  made_link(outer, 0, between);
  made_link(between, 0, inner);
  made_link(inner, 0, outer);
  made_link(inner, 1, own);
  tracked_add(&tracked, outer, 1, 0);
  tracked_add(&tracked, inner, 1, 0);
  tracked_applied applied = tracked_snapshot(&tracked);
  tracked_check_row(&applied, 0, 0, made_bytes(outer) + made_bytes(between));
  tracked_check_row(&applied, 1, 1, made_bytes(inner) + made_bytes(own));
  tracked_end(&tracked);
}

TEST(only_changes_are_recorded) {
  tracked_heap tracked;
  tracked_start(&tracked);
  void *objects[3], *leaf = made_node(&tracked.heap, 9);
  for (int i = 0; i < 3; i++) tracked_add(&tracked, objects[i] = made_node(&tracked.heap, 1), 1, 0);
  uint64_t bare = made_bytes(objects[0]);
  CHECK_EQUAL(tracked_snapshot(&tracked).row_count, 3);
  tracked_applied again = tracked_snapshot(&tracked);
  CHECK_EQUAL(again.row_count, 0);
  CHECK_EQUAL(again.sums[0].bytes, 3 * bare);  // the sum is of all that live
  made_link(objects[1], 0, leaf);
  tracked_applied grown = tracked_snapshot(&tracked);
  CHECK_EQUAL(grown.row_count, 1);
  tracked_check_row(&grown, 0, 1, bare + made_bytes(leaf));
  CHECK_EQUAL(grown.sums[0].bytes, 3 * bare + made_bytes(leaf));
  made_link(objects[1], 0, NULL);
  made_link(objects[2], 0, leaf);
  tracked_applied moved = tracked_snapshot(&tracked);
  CHECK_EQUAL(moved.row_count, 2);
  tracked_check_row(&moved, 0, 1, bare);
  tracked_check_row(&moved, 1, 2, bare + made_bytes(leaf));
  const csizer_size_row *rows;
  CHECK_EQUAL(csizer_sizes(tracked.tracker, &rows), 6);
  tracked_end(&tracked);
}

// The object of a tracker and what only it refers to are nobody's; other trackers' too.
TEST(the_owners_of_trackers_are_passed_over) {
  tracked_heap tracked;
  tracked_start(&tracked);
  csizer_lifetimes *other = NULL;
  CHECK_EQUAL(csizer_lifetimes_create(&other), CSIZER_OK);
  void *object = made_node(&tracked.heap, 3), *both = made_node(&tracked.heap, 1), *owner = made_node(&tracked.heap, 2);
  void *others = made_node(&tracked.heap, 1), *records = made_node(&tracked.heap, 1);
  made_link(object, 0, owner);
  made_link(object, 1, others);
  made_link(object, 2, both);
  made_link(owner, 0, records);
  made_link(owner, 1, both);
  tracked_add(&tracked, object, 1, 0);
  uint64_t own = made_bytes(object) + made_bytes(both), all = own + made_bytes(others);
  csizer_lifetimes_set_owner(tracked.tracker, owner);
  CHECK_EQUAL(tracked_snapshot(&tracked).sums[0].bytes, all);
  csizer_lifetimes_set_owner(other, others);
  CHECK_EQUAL(tracked_snapshot(&tracked).sums[0].bytes, own);
  csizer_lifetimes_destroy(other);
  CHECK_EQUAL(tracked_snapshot(&tracked).sums[0].bytes, all);
  csizer_lifetimes_set_owner(tracked.tracker, NULL);
  CHECK_EQUAL(tracked_snapshot(&tracked).sums[0].bytes, all + made_bytes(owner) + made_bytes(records));
  csizer_lifetimes_set_owner(tracked.tracker, &owner);  // on a stack, where the optimiser may put it
  CHECK_EQUAL(tracked_snapshot(&tracked).sums[0].bytes, all + made_bytes(owner) + made_bytes(records));
  tracked_end(&tracked);
}

TEST(the_dead_are_dropped_and_the_new_are_added) {
  enum { OBJECTS = 3000 };
  tracked_heap tracked;
  tracked_start(&tracked);
  static void *objects[2 * OBJECTS];
  for (int i = 0; i < OBJECTS; i++) tracked_add(&tracked, objects[i] = made_node(&tracked.heap, 1), 1, 0);
  CHECK_EQUAL(tracked_snapshot(&tracked).sums[0].active, OBJECTS);
  for (int i = 0; i < OBJECTS; i += 3) csizer_lifetimes_ended(objects[i]);
  for (int i = OBJECTS; i < 2 * OBJECTS; i++) tracked_add(&tracked, objects[i] = made_node(&tracked.heap, 2), 2, 0);
  tracked_applied applied = tracked_snapshot(&tracked);
  CHECK_EQUAL(applied.row_count, OBJECTS);  // the new ones
  for (uint32_t i = 0; i < OBJECTS; i++) tracked_check_row(&applied, i, OBJECTS + i, made_bytes(objects[OBJECTS + i]));
  CHECK_EQUAL(applied.sums[0].active, OBJECTS / 3 * 2);
  CHECK_EQUAL(applied.sums[0].bytes, OBJECTS / 3 * 2 * made_bytes(objects[1]));
  CHECK_EQUAL(applied.sums[1].active, OBJECTS);
  for (int i = 0; i < 2 * OBJECTS; i++) csizer_lifetimes_ended(objects[i]);
  applied = tracked_snapshot(&tracked);
  CHECK_EQUAL(applied.row_count + applied.sums[0].active + applied.sums[1].active, 0);
  tracked_end(&tracked);
}

TEST(objects_to_be_named_stop_the_run_in_their_turn) {
  tracked_heap tracked;
  tracked_start(&tracked);
  void *plain = made_node(&tracked.heap, 1), *named = made_node(&tracked.heap, 1), *last = made_node(&tracked.heap, 1);
  tracked_add(&tracked, plain, 1, 0);
  tracked_add(&tracked, named, 1, 4);
  tracked_add(&tracked, last, 1, 0);
  csizer_lifetimes_hold();
  csizer_sizing *sizing = tracked_sizing(&tracked, false);
  CHECK_EQUAL(csizer_sizing_count(sizing), 3);
  size_t held = csizer_pages_held();
  csizer_walk *walk = made_walk(&tracked.heap, (csizer_walk_options){0});
  CHECK_EQUAL(csizer_sizing_begin(sizing, walk), CSIZER_OK);
  for (int i = 0; i < 2; i++) {  // asked again it says the same
    const void *object = NULL;
    uint32_t level = 0;
    CHECK_EQUAL(csizer_sizing_run(sizing, walk, &object, &level), CSIZER_OK);
    CHECK(object == named);
    CHECK_EQUAL(level, 4);
  }
  CHECK_EQUAL(csizer_sizing_name(sizing, 77), 1);
  const void *object = named;
  uint32_t level;
  CHECK_EQUAL(csizer_sizing_run(sizing, walk, &object, &level), CSIZER_OK);
  CHECK(!object);
  made_walk_end(&tracked.heap, walk);
  tracked.walks_held += csizer_pages_held() - held;
  csizer_lifetimes_resume();
  tracked_applied applied = tracked_apply(&tracked, sizing);
  CHECK_EQUAL(applied.row_count, 3);
  tracked_check_row(&applied, 0, 0, made_bytes(plain));
  tracked_check_row(&applied, 1, 1, 77);
  tracked_check_row(&applied, 2, 2, made_bytes(last));
  tracked_end(&tracked);
}

TEST(what_was_not_reached_is_skipped_and_keeps_its_size) {
  tracked_heap tracked;
  tracked_start(&tracked);
  void *objects[6];
  for (int i = 0; i < 6; i++) tracked_add(&tracked, objects[i] = made_node(&tracked.heap, 1), 1, i % 2);
  csizer_lifetimes_hold();
  csizer_sizing *sizing = tracked_sizing(&tracked, false);
  tracked_run(&tracked, sizing, 0, 2);  // plain 0, named 1, plain 2, named 3; the run ends before 4
  csizer_lifetimes_resume();
  tracked_applied first = tracked_apply(&tracked, sizing);
  CHECK_EQUAL(first.skipped, 2);
  CHECK_EQUAL(first.row_count, 4);
  CHECK_EQUAL(first.sums[0].active + first.sums[1].active, 6);
  CHECK_EQUAL(first.sums[0].bytes + first.sums[1].bytes, 2 * made_bytes(objects[0]) + 2 * 1001);
  tracked_applied second = tracked_snapshot(&tracked);
  CHECK_EQUAL(second.skipped, 0);
  CHECK_EQUAL(second.row_count, 2);
  tracked_check_row(&second, 0, 4, made_bytes(objects[4]));
  tracked_check_row(&second, 1, 5, 1001);
  csizer_lifetimes_hold();
  sizing = tracked_sizing(&tracked, false);  // nobody runs it
  csizer_lifetimes_resume();
  tracked_applied third = tracked_apply(&tracked, sizing);
  CHECK_EQUAL(third.skipped, 6);
  CHECK_EQUAL(third.row_count, 0);
  CHECK_EQUAL(third.sums[0].bytes + third.sums[1].bytes, 3 * made_bytes(objects[0]) + 3 * 1001);
  tracked_end(&tracked);
}

TEST(objects_that_change_their_class) {
  enum { OBJECTS = 300 };
  tracked_heap tracked;
  tracked_start(&tracked);
  swift_object *objects[OBJECTS];
  const void *first = made_node_class(1);
  // Of the same layout: it is only the name that changes.
  const made_field fields[] = {{"link", "Main.Node1", 16, 0}};
  const swift_class *second =
      made_class((made_class_spec){.name = "Main.Second", .size = 32, .field_count = 1, .fields = fields});
  for (int i = 0; i < OBJECTS; i++) tracked_add(&tracked, objects[i] = made_node(&tracked.heap, 1), 1, 0);
  const void *expected[OBJECTS] = {0};  // the last class that was noted; NULL: none
  uint64_t random = 21;
  for (int round = 0; round < 30; round++) {
    for (int i = 0; i < 20; i++) {
      size_t changed = check_random(&random) % OBJECTS;
      objects[changed]->metadata = check_random(&random) % 2 ? first : (const void *)second;
    }
    for (int i = 0; i < OBJECTS; i++)
      if ((const void *)objects[i]->metadata != (expected[i] ? expected[i] : first)) expected[i] = objects[i]->metadata;
    tracked_snapshot(&tracked);
    const csizer_morph *morphs;
    size_t count = csizer_morphs(tracked.tracker, &morphs), found = 0;
    for (uint32_t i = 0; i < OBJECTS; i++) {
      if (!expected[i]) continue;
      CHECK(found < count);
      CHECK_EQUAL(morphs[found].object, i);
      CHECK(morphs[found].type == expected[i]);
      found++;
    }
    CHECK_EQUAL(found, count);
  }
  tracked_end(&tracked);
}

// There is room for so many in one sizing; those without are met again.
TEST(more_changed_classes_than_one_sizing_notes) {
  enum { OBJECTS = 2500 };
  tracked_heap tracked;
  tracked_start(&tracked);
  static swift_object *objects[OBJECTS];
  for (int i = 0; i < OBJECTS; i++) tracked_add(&tracked, objects[i] = made_node(&tracked.heap, 1), 1, 0);
  for (int i = 0; i < OBJECTS; i++) objects[i]->metadata = (const void *)made_node_class(0);
  const csizer_morph *morphs;
  size_t before = 0;
  for (int round = 0; round < 3; round++) {
    tracked_snapshot(&tracked);
    size_t count = csizer_morphs(tracked.tracker, &morphs);
    CHECK(count > before);
    before = count;
  }
  CHECK_EQUAL(before, OBJECTS);
  for (uint32_t i = 0; i < OBJECTS; i++) CHECK_EQUAL(morphs[i].object, i);
  for (int i = 0; i < OBJECTS; i++) objects[i]->metadata = (const void *)made_node_class(1);
  tracked_end(&tracked);
}

// ---- Results of a child ----

static void fill_tracked(tracked_heap *tracked, uint64_t seed, int nodes) {
  for (int i = 0; i < nodes; i++) made_node(&tracked->heap, 3);
  for (int i = 0; i < nodes; i++)
    for (unsigned link = 0; link < 3; link++)
      if (check_random(&seed) % 3)
        made_link(tracked->heap.blocks[i], link, tracked->heap.blocks[check_random(&seed) % (size_t)nodes]);
  for (int i = 0; i < nodes; i++)
    if (check_random(&seed) % 7 == 0) tracked_add(tracked, tracked->heap.blocks[i], i % 4, i % 4 == 3);
}

TEST(a_childs_results_equal_those_in_place) {
  tracked_heap tracked;
  tracked_start(&tracked);
  fill_tracked(&tracked, 31, 20000);
  csizer_lifetimes_hold();
  csizer_sizing *in_place = tracked_sizing(&tracked, false), *shared = tracked_sizing(&tracked, true);
  tracked_run(&tracked, in_place, 0, UINT32_MAX);
  pid_t child = fork();
  if (child == 0) {
    tracked_run(&tracked, shared, 0, UINT32_MAX);
    _exit(0);
  }
  csizer_lifetimes_resume();
  int status;
  CHECK(child > 0 && waitpid(child, &status, 0) == child);
  CHECK_EQUAL(status, 0);
  tracked_applied expected = tracked_apply(&tracked, in_place);
  CHECK_EQUAL(expected.row_count, csizer_lifetimes_count(tracked.tracker));
  tracked_applied actual = tracked_apply(&tracked, shared);
  CHECK_EQUAL(actual.row_count, 0);  // nothing differs
  CHECK_EQUAL(actual.skipped, 0);
  CHECK_EQUAL(memcmp(actual.sums, expected.sums, sizeof actual.sums), 0);
  tracked_end(&tracked);
}

TEST(a_child_that_dies_leaves_what_it_did) {
  tracked_heap tracked;
  tracked_start(&tracked);
  void *objects[100];
  for (int i = 0; i < 100; i++) tracked_add(&tracked, objects[i] = made_node(&tracked.heap, 1), 1, i == 60);
  csizer_lifetimes_hold();
  csizer_sizing *sizing = tracked_sizing(&tracked, true);
  pid_t child = fork();
  if (child == 0) {
    tracked_run(&tracked, sizing, 0, 1);  // up to the one that is to be named, which it names
    kill(getpid(), SIGKILL);
  }
  csizer_lifetimes_resume();
  int status;
  CHECK(child > 0 && waitpid(child, &status, 0) == child);
  CHECK(WIFSIGNALED(status));
  tracked_applied applied = tracked_apply(&tracked, sizing);
  CHECK_EQUAL(applied.row_count, 61);
  CHECK_EQUAL(applied.skipped, 39);
  tracked_end(&tracked);
}

// ---- Refusals ----

TEST(a_refusal_records_nothing) {
  size_t refusals = 0;
  for (bool refused = true; refused; refusals += refused) {
    tracked_heap tracked;
    tracked_start(&tracked);
    for (int i = 0; i < 5000; i++) tracked_add(&tracked, made_node(&tracked.heap, 1), 1, 0);
    for (int i = 0; i < 50; i++) ((swift_object *)tracked.heap.blocks[i])->metadata = (const void *)made_node_class(0);
    csizer_lifetimes_hold();
    csizer_sizing *sizing = NULL;
    csizer_pages_fail_at = refusals + 1;
    csizer_status status = csizer_sizing_create(tracked.tracker, false, &sizing);
    size_t left = csizer_pages_fail_at;
    csizer_pages_fail_at = 0;
    refused = left == 0;
    CHECK_EQUAL(status, refused ? CSIZER_NO_MEMORY : CSIZER_OK);
    if (refused) sizing = tracked_sizing(&tracked, false);
    tracked_run(&tracked, sizing, 0, UINT32_MAX);
    csizer_lifetimes_resume();
    if (!refused) {
      csizer_cohort_sum sums[SUMS];
      uint32_t skipped;
      csizer_pages_fail_at = left;
      status = csizer_sizing_apply(sizing, 0, sums, SUMS, &skipped);
      refused = csizer_pages_fail_at == 0;
      csizer_pages_fail_at = 0;
      CHECK_EQUAL(status, refused ? CSIZER_NO_MEMORY : CSIZER_OK);
      const csizer_size_row *rows;
      const csizer_morph *morphs;
      CHECK_EQUAL(csizer_sizes(tracked.tracker, &rows), refused ? 0 : 5000);
      CHECK_EQUAL(csizer_morphs(tracked.tracker, &morphs), refused ? 0 : 50);
    }
    if (refused) CHECK_EQUAL(tracked_apply(&tracked, sizing).row_count, 5000);
    else csizer_sizing_destroy(sizing);
    for (int i = 0; i < 50; i++) ((swift_object *)tracked.heap.blocks[i])->metadata = (const void *)made_node_class(1);
    tracked_end(&tracked);
  }
  CHECK(refusals >= 4);
}

TEST(a_walk_that_is_refused_memory_stops) {
  tracked_heap tracked;
  tracked_start(&tracked);
  made_plain("Main.Far", 8, 7);
  tracked_add(&tracked, made_node(&tracked.heap, 1), 1, 0);
  csizer_lifetimes_hold();
  csizer_sizing *sizing = tracked_sizing(&tracked, false);
  csizer_walk *walk;
  csizer_heapmap *map;  // without a leaf
  CHECK_EQUAL(csizer_heapmap_create(&map), CSIZER_OK);
  size_t held = csizer_pages_held();
  const csizer_walk_options options = {.census_is_complete = true};
  CHECK_EQUAL(csizer_walk_create(map, tracked.heap.layouts, &options, &walk), CSIZER_OK);
  csizer_pages_fail_at = 1;
  CHECK_EQUAL(csizer_sizing_begin(sizing, walk), CSIZER_NO_MEMORY);
  csizer_pages_fail_at = 0;
  csizer_walk_destroy(walk);
  tracked.walks_held += csizer_pages_held() - held;
  csizer_heapmap_destroy(map);
  csizer_lifetimes_resume();
  CHECK_EQUAL(tracked_apply(&tracked, sizing).skipped, 1);
  tracked_end(&tracked);
}
