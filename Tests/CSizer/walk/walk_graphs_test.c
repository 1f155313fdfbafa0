// SPDX-License-Identifier: Apache-2.0
#include <string.h>

#include "platform/pages.h"
#include "support/check.h"
#include "support/made_heap.h"
#include "walk/walk_internal.h"

// Shapes of graphs: each block once, whatever the way to it, and no depth that the walk's own memory can't take.

enum { MANY = 1000000 };

static void expect_all(made_heap *heap, const void *object) {
  csizer_totals totals = made_size_of_object(heap, object);
  CHECK_EQUAL(totals.objects, heap->count);
  CHECK_EQUAL(totals.bytes, heap->bytes);
  CHECK_EQUAL(totals.raw_blocks, 0);
  CHECK_EQUAL(totals.unresolved, 0);
  CHECK(!totals.cut);
}

TEST(nothing_owns_nothing) {
  made_heap heap;
  made_heap_init(&heap, NULL);
  CHECK_EQUAL(made_size_of_object(&heap, NULL).objects, 0);
  expect_all(&heap, NULL);
  expect_all(&heap, made_node(&heap, 3));
  made_heap_deinit(&heap);
}

TEST(a_list_of_a_million) {
  made_heap heap;
  made_heap_init(&heap, NULL);
  void *head = NULL;
  for (int i = 0; i < MANY; i++) {
    void *node = made_node(&heap, 1);
    made_link(node, 0, head);
    head = node;
  }
  size_t before = csizer_pages_held();
  csizer_walk *walk = made_walk(&heap, (csizer_walk_options){0});
  CHECK_EQUAL(csizer_walk_object(walk, head), CSIZER_OK);
  CHECK_EQUAL(csizer_walk_totals(walk).objects, MANY);
  CHECK_EQUAL(csizer_walk_totals(walk).bytes, heap.bytes);
  CHECK(csizer_pages_held() - before < 1 << 20);  // depth costs nothing
  made_walk_end(&heap, walk);
  made_heap_deinit(&heap);
}

TEST(a_tree_of_a_million) {
  made_heap heap;
  made_heap_init(&heap, NULL);
  // Node i's children are 2i and 2i + 1: the blocks' array is the heap's own.
  for (int i = 1; i <= MANY; i++) {
    void *node = made_node(&heap, 2);
    if (i > 1) made_link(heap.blocks[i / 2 - 1], (unsigned)i % 2, node);
  }
  expect_all(&heap, heap.blocks[0]);
  made_heap_deinit(&heap);
}

TEST(cycles_end) {
  made_heap heap;
  made_heap_init(&heap, NULL);
  void *self = made_node(&heap, 1);
  made_link(self, 0, self);
  expect_all(&heap, self);
  made_heap_deinit(&heap);

  made_heap_init(&heap, NULL);
  for (int i = 0; i < 1000; i++) {
    made_node(&heap, 1);
    if (i) made_link(heap.blocks[i], 0, heap.blocks[i - 1]);
  }
  made_link(heap.blocks[0], 0, heap.blocks[999]);
  for (int i = 0; i < 1000; i += 333) expect_all(&heap, heap.blocks[i]);
  made_heap_deinit(&heap);
}

TEST(where_a_connected_graph_is_entered_does_not_matter) {
  enum { NODES = 20000, LINKS = 4 };
  made_heap heap;
  made_heap_init(&heap, NULL);
  uint64_t random = 11;
  for (int i = 0; i < NODES; i++) made_node(&heap, LINKS);
  for (int i = 0; i < NODES; i++) {
    made_link(heap.blocks[i], 0, heap.blocks[(i + 1) % NODES]);  // a ring connects all
    for (unsigned link = 1; link < LINKS; link++)
      made_link(heap.blocks[i], link, heap.blocks[check_random(&random) % NODES]);
  }
  for (int i = 0; i < 10; i++) expect_all(&heap, heap.blocks[check_random(&random) % NODES]);
  made_heap_deinit(&heap);
}

// Memory of a map's leaves that was written to, in pages: what was only mapped, or only read, costs none.
static size_t written_bytes(const csizer_heapmap *map) {
  const size_t page = check_page_bytes();
  char *zeros = calloc(1, page);
  CHECK(zeros != NULL);
  size_t bytes = 0;
  for (size_t i = 0; (i = csizer_heapmap_next_leaf(map, i)) < HEAPMAP_LEAVES; i++)
    for (size_t at = 0; at + page <= sizeof(heapmap_leaf); at += page)
      if (memcmp((const char *)heapmap_leaf_numbered(map, i) + at, zeros, page)) bytes += page;
  free(zeros);
  return bytes;
}

