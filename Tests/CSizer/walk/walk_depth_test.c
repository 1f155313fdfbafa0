// SPDX-License-Identifier: Apache-2.0
#include "support/check.h"
#include "support/made_heap.h"
#include "support/made_types.h"

// A depth limit counts references from the start, along the shortest way, and says whether it kept something out.

typedef struct result {
  size_t objects;
  bool cut;
} result;

static result walk_to(made_heap *heap, const void *object, size_t depth) {
  csizer_walk *walk = made_walk(heap, (csizer_walk_options){.maximum_depth = depth});
  CHECK_EQUAL(csizer_walk_object(walk, object), CSIZER_OK);
  csizer_totals totals = csizer_walk_totals(walk);
  made_walk_end(heap, walk);
  return (result){totals.objects, totals.cut};
}

TEST(levels_of_a_tree_are_exact) {
  enum { LEVELS = 16 };
  made_heap heap;
  made_heap_init(&heap, NULL);
  for (int i = 1; i < 1 << LEVELS; i++) {
    made_node(&heap, 2);
    if (i > 1) made_link(heap.blocks[i / 2 - 1], (unsigned)i % 2, heap.blocks[i - 1]);
  }
  for (size_t depth = 1; depth <= LEVELS + 2; depth++) {
    result result = walk_to(&heap, heap.blocks[0], depth);
    size_t reached = depth < LEVELS ? depth : LEVELS;
    CHECK_EQUAL(result.objects, ((size_t)1 << reached) - 1);
    CHECK_EQUAL(result.cut, depth < LEVELS);
  }
  CHECK_EQUAL(walk_to(&heap, heap.blocks[0], 0).objects, (1 << LEVELS) - 1);
  made_heap_deinit(&heap);
}

TEST(a_long_list_is_cut_where_asked) {
  made_heap heap;
  made_heap_init(&heap, NULL);
  for (int i = 0; i < 5000; i++) {
    made_node(&heap, 1);
    if (i) made_link(heap.blocks[i - 1], 0, heap.blocks[i]);
  }
  static const size_t depths[] = {1, 2, 4095, 4096, 4097, 4999};
  for (size_t i = 0; i < sizeof depths / sizeof *depths; i++) {
    result result = walk_to(&heap, heap.blocks[0], depths[i]);
    CHECK_EQUAL(result.objects, depths[i]);
    CHECK(result.cut);
  }
  CHECK(!walk_to(&heap, heap.blocks[0], 5000).cut);
  made_heap_deinit(&heap);
}

// Root to d directly and by way of a, b, c: what d leads to is at depth 3, not 6.
TEST(the_shortest_way_counts) {
  made_heap heap;
  made_heap_init(&heap, NULL);
  void *root = made_node(&heap, 2), *a = made_node(&heap, 1), *b = made_node(&heap, 1), *c = made_node(&heap, 1);
  void *d = made_node(&heap, 1), *e = made_node(&heap, 1);
  made_link(root, 0, a);
  made_link(a, 0, b);
  made_link(b, 0, c);
  made_link(c, 0, d);
  made_link(root, 1, d);
  made_link(d, 0, e);
  CHECK_EQUAL(walk_to(&heap, root, 2).objects, 3);
  CHECK_EQUAL(walk_to(&heap, root, 3).objects, 5);
  CHECK(walk_to(&heap, root, 3).cut);
  CHECK_EQUAL(walk_to(&heap, root, 4).objects, 6);
  CHECK(!walk_to(&heap, root, 4).cut);
  made_heap_deinit(&heap);
}

TEST(a_cycle_at_the_bottom_is_no_cut) {
  made_heap heap;
  made_heap_init(&heap, NULL);
  void *first = made_node(&heap, 1), *second = made_node(&heap, 1);
  made_link(first, 0, second);
  made_link(second, 0, first);
  CHECK(walk_to(&heap, first, 1).cut);
  CHECK(!walk_to(&heap, first, 2).cut);
  made_heap_deinit(&heap);
}

TEST(values_are_one_reference_above_their_referents) {
  made_heap heap;
  made_heap_init(&heap, NULL);
  void *first = made_node(&heap, 1), *second = made_node(&heap, 1);
  made_link(first, 0, second);
  csizer_walk *walk = made_walk(&heap, (csizer_walk_options){.maximum_depth = 1});
  CHECK_EQUAL(csizer_walk_value(walk, &first, made_node_class(1)), CSIZER_OK);
  CHECK_EQUAL(csizer_walk_totals(walk).objects, 1);
  CHECK(csizer_walk_totals(walk).cut);
  made_walk_end(&heap, walk);
  made_heap_deinit(&heap);
}

TEST(what_was_cut_can_still_be_reached_from_elsewhere) {
  made_heap heap;
  made_heap_init(&heap, NULL);
  void *first = made_node(&heap, 1), *second = made_node(&heap, 1);
  made_link(first, 0, second);
  csizer_walk *walk = made_walk(&heap, (csizer_walk_options){.maximum_depth = 1});
  CHECK_EQUAL(csizer_walk_object(walk, first), CSIZER_OK);
  CHECK_EQUAL(csizer_walk_object(walk, second), CSIZER_OK);
  CHECK_EQUAL(csizer_walk_totals(walk).objects, 2);
  made_walk_end(&heap, walk);
  made_heap_deinit(&heap);
}

TEST(raw_blocks_do_not_count_as_a_level) {
  made_plain("Main.Pointer", 8, 7);
  const made_field fields[] = {{"buffer", "Main.Pointer", 16, 0}};
  const swift_class *class =
      made_class((made_class_spec){.name = "Main.Depth", .size = 24, .field_count = 1, .fields = fields});
  made_owner("Main.Depth", "buffer");
  made_heap heap;
  made_heap_init(&heap, NULL);
  void *object = made_object(&heap, class, 24);
  made_set(object, 16, made_block(&heap, 100));
  csizer_walk *walk = made_walk(&heap, (csizer_walk_options){.maximum_depth = 1});
  CHECK_EQUAL(csizer_walk_object(walk, object), CSIZER_OK);
  CHECK_EQUAL(csizer_walk_totals(walk).bytes, heap.bytes);
  CHECK(!csizer_walk_totals(walk).cut);
  made_walk_end(&heap, walk);
  made_heap_deinit(&heap);
}
