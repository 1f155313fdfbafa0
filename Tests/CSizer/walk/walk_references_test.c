// SPDX-License-Identifier: Apache-2.0
#include <string.h>

#include "support/check.h"
#include "support/made_heap.h"

// References that are not strong, and counts that have moved to a side table.

typedef struct scene {
  made_heap heap;
  void *holder;  // two references of the kind under test, at 16 and 24
} scene;

static void start(scene *scene, const char *type) {
  made_node_class(1);
  const made_field fields[] = {{"first", type, 16, 0}, {"second", type, 24, 0}};
  const swift_class *class =
      made_class((made_class_spec){.name = "Main.Holder", .size = 32, .field_count = 2, .fields = fields});
  made_heap_init(&scene->heap, NULL);
  scene->holder = made_object(&scene->heap, class, 32);
}

static void end(scene *scene) { made_heap_deinit(&scene->heap); }

enum { COUNTS = 8 };

// The object's counts move to a side table, as at its first weak reference.
static void *make_side_table(made_heap *heap, void *object) {
  swift_side_table *table = made_block(heap, 32);
  table->object = object;
  if (object)
    made_set_number(object, COUNTS, SWIFT_SLOW_REFERENCES | SWIFT_SIDE_TABLE_MARK | (uint64_t)(uintptr_t)table >> 3);
  return table;
}

static void expect(scene *scene, const void *root, size_t objects, size_t raw_blocks, size_t bytes) {
  csizer_totals totals = made_size_of_object(&scene->heap, root);
  CHECK_EQUAL(totals.objects, objects);
  CHECK_EQUAL(totals.raw_blocks, raw_blocks);
  CHECK_EQUAL(totals.bytes, bytes);
  CHECK_EQUAL(totals.unresolved, 0);
}

TEST(a_side_table_is_counted_with_its_object) {
  scene scene;
  start(&scene, "Main.Node1");
  void *leaf = made_node(&scene.heap, 1);
  made_set(scene.holder, 16, leaf);
  made_set(scene.holder, 24, leaf);
  make_side_table(&scene.heap, leaf);
  expect(&scene, scene.holder, 2, 1, scene.heap.bytes);
  end(&scene);
}

TEST(side_tables_of_many_alike_are_all_counted) {
  scene scene;
  start(&scene, "Main.Node1");
  void *list = NULL;
  for (int i = 0; i < 1000; i++) {
    void *node = made_node(&scene.heap, 1);
    made_link(node, 0, list);
    if (i % 3 == 0) make_side_table(&scene.heap, node);
    list = node;
  }
  made_set(scene.holder, 16, list);
  expect(&scene, scene.holder, 1001, 334, scene.heap.bytes);
  end(&scene);
}

TEST(weak_references_do_not_hold) {
  scene scene;
  start(&scene, "Main.Node1Xw");
  void *leaf = made_node(&scene.heap, 1), *table = make_side_table(&scene.heap, leaf);
  made_set(scene.holder, 16, table);
  made_set(scene.holder, 24, table);
  expect(&scene, scene.holder, 1, 0, made_bytes(scene.holder));
  expect(&scene, leaf, 1, 1, made_bytes(leaf) + made_bytes(table));
  end(&scene);
}

TEST(weak_references_to_the_dead_keep_the_side_table) {
  scene scene;
  start(&scene, "Main.Node1Xw");
  // Freed: the census forgot it, its memory holds something else.
  void *dead = made_block(&scene.heap, 32), *table = make_side_table(&scene.heap, dead);
  made_set(scene.holder, 16, table);
  made_set(scene.holder, 24, table);
  expect(&scene, scene.holder, 1, 1, made_bytes(scene.holder) + made_bytes(table));
  end(&scene);
}

TEST(an_object_in_a_dead_ones_place_is_not_taken_for_it) {
  scene scene;
  start(&scene, "Main.Node1Xw");
  void *other = made_node(&scene.heap, 1), *table = make_side_table(&scene.heap, NULL);
  made_set(table, 0, other);  // `other` lives where the table's object was; its counts are its own
  made_set(scene.holder, 16, table);
  expect(&scene, scene.holder, 1, 1, made_bytes(scene.holder) + made_bytes(table));
  end(&scene);
}

TEST(immortal_counts_are_no_side_table) {
  scene scene;
  start(&scene, "Main.Node1");
  void *leaf = made_node(&scene.heap, 1);
  made_set_number(leaf, COUNTS, SWIFT_SLOW_REFERENCES | SWIFT_IMMORTAL_MASK);
  made_set(scene.holder, 16, leaf);
  expect(&scene, scene.holder, 2, 0, scene.heap.bytes);
  end(&scene);
}