// A random graph needs the most: more than half of it is found before it is scanned.
TEST(a_walk_costs_less_than_three_percent_of_the_heap) {
  enum { NODES = 2 * MANY };  // the queue is half a MiB, whatever the heap
  made_heap heap;
  made_heap_init(&heap, NULL);
  uint64_t random = 7;
  made_tangle(&heap, NODES, &random);
  size_t before = written_bytes(heap.map), held_before = csizer_pages_held();
  csizer_walk *walk = made_walk(&heap, (csizer_walk_options){0});
  CHECK_EQUAL(csizer_walk_object(walk, heap.blocks[0]), CSIZER_OK);
  CHECK_EQUAL(csizer_walk_totals(walk).objects, NODES);
  size_t growth = written_bytes(heap.map) - before + csizer_pages_held() - held_before;
  CHECK(growth > heap.bytes / 128);  // the measurement sees the bits seen
  CHECK(growth * 100 < heap.bytes * 3);
  made_walk_end(&heap, walk);
  made_heap_deinit(&heap);
}

TEST(a_star_of_a_million) {
  made_heap heap;
  made_heap_init(&heap, NULL);
  void *array = made_array(&heap, MANY);
  for (size_t i = 0; i < MANY; i++) made_set(array, 32 + i * 8, made_node(&heap, 1));
  expect_all(&heap, array);
  made_heap_deinit(&heap);
}

// Counts from `root` with a queue so short that nearly all of the graph is found by sweeps over the map.
static size_t objects_with_short_queue(made_heap *heap, const void *root, uint32_t limit) {
  csizer_walk *walk = made_walk(heap, (csizer_walk_options){0});
  walk->sweep_at = limit;
  CHECK_EQUAL(csizer_walk_object(walk, root), CSIZER_OK);
  size_t objects = csizer_walk_totals(walk).objects;
  made_walk_end(heap, walk);
  return objects;
}

TEST(what_overflows_the_queue_is_swept_up) {
  enum { LEAVES = 100000 };
  made_heap heap;
  made_heap_init(&heap, NULL);
  void *array = made_array(&heap, LEAVES);
  for (size_t i = 0; i < LEAVES; i++) made_set(array, 32 + i * 8, made_node(&heap, 1));
  for (uint32_t limit = 100; limit < WALK_QUEUE; limit *= 7)
    CHECK_EQUAL(objects_with_short_queue(&heap, array, limit), LEAVES + 1);
  made_heap_deinit(&heap);
}

// What a sweep scans finds more, before and behind it in memory.
TEST(sweeps_find_more_on_either_side) {
  enum { OUTER = 30000, INNER = 10000 };
  made_heap heap;
  made_heap_init(&heap, NULL);
  void *before = made_array(&heap, INNER), *array = made_array(&heap, OUTER), *nodes[OUTER];
  for (size_t i = 0; i < INNER; i++) made_set(before, 32 + i * 8, made_node(&heap, 1));
  for (size_t i = 0; i < OUTER; i++) made_set(array, 32 + i * 8, nodes[i] = made_node(&heap, 1));
  void *behind = made_array(&heap, INNER);
  for (size_t i = 0; i < INNER; i++) made_set(behind, 32 + i * 8, made_node(&heap, 1));
  made_link(nodes[OUTER - 1], 0, before);
  made_link(nodes[0], 0, behind);
  for (size_t i = 1; i < OUTER - 1; i += 2) made_link(nodes[i], 0, made_node(&heap, 1));
  CHECK_EQUAL(objects_with_short_queue(&heap, array, 256), heap.count);
  CHECK_EQUAL(objects_with_short_queue(&heap, array, 5000), heap.count);
  made_heap_deinit(&heap);
}

TEST(a_walk_counts_what_it_has_not_seen) {
  made_heap heap;
  made_heap_init(&heap, NULL);
  void *shared = made_node(&heap, 1), *first = made_node(&heap, 2), *second = made_node(&heap, 2);
  made_link(first, 0, shared);
  made_link(second, 1, shared);
  csizer_walk *walk = made_walk(&heap, (csizer_walk_options){0});
  CHECK_EQUAL(csizer_walk_object(walk, first), CSIZER_OK);
  CHECK_EQUAL(csizer_walk_totals(walk).objects, 2);
  CHECK_EQUAL(csizer_walk_object(walk, second), CSIZER_OK);
  CHECK_EQUAL(csizer_walk_totals(walk).objects, 3);
  CHECK_EQUAL(csizer_walk_object(walk, shared), CSIZER_OK);
  CHECK_EQUAL(csizer_walk_totals(walk).objects, 3);
  made_walk_end(&heap, walk);
  made_heap_deinit(&heap);
}

TEST(what_is_skipped_is_neither_counted_nor_followed) {
  made_heap heap;
  made_heap_init(&heap, NULL);
  void *first = made_node(&heap, 1), *second = made_node(&heap, 1), *third = made_node(&heap, 1);
  made_link(first, 0, second);
  made_link(second, 0, third);
  csizer_walk *walk = made_walk(&heap, (csizer_walk_options){0});
  CHECK_EQUAL(csizer_walk_skip(walk, second), CSIZER_OK);
  CHECK_EQUAL(csizer_walk_object(walk, first), CSIZER_OK);
  CHECK_EQUAL(csizer_walk_totals(walk).objects, 1);
  made_walk_end(&heap, walk);
  made_heap_deinit(&heap);
}
