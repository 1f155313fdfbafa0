// SPDX-License-Identifier: Apache-2.0
#include <stdlib.h>

#include "csizer_allocator.h"
#include "support/check.h"
#include "support/made_graph.h"
#include "walk/walk_internal.h"

// What waits in the queue, and when it is swept up: against a model.

static void shuffle(made_graph *graph, uint32_t *indices, uint32_t count) {
  for (uint32_t i = count - 1; i > 0; i--) {
    const uint32_t j = made_graph_below(graph, i + 1), other = indices[i];
    indices[i] = indices[j];
    indices[j] = other;
  }
}

// Words that are no references, or not any more.
static void set_noise(made_graph *graph, uint32_t from, uint32_t slot, uint32_t dead) {
  const uint64_t words[] = {0, 1, 4096 - 16, UINT64_MAX, (uint64_t)1 << 62, (uint64_t)1 << 50,
                            (uint64_t)(uintptr_t)graph->members[from].block + 8,
                            (uint64_t)(uintptr_t)graph->members[dead].block};
  made_graph_set(graph, from, slot, words[made_graph_below(graph, sizeof words / sizeof *words)]);
}

// Of all kinds of objects, with so many of 100 words being references.
static void make_random(made_graph *graph, uint32_t objects, uint32_t percent) {
  static const unsigned sizes[] = {1, 2, 3, 6};
  const uint32_t first = graph->count, dead = made_graph_dead(graph);
  while (graph->count - first < objects) {
    const uint32_t what = made_graph_below(graph, 1000);
    if (what == 0) made_graph_array(graph, 1 + made_graph_below(graph, 4000));
    else if (what < 20) made_graph_older(graph, sizes[made_graph_below(graph, 4)]);
    else made_graph_node(graph, sizes[made_graph_below(graph, 4)]);
  }
  for (uint32_t from = first; from < graph->count; from++)
    for (uint32_t slot = 0; slot < graph->members[from].count && from != dead; slot++)
      if (made_graph_below(graph, 100) < percent)
        made_graph_link(graph, from, slot, first + made_graph_below(graph, objects));
      else set_noise(graph, from, slot, dead);
}

static void random_agrees(uint64_t seed, uint32_t objects, uint32_t percent) {
  enum { ROOTS = 20 };
  made_graph graph;
  uint32_t roots[ROOTS];
  made_graph_init(&graph, seed);
  make_random(&graph, objects, percent);
  for (int i = 0; i < ROOTS; i++) roots[i] = 1 + made_graph_below(&graph, objects - 1);
  made_graph_expect(&graph, roots, ROOTS);
  made_graph_deinit(&graph);
}

TEST(sparse_graphs_agree_with_the_model) { random_agrees(1, 100000, 30); }
TEST(graphs_agree_with_the_model) { random_agrees(2, 200000, 60); }
TEST(dense_graphs_agree_with_the_model) { random_agrees(3, 30000, 100); }

// A tree whose nodes lie in any order, and are more than the queue holds.
static void tree_agrees(unsigned links, bool is_shuffled) {
  enum { NODES = 300000 };
  made_graph graph;
  made_graph_init(&graph, 4);
  uint32_t *order = malloc(NODES * sizeof *order);
  CHECK(order != NULL);
  for (uint32_t i = 0; i < NODES; i++) order[i] = made_graph_node(&graph, links);
  if (is_shuffled) shuffle(&graph, order, NODES);
  for (uint32_t i = 1; i < NODES; i++) made_graph_link(&graph, order[(i - 1) / links], (i - 1) % links, order[i]);
  made_graph_expect(&graph, order, 1);
  free(order);
  made_graph_deinit(&graph);
}

TEST(wide_trees_agree_with_the_model) {
  tree_agrees(2, false);
  tree_agrees(2, true);
  tree_agrees(6, false);
  tree_agrees(6, true);
}

// Nearly as many wait as the queue has room for, while references lead to what was seen and some to what the census
// does not know.
TEST(a_wide_tree_that_knows_older_objects_agrees) {
  enum { NODES = 150000 };
  made_graph graph;
  made_graph_init(&graph, 9);
  uint32_t *order = malloc(NODES * sizeof *order);
  CHECK(order != NULL);
  for (uint32_t i = 0; i < NODES; i++)
    order[i] = made_graph_below(&graph, 100) ? made_graph_node(&graph, 3) : made_graph_older(&graph, 3);
  shuffle(&graph, order, NODES);
  for (uint32_t i = 1; i < NODES; i++) {
    made_graph_link(&graph, order[(i - 1) / 2], (i - 1) % 2, order[i]);
    made_graph_link(&graph, order[i], 2, order[(i - 1) / 2]);
  }
  made_graph_expect(&graph, order, 1);
  free(order);
  made_graph_deinit(&graph);
}

