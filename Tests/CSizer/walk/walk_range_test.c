// SPDX-License-Identifier: Apache-2.0
#include <stdlib.h>

#include "snapshot/frozen_child.h"
#include "support/check.h"
#include "support/made_graph.h"
#include "walk/walk_internal.h"

// Arrays that wait behind the queue: against a model.

static void fill(made_graph *graph, uint32_t array, unsigned links) {
  for (uint32_t i = 0; i < graph->members[array].count; i++)
    made_graph_link(graph, array, i, made_graph_node(graph, links));
}

TEST(arrays_of_all_lengths_agree_with_the_model) {
  static const uint32_t lengths[] = {1, 255, 256, 257, 1023, 1024, 1025, 1279, 1280, 1281, 5000, 70000};
  made_graph graph;
  made_graph_init(&graph, 1);
  for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
    const uint32_t array = made_graph_array(&graph, lengths[i]);
    fill(&graph, array, 1);
    made_graph_expect(&graph, &array, 1);
  }
  made_graph_deinit(&graph);
}

// More of them than wait at a time, each met while those before are half walked; and each leads back.
TEST(arrays_in_arrays_agree_with_the_model) {
  enum { ARRAYS = 3 * WALK_RANGES, LENGTH = 2000 };
  made_graph graph;
  made_graph_init(&graph, 2);
  uint32_t arrays[ARRAYS];
  for (int i = 0; i < ARRAYS; i++) {
    fill(&graph, arrays[i] = made_graph_array(&graph, LENGTH), 1);
    if (i) made_graph_link(&graph, arrays[i - 1], LENGTH / 2, arrays[i]);
    made_graph_link(&graph, arrays[i], LENGTH - 1, arrays[made_graph_below(&graph, (uint32_t)i + 1)]);
  }
  made_graph_expect(&graph, arrays, 1);
  made_graph_expect(&graph, &arrays[ARRAYS / 2], 1);
  made_graph_deinit(&graph);
}

// What is behind a few elements is more than the queue holds: the rest of the array waits for the sweep.
TEST(an_array_half_walked_is_swept_up) {
  enum { LENGTH = 3000, WIDE = 500, WIDE_ONES = 200 };
  made_graph graph;
  made_graph_init(&graph, 3);
  const uint32_t array = made_graph_array(&graph, LENGTH);
  fill(&graph, array, 2);
  for (uint32_t i = 0; i < WIDE_ONES; i++) {
    const uint32_t wide = made_graph_array(&graph, WIDE);
    made_graph_link(&graph, array, i, wide);
    fill(&graph, wide, 1);
    // Behind the elements that come last is as much as that.
    const uint32_t other = made_graph_array(&graph, WIDE);
    const uint32_t node = graph.links[graph.members[array].first + LENGTH - 1 - i];
    made_graph_link(&graph, node, 0, other);
    fill(&graph, other, 1);
  }
  made_graph_expect(&graph, &array, 1);
  made_graph_deinit(&graph);
}

// Too long to wait if its elements lie anywhere.
TEST(very_long_arrays_agree_in_order_and_not) {
  enum { LENGTH = 300000 };
  made_graph graph;
  made_graph_init(&graph, 4);
  const uint32_t array = made_graph_array(&graph, LENGTH);
  fill(&graph, array, 1);
  const uintptr_t *words = (const uintptr_t *)((const char *)graph.members[array].block + 32);
  CHECK(csizer_walk_are_near(words, LENGTH));
  made_graph_expect(&graph, &array, 1);
  const uint32_t *links = &graph.links[graph.members[array].first];
  for (uint32_t i = LENGTH - 1; i > 0; i--) {
    const uint32_t j = made_graph_below(&graph, i + 1), other = links[i];
    made_graph_link(&graph, array, i, links[j]);
    made_graph_link(&graph, array, j, other);
  }
  CHECK(!csizer_walk_are_near(words, LENGTH));
  made_graph_expect(&graph, &array, 1);
  made_graph_deinit(&graph);
}

TEST(near_is_what_a_sample_shows) {
  enum { COUNT = 1000, STEP = 48, FAR = 1 << 20 };
  static uintptr_t words[COUNT];
  for (uintptr_t i = 0; i < COUNT; i++) words[i] = i * STEP;
  for (size_t count = 2; count < COUNT; count++) CHECK(csizer_walk_are_near(words, count));
  CHECK(!csizer_walk_are_near(words, 0));
  CHECK(!csizer_walk_are_near(words, 1));
  for (uintptr_t i = 0; i < COUNT; i++) words[i] = (COUNT - i) * STEP;
  CHECK(csizer_walk_are_near(words, COUNT));
  for (uintptr_t i = 0; i < COUNT; i++) words[i] = i % 2 * FAR;
  CHECK(!csizer_walk_are_near(words, COUNT));
}

// With a depth limit none waits: what is in an array is one level below it, whatever its length.
TEST(arrays_are_levels_of_a_limited_walk) {
  made_graph graph;
  made_graph_init(&graph, 5);
  const uint32_t array = made_graph_array(&graph, 3000), inner = made_graph_array(&graph, 2000);
  fill(&graph, array, 1);
  fill(&graph, inner, 1);
  made_graph_link(&graph, graph.links[graph.members[array].first + 7], 0, inner);
  for (size_t depth = 1; depth < 6; depth++) made_graph_expect_by(&graph, made_graph_ways[0], &array, 1, depth);
  made_graph_deinit(&graph);
}

// Tracked objects are marked before they are walked, and the first of what they lead to without the loop.
TEST(arrays_behind_marked_objects_are_walked) {
  made_graph graph;
  made_graph_init(&graph, 6);
  const uint32_t node = made_graph_node(&graph, 1), array = made_graph_array(&graph, 5000);
  made_graph_link(&graph, node, 0, array);
  fill(&graph, array, 1);
  csizer_walk *walk = made_walk(&graph.heap, (csizer_walk_options){0});
  CHECK(csizer_heapmap_mark(graph.heap.map, graph.members[node].block));
  CHECK_EQUAL(csizer_walk_marked(walk, graph.members[node].block), CSIZER_OK);
  CHECK_EQUAL(csizer_walk_totals(walk).objects, graph.count);
  CHECK_EQUAL(csizer_walk_totals(walk).bytes, graph.heap.bytes);
  made_walk_end(&graph.heap, walk);
  made_graph_deinit(&graph);
}

// As after a fault: the next object's walk must not read what the last one's left.
TEST(what_is_given_up_does_not_wait) {
  static const uintptr_t none[2000];
  made_graph graph;
  made_graph_init(&graph, 7);
  const uint32_t node = made_graph_node(&graph, 1);
  csizer_walk *walk = made_walk(&graph.heap, (csizer_walk_options){0});
  CHECK(csizer_walk_defer(walk, none, 2000));
  csizer_walk_give_up(walk);
  CHECK(!walk_has_waiting(walk));
  CHECK_EQUAL(csizer_walk_object(walk, graph.members[node].block), CSIZER_OK);
  CHECK_EQUAL(csizer_walk_totals(walk).objects, 1);
  made_walk_end(&graph.heap, walk);
  made_graph_deinit(&graph);
}
