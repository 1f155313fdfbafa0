// SPDX-License-Identifier: Apache-2.0
#include <string.h>

#include "csizer_graph.h"
#include "csizer_lifetimes.h"
#include "hooks/entry_points.h"
#include "runtime/assumptions.h"
#include "support/check.h"
#include "support/made_heap.h"
#include "support/made_swift.h"
#include "walk/task.h"

// What rests on an assumption that does not hold: no word is read under its name, all else stays as it was, and the
// result says that it does not know.

static void break_one(csizer_assumption assumption) {
  csizer_assumptions_forget();
  csizer_assumption_note(assumption, CSIZER_BROKEN, "a test says so");
}

static const swift_class *storage_class(const char *name, size_t count, const char *first, const char *second) {
  const void *arguments[2] = {made_type(first), second ? made_type(second) : NULL};
  return made_class((made_class_spec){.name = name, .size = 32, .argument_count = count, .arguments = arguments});
}

static void start(made_heap *heap) {
  made_heap_init(heap, NULL);
  made_node_class(0);
  made_node_class(1);
  made_alias("Si", made_plain("Swift.Int", 8, 7));
}

enum { ELEMENTS = 4, STORAGE_BYTES = 160 };

// Whatever the kind's words would say: an object in whose last words four nodes are, in a block of its own.
static char *make_storage(made_heap *heap, const void *type) {
  char *storage = made_object(heap, type, STORAGE_BYTES);
  memset(storage + 16, 0xA5, STORAGE_BYTES - 16);
  for (size_t i = 1; i <= ELEMENTS; i++) made_set(storage, STORAGE_BYTES - 8 * i, made_node(heap, 0));
  return storage;
}

// The words that are objects' addresses are, as estimates; and that they are none else is not known.
static void expect_unknown(csizer_assumption assumption, const void *type) {
  made_heap heap;
  start(&heap);
  char *storage = make_storage(&heap, type);
  break_one(assumption);
  csizer_totals totals = made_size_of_object(&heap, storage);
  CHECK_EQUAL(totals.objects, 1 + ELEMENTS);
  CHECK_EQUAL(totals.unresolved, 1);
  CHECK_EQUAL(totals.bytes, heap.bytes);
  CHECK_EQUAL(totals.estimated_bytes, heap.bytes - made_bytes(storage));
  CHECK_EQUAL(totals.raw_blocks, 0);
  csizer_assumptions_forget();
  made_heap_deinit(&heap);
}

TEST(collections_that_are_kept_otherwise_are_looked_up_word_by_word) {
  made_node_class(0);
  expect_unknown(CSIZER_ASSUMES_ARRAYS, storage_class("Swift._ContiguousArrayStorage", 1, "Main.Node0", NULL));
  expect_unknown(CSIZER_ASSUMES_DICTIONARIES, storage_class("Swift._DictionaryStorage", 2, "Main.Node0", "Main.Node0"));
  expect_unknown(CSIZER_ASSUMES_SETS, storage_class("Swift._SetStorage", 1, "Main.Node0", NULL));
  expect_unknown(CSIZER_ASSUMES_STRINGS, made_class((made_class_spec){.name = "Swift.__StringStorage", .size = 32}));
}

TEST(boxes_that_are_kept_otherwise_are_looked_up_word_by_word) {
  made_node_class(0);
  // What stands where the type and the value would is rubbish.
  static swift_generic_box box = {.kind = SWIFT_GENERIC_BOX, .offset = 0xA5A5A5A5};
  box.type = (const swift_metadata *)0xA5A5A5A5A5A5A5A0;
  expect_unknown(CSIZER_ASSUMES_BOXES, &box);
  expect_unknown(CSIZER_ASSUMES_ERRORS, made_kind("Main.Error", SWIFT_ERROR_OBJECT, 0));
}

TEST(one_that_is_kept_otherwise_costs_no_other) {
  made_heap heap;
  start(&heap);
  void *array = made_object(&heap, storage_class("Swift._ContiguousArrayStorage", 1, "Main.Node0", NULL), 64);
  made_set_number(array, 16, 1);
  made_set_number(array, 24, 2 * 4);
  made_set(array, 32, made_node(&heap, 0));
  for (int i = 0; i < CSIZER_ASSUMPTIONS; i++) {
    if (i == CSIZER_ASSUMES_ARRAYS || i == CSIZER_ASSUMES_HEADERS) continue;
    break_one((csizer_assumption)i);
    csizer_totals totals = made_size_of_object(&heap, array);
    CHECK_EQUAL(totals.objects, 2);
    CHECK_EQUAL(totals.bytes, heap.bytes);
    CHECK_EQUAL(totals.unresolved + totals.estimated_bytes, 0);
  }
  csizer_assumptions_forget();
  made_heap_deinit(&heap);
}

// ---- Counts ----

static void *make_holder(made_heap *heap, const char *type, const void *word) {
  const made_field fields[] = {{"first", type, 16, 0}};
  const swift_class *class =
      made_class((made_class_spec){.name = "Main.Holder", .size = 32, .field_count = 1, .fields = fields});
  void *holder = made_object(heap, class, 32);
  made_set(holder, 16, word);
  return holder;
}

static csizer_totals totals_without(made_heap *heap, csizer_assumption assumption, const void *root) {
  break_one(assumption);
  csizer_totals totals = made_size_of_object(heap, root);
  csizer_assumptions_forget();
  return totals;
}