TEST(a_long_list_whose_nodes_all_know_its_head_agrees) {
  enum { NODES = 100000 };
  made_graph graph;
  made_graph_init(&graph, 5);
  for (uint32_t i = 0; i < NODES; i++) made_graph_node(&graph, 2);
  for (uint32_t i = 0; i < NODES; i++) {
    made_graph_link(&graph, i, 0, 0);
    if (i) made_graph_link(&graph, i - 1, 1, i);
  }
  made_graph_expect(&graph, (const uint32_t[]){0, NODES / 2}, 2);
  made_graph_deinit(&graph);
}

// First each reference leads to something new, then none does, then each does again.
TEST(the_walk_sees_where_references_lead) {
  enum { NEW = 20000, OLD = 20000 };
  made_graph graph;
  made_graph_init(&graph, 6);
  for (uint32_t i = 0; i < NEW; i++) {
    made_graph_node(&graph, 3);
    if (i) made_graph_link(&graph, i - 1, 0, i);
  }
  const uint32_t middle = graph.count;
  for (uint32_t i = 0; i < OLD; i++) {
    made_graph_node(&graph, 3);
    if (i) made_graph_link(&graph, graph.count - 2, 0, graph.count - 1);
    for (unsigned slot = 1; slot < 3; slot++)
      made_graph_link(&graph, graph.count - 1, slot, made_graph_below(&graph, graph.count));
  }
  const uint32_t end = graph.count;
  for (uint32_t i = 0; i < NEW; i++) {
    made_graph_node(&graph, 3);
    if (i) made_graph_link(&graph, graph.count - 2, 0, graph.count - 1);
  }
  static const bool foreseen[] = {true, false, true};
  const uint32_t roots[] = {0, middle, end};
  csizer_walk *walk = made_walk(&graph.heap, (csizer_walk_options){0});
  for (int i = 0; i < 3; i++) {
    CHECK_EQUAL(csizer_walk_object(walk, graph.members[roots[i]].block), CSIZER_OK);
    // Without pages of one size the loop that looks walks nothing by itself.
    CHECK_EQUAL(walk->unforeseen == 0, foreseen[i] || !csizer_allocator_has_uniform_pages());
  }
  CHECK_EQUAL(csizer_walk_totals(walk).objects, 2 * NEW + OLD);
  made_walk_end(&graph.heap, walk);
  made_graph_link(&graph, middle - 1, 0, middle);
  made_graph_link(&graph, end - 1, 0, end);
  made_graph_expect(&graph, roots, 1);
  made_graph_deinit(&graph);
}

// A sweep believes words before it asks the census. One that only looked like a reference must not hide a block from
// its owner, whoever of the two is met first.
TEST(a_block_that_a_word_seemed_to_refer_to_counts_with_its_owner) {
  made_heap heap;
  made_heap_init(&heap, NULL);
  void *blocks[] = {made_block(&heap, 64), made_block(&heap, 64)};
  csizer_walk *walk = made_walk(&heap, (csizer_walk_options){0});
  csizer_walk_begin_sweep(walk);
  for (int i = 0; i < 2; i++) {
    const uintptr_t address = (uintptr_t)blocks[i];
    heapmap_leaf *leaf = csizer_heapmap_leaf_make(heap.map, address);
    CHECK(leaf != NULL);
    if (i == 0) heapmap_believe(leaf, heapmap_grain_of(address));
    CHECK_EQUAL(csizer_walk_raw_block(walk, address, 0, true), made_bytes(blocks[i]));
    heapmap_believe(leaf, heapmap_grain_of(address));
    CHECK_EQUAL(csizer_walk_raw_block(walk, address, 0, true), 0);
  }
  csizer_walk_drain(walk);
  CHECK_EQUAL(csizer_walk_totals(walk).raw_blocks, 2);
  CHECK_EQUAL(csizer_walk_totals(walk).bytes, made_bytes(blocks[0]) + made_bytes(blocks[1]));
  made_walk_end(&heap, walk);
  made_heap_deinit(&heap);
}

TEST(depths_agree_with_the_model) {
  made_graph graph;
  made_graph_init(&graph, 7);
  make_random(&graph, 20000, 40);
  const uint32_t roots[] = {1, 2, 3};
  // With a depth limit what a second root reaches depends on what the first was kept from.
  for (size_t depth = 1; depth < 14; depth++)
    for (int i = 0; i < 3; i++) made_graph_expect_by(&graph, made_graph_ways[i % 2], &roots[i], 1, depth);
  made_graph_deinit(&graph);
}