TEST(unowned_references_do_not_hold) {
  scene scene;
  start(&scene, "Main.Node1Xo");
  void *leaf = made_node(&scene.heap, 1);
  made_set(scene.holder, 16, leaf);
  made_set(scene.holder, 24, leaf);
  expect(&scene, scene.holder, 1, 0, made_bytes(scene.holder));
  end(&scene);
}

TEST(unowned_references_are_followed_on_request) {
  scene scene;
  start(&scene, "Main.Node1Xo");
  void *leaf = made_node(&scene.heap, 1);
  made_link(leaf, 0, made_node(&scene.heap, 1));
  made_set(scene.holder, 16, leaf);
  csizer_walk *walk = made_walk(&scene.heap, (csizer_walk_options){.follow_unowned = true});
  CHECK_EQUAL(csizer_walk_object(walk, scene.holder), CSIZER_OK);
  CHECK_EQUAL(csizer_walk_totals(walk).bytes, scene.heap.bytes);
  made_walk_end(&scene.heap, walk);
  end(&scene);
}

TEST(unowned_references_to_the_dead_keep_the_block) {
  scene scene;
  start(&scene, "Main.Node1Xo");
  void *dead = made_node(&scene.heap, 1);
  made_link(dead, 0, made_node(&scene.heap, 1));  // deinit has released it
  made_set_number(dead, COUNTS, SWIFT_DEINITING | 3);
  made_set(scene.holder, 16, dead);
  made_set(scene.holder, 24, dead);
  expect(&scene, scene.holder, 2, 0, made_bytes(scene.holder) + made_bytes(dead));
  end(&scene);
}

TEST(the_dead_have_a_kind_of_their_own) {
  scene scene;
  start(&scene, "Main.Node1Xo");
  for (size_t slot = 16; slot <= 24; slot += 8) {
    void *dead = made_node(&scene.heap, 1);
    made_set_number(dead, COUNTS, SWIFT_DEINITING | 3);
    made_set(scene.holder, slot, dead);
  }
  csizer_walk_options options = {.census_is_complete = true};
  csizer_walk *walk;
  CHECK_EQUAL(csizer_walk_create(scene.heap.map, scene.heap.layouts, &options, &walk), CSIZER_OK);
  CHECK_EQUAL(csizer_walk_object(walk, scene.holder), CSIZER_OK);
  size_t found = 0;
  for (size_t i = 0; i < csizer_layouts_kind_count(scene.heap.layouts); i++) {
    csizer_kind_name name;
    CHECK(csizer_layouts_kind_name(scene.heap.layouts, i, &name));
    if (strncmp(name.prefix, "dead, kept by unowned", 21) == 0) found += csizer_walk_kind_totals(walk, i).count;
  }
  CHECK_EQUAL(found, 2);
  CHECK_EQUAL(csizer_walk_totals(walk).dead_bytes, csizer_walk_totals(walk).bytes - made_bytes(scene.holder));
  csizer_walk_destroy(walk);
  end(&scene);
}

// Once it has a side table, the object's own counts say nothing of its death.
TEST(the_dead_with_side_tables_are_counted_with_them) {
  scene scene;
  start(&scene, "Main.Node1Xo");
  void *dead = made_node(&scene.heap, 1);
  made_link(dead, 0, made_node(&scene.heap, 1));  // deinit has released it
  swift_side_table *table = make_side_table(&scene.heap, dead);
  table->references = SWIFT_DEINITING | 3;
  made_set(scene.holder, 16, dead);
  made_set(scene.holder, 24, dead);
  expect(&scene, scene.holder, 2, 1, made_bytes(scene.holder) + made_bytes(dead) + made_bytes(table));
  table->references = 3;
  expect(&scene, scene.holder, 1, 0, made_bytes(scene.holder));
  end(&scene);
}

TEST(a_weak_reference_counts_the_side_table_of_the_dead) {
  scene scene;
  start(&scene, "Main.Node1Xw");
  void *dead = made_node(&scene.heap, 1);
  swift_side_table *table = make_side_table(&scene.heap, dead);
  table->references = SWIFT_DEINITING | 3;
  made_set(scene.holder, 16, table);
  made_set(scene.holder, 24, table);
  expect(&scene, scene.holder, 1, 1, made_bytes(scene.holder) + made_bytes(table));
  end(&scene);
}

TEST(unmanaged_references_are_data) {
  scene scene;
  start(&scene, "Main.Node1Xu");
  made_set(scene.holder, 16, made_node(&scene.heap, 1));
  made_set_number(scene.holder, 24, 0x1234567890);
  expect(&scene, scene.holder, 1, 0, made_bytes(scene.holder));
  end(&scene);
}