TEST(side_tables_that_nobody_knows_are_not_read) {
  made_heap heap;
  start(&heap);
  const uint64_t nowhere = (uint64_t)1 << 40;  // where a table would be
  void *node = made_node(&heap, 0), *immortal = made_node(&heap, 0);
  made_set_number(node, 8, SWIFT_SLOW_REFERENCES | SWIFT_SIDE_TABLE_MARK | nowhere >> 3);
  made_set_number(immortal, 8, SWIFT_SLOW_REFERENCES | SWIFT_IMMORTAL_MASK);
  csizer_totals totals = totals_without(&heap, CSIZER_ASSUMES_SIDE_TABLES, node);
  CHECK_EQUAL(totals.bytes, made_bytes(node));
  CHECK_EQUAL(totals.unresolved, 1);
  CHECK_EQUAL(totals_without(&heap, CSIZER_ASSUMES_SIDE_TABLES, immortal).unresolved, 0);
  void *weak = make_holder(&heap, "Main.Node0Xw", (const void *)nowhere);
  totals = totals_without(&heap, CSIZER_ASSUMES_SIDE_TABLES, weak);
  CHECK_EQUAL(totals.objects, 1);
  CHECK_EQUAL(totals.raw_blocks, 0);
  CHECK_EQUAL(totals.unresolved, 1);
  made_heap_deinit(&heap);
}

TEST(who_is_dead_is_not_told_where_counts_are_not_known) {
  made_heap heap;
  start(&heap);
  void *dead = made_node(&heap, 0), *holder = make_holder(&heap, "Main.Node0Xo", dead);
  made_set_number(dead, 8, SWIFT_DEINITING | 3);
  csizer_totals totals = totals_without(&heap, CSIZER_ASSUMES_COUNTS, holder);
  CHECK_EQUAL(totals.objects, 1);
  CHECK_EQUAL(totals.dead_bytes, 0);
  CHECK_EQUAL(totals.unresolved, 1);
  made_heap_deinit(&heap);
}

static csizer_graph_object object_of(const csizer_graph *graph, const void *object) {
  const size_t number = csizer_graph_find(graph, (uintptr_t)object);
  CHECK(number != CSIZER_NO_OBJECT);
  return csizer_graph_object_at(graph, number);
}

TEST(counts_that_are_not_known_prove_nothing) {
  made_heap heap;
  csizer_graph *graph;
  start(&heap);
  void *leaf = made_node(&heap, 0), *node = made_node(&heap, 1), *dead = made_node(&heap, 0);
  made_link(node, 0, leaf);
  made_set_number(dead, 8, SWIFT_DEINITING | 3);
  break_one(CSIZER_ASSUMES_COUNTS);
  CHECK_EQUAL(csizer_graph_capture(heap.map, heap.layouts, &graph), CSIZER_OK);
  CHECK_EQUAL(object_of(graph, leaf).flags, CSIZER_OBJECT_IMMORTAL);
  CHECK_EQUAL(object_of(graph, leaf).strong, 0);
  CHECK_EQUAL(object_of(graph, leaf).strong_found, 1);  // the reference is as it is
  CHECK_EQUAL(object_of(graph, dead).flags, CSIZER_OBJECT_IMMORTAL);
  csizer_graph_destroy(graph);
  csizer_assumptions_forget();
  made_heap_deinit(&heap);
}

// ---- All else ----

TEST(tasks_words_are_not_believed_where_they_are_others) {
  made_swift_use(MADE_NO_FAULT);
  swift_task task = {.object = {*csizer_target.task_metadata, 3}, .status = SWIFT_TASK_IS_COMPLETE};
  CHECK(task_layout_is_known() && csizer_task_is_alone(&task) && !task_lives(&task.object));
  break_one(CSIZER_ASSUMES_TASKS);
  CHECK(!task_layout_is_known() && csizer_task_is_alone(&task) && task_lives(&task.object));
  break_one(CSIZER_ASSUMES_COUNTS);
  CHECK(task_layout_is_known() && !csizer_task_is_alone(&task));  // it may be a block that was freed
}

TEST(without_objects_headers_nothing_is_sized) {
  made_heap heap;
  csizer_walk *walk;
  const csizer_walk_options options = {.census_is_complete = true};
  start(&heap);
  break_one(CSIZER_ASSUMES_HEADERS);
  CHECK_EQUAL(csizer_walk_create(heap.map, heap.layouts, &options, &walk), CSIZER_UNSUPPORTED);
  csizer_assumptions_forget();
  made_heap_deinit(&heap);
}

TEST(single_objects_are_not_tracked_where_their_end_is_not_seen) {
  static const csizer_assumption needed[] = {CSIZER_ASSUMES_COUNTS, CSIZER_ASSUMES_ENDINGS};
  made_heap heap;
  csizer_lifetimes *lifetimes;
  const csizer_tracking tracking = {.number = 1};
  start(&heap);
  CHECK_EQUAL(csizer_lifetimes_create(&lifetimes), CSIZER_OK);
  for (size_t i = 0; i < sizeof needed / sizeof *needed; i++) {
    break_one(needed[i]);
    CHECK_EQUAL(csizer_lifetimes_track_object(lifetimes, made_node(&heap, 0), &tracking), CSIZER_UNSUPPORTED);
  }
  CHECK_EQUAL(csizer_lifetimes_count(lifetimes), 0);
  csizer_lifetimes_destroy(lifetimes);
  csizer_assumptions_forget();
  made_heap_deinit(&heap);
}

TEST(a_runtime_that_ends_objects_otherwise_is_not_hooked) {
  csizer_heapmap *map;
  if (!SWIFT_CALL_IS_KNOWN) return;
  made_swift_use(MADE_OTHER_SLOT);
  csizer_assumptions_ask_objects();
  CHECK_EQUAL(csizer_heapmap_create(&map), CSIZER_OK);
  CHECK_TEXT(csizer_entry_points_replace(map), "this Swift runtime ends objects in another way");
  csizer_heapmap_destroy(map);
  CHECK_EQUAL(made_swift_blocks(), 0);
}
