// SPDX-License-Identifier: Apache-2.0
#include "support/check.h"
#include "support/made_heap.h"

// The walk in two steps, as trees of sizes are made: first what a value refers to directly, then what that leads to.

static void *make_fan(made_heap *heap) {
  void *fan = made_node(heap, 3);
  for (unsigned i = 0; i < 3; i++) {
    void *child = made_node(heap, 1);
    made_link(child, 0, made_node(heap, 0));
    made_link(fan, i, child);
  }
  return fan;
}

TEST(collecting_counts_nothing_and_following_does) {
  made_heap heap;
  made_heap_init(&heap, NULL);
  const made_field fields[] = {{"a", "Main.Node3", 0, 0}, {"b", "Main.Node3", 8, 0}, {"c", "Main.Node3", 16, 0}};
  void *value[] = {make_fan(&heap), make_fan(&heap), NULL};
  value[2] = value[0];
  const swift_metadata *type =
      made_struct((made_struct_spec){.name = "Main.Three", .field_count = 3, .fields = fields});
  csizer_walk *walk = made_walk(&heap, (csizer_walk_options){0});
  const uintptr_t *found;
  size_t count;
  CHECK_EQUAL(csizer_walk_collect(walk, value, type, &found, &count), CSIZER_OK);
  CHECK_EQUAL(count, 2);
  uintptr_t first = found[0], second = found[1];
  CHECK_EQUAL(first, (uintptr_t)value[0]);
  CHECK_EQUAL(second, (uintptr_t)value[1]);
  CHECK_EQUAL(csizer_walk_totals(walk).objects, 0);
  CHECK_EQUAL(csizer_walk_flat_bytes(walk, first), made_bytes(value[0]));
  CHECK_EQUAL(csizer_walk_follow(walk, first), CSIZER_OK);
  CHECK_EQUAL(csizer_walk_totals(walk).objects, 7);
  CHECK_EQUAL(csizer_walk_follow(walk, second), CSIZER_OK);
  CHECK_EQUAL(csizer_walk_totals(walk).bytes, heap.bytes);
  made_walk_end(&heap, walk);
  made_heap_deinit(&heap);
}

TEST(what_was_collected_and_never_followed_is_forgotten) {
  made_heap heap;
  made_heap_init(&heap, NULL);
  void *fan = make_fan(&heap);
  csizer_walk *walk = made_walk(&heap, (csizer_walk_options){0});
  const uintptr_t *found;
  size_t count;
  CHECK_EQUAL(csizer_walk_collect(walk, &fan, made_node_class(3), &found, &count), CSIZER_OK);
  CHECK_EQUAL(count, 1);
  made_walk_end(&heap, walk);
  CHECK_EQUAL(made_size_of_object(&heap, fan).bytes, heap.bytes);
  made_heap_deinit(&heap);
}
