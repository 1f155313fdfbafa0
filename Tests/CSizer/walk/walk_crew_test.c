// SPDX-License-Identifier: Apache-2.0
#include <string.h>

#include "support/check.h"
#include "support/made_heap.h"
#include "walk/walk_crew.h"

// Sweeps of several workers. That they come to what a walk by itself comes to is asked of each heap that the walk's
// other tests make (made_size_of_object); here are large heaps, of which both workers have a part, and those in which
// what is met first decides.

enum { MANY = 300000 };

static void expect_all(made_heap *heap, const void *object) {
  csizer_totals totals = made_size_of_object(heap, object);
  CHECK_EQUAL(totals.objects, heap->count);
  CHECK_EQUAL(totals.bytes, heap->bytes);
  CHECK_EQUAL(totals.raw_blocks, 0);
  CHECK_EQUAL(totals.unresolved, 0);
}

static void shuffle(void **blocks, size_t count) {
  uint64_t random = 5;
  for (size_t i = count; i > 1; i--) {
    const size_t j = check_random(&random) % i;
    void *other = blocks[i - 1];
    blocks[i - 1] = blocks[j];
    blocks[j] = other;
  }
}

TEST(a_shuffled_tree) {
  made_heap heap;
  made_heap_init(&heap, NULL);
  for (int i = 0; i < MANY; i++) made_node(&heap, 2);
  shuffle(heap.blocks, heap.count);
  for (int i = 2; i <= MANY; i++) made_link(heap.blocks[i / 2 - 1], (unsigned)i % 2, heap.blocks[i - 1]);
  expect_all(&heap, heap.blocks[0]);
  made_heap_deinit(&heap);
}

// Both workers reach most nodes: each is counted once.
TEST(a_random_graph) {
  made_heap heap;
  made_heap_init(&heap, NULL);
  uint64_t random = 3;
  made_tangle(&heap, MANY, &random);
  for (int i = 0; i < 3; i++) expect_all(&heap, heap.blocks[check_random(&random) % MANY]);
  made_heap_deinit(&heap);
}

// Each pass over the map would find one node.
TEST(a_shuffled_list) {
  made_heap heap;
  made_heap_init(&heap, NULL);
  for (int i = 0; i < MANY; i++) made_node(&heap, 1);
  shuffle(heap.blocks, heap.count);
  for (int i = 1; i < MANY; i++) made_link(heap.blocks[i - 1], 0, heap.blocks[i]);
  expect_all(&heap, heap.blocks[0]);
  made_heap_deinit(&heap);
}

// Objects that no worker does by itself between ones that it does, in chains: the turns of both are many.
TEST(arrays_between_nodes) {
  enum { ARRAYS = 19998, OF_AN_ARRAY = 5 };
  made_heap heap;
  made_heap_init(&heap, NULL);
  void *root = made_array(&heap, 3), *before = NULL;
  for (int i = 0; i < ARRAYS; i++) {
    void *array = made_array(&heap, OF_AN_ARRAY);
    for (size_t j = 0; j < OF_AN_ARRAY; j++) {
      void *node = made_node(&heap, 1);
      made_set(array, 32 + 8 * j, node);
      if (j == 2) made_link(node, 0, i % 3 ? before : NULL);
    }
    before = array;
    if (i % 3 == 2) {
      void *node = made_node(&heap, 2);
      made_link(node, 0, before);
      made_link(node, 1, ((void **)root)[4]);
      made_set(root, 32, node);
    }
  }
  expect_all(&heap, root);
  made_heap_deinit(&heap);
}

/// A class whose instances own a block: whose it is that two of them lead to depends on who is met first. Before the
/// heap: names that are registered stay for the life of the process.
static const swift_class *owner_class(const char *name) {
  made_plain("Main.Pointer", 8, 7);
  const made_field fields[] = {{"block", "Main.Pointer", 16, 0}};
  made_owner(name, "block");
  return made_class((made_class_spec){.name = name, .size = 24, .field_count = 1, .fields = fields});
}

// By how many workers, and how often it is done, makes no difference to which kind a block is counted under.
TEST(what_is_met_first_does_not_depend_on_the_workers) {
  enum { OWNERS = 2000, ROUNDS = 6 };
  made_heap heap;
  const swift_class *first = owner_class("Main.First"), *second = owner_class("Main.Second");
  made_heap_init(&heap, NULL);
  void *root = made_array(&heap, OWNERS * 2), *blocks[OWNERS];
  for (int i = 0; i < OWNERS; i++) blocks[i] = made_block(&heap, 64);
  uint64_t random = 9;
  for (size_t i = 0; i < OWNERS * 2; i++) {
    const swift_class *class = check_random(&random) % 2 ? first : second;
    void *owner = made_object(&heap, class, 24), *node = made_node(&heap, 2);
    made_set(owner, 16, blocks[check_random(&random) % OWNERS]);
    made_link(node, 0, owner);
    made_set(root, 32 + 8 * i, node);
  }
  csizer_walk *first_walk = made_walk(&heap, (csizer_walk_options){0});
  CHECK_EQUAL(csizer_walk_object(first_walk, root), CSIZER_OK);  // what is of a class not known yet is left aside, too
  made_walk_end(&heap, first_walk);
  csizer_kind_totals expected[64];
  const size_t kinds = 64;
  for (int round = 0; round < ROUNDS; round++) {
    csizer_walk *walk = made_walk(&heap, (csizer_walk_options){0});
    made_crew crew;
    made_crew_begin(&crew, walk, round > 1);
    walk->sweep_at = 64;
    csizer_walk_begin_sweep(walk);
    CHECK_EQUAL(csizer_walk_object(walk, root), CSIZER_OK);
    CHECK(csizer_layouts_kind_count(heap.layouts) <= kinds);
    for (size_t kind = 0; kind < kinds; kind++) {
      csizer_kind_totals totals = csizer_walk_kind_totals(walk, kind);
      if (!round) expected[kind] = totals;
      CHECK(memcmp(&totals, &expected[kind], sizeof totals) == 0);
    }
    made_crew_end(&crew);
    made_walk_end(&heap, walk);
  }
  made_heap_deinit(&heap);
}
