// SPDX-License-Identifier: Apache-2.0
#include <string.h>

#include "support/check.h"
#include "support/tracked_heap.h"

// Sizes on large random graphs against a plain model: each tracked object in turn takes all that it reaches and that
// nobody has taken, except what is tracked.
static uint64_t size_by_model(tracked_heap *tracked, const uint32_t (*links)[3], uint32_t node, bool *taken,
                              uint32_t *stack) {
  uint64_t bytes = 0;
  size_t count = 0;
  stack[count++] = node;
  while (count) {
    uint32_t at = stack[--count];
    bytes += made_bytes(tracked->heap.blocks[at]);
    for (int link = 0; link < 3; link++) {
      uint32_t next = links[at][link];
      if (next == UINT32_MAX || taken[next]) continue;
      taken[next] = true;
      stack[count++] = next;
    }
  }
  return bytes;
}

enum { NODES = 100000 };

static void check_against_model(uint64_t seed, uint32_t one_of, unsigned links_of_10, uint32_t sweep_at) {
  static uint32_t links[NODES][3], stack[NODES], order[NODES];
  static bool taken[NODES];
  tracked_heap tracked;
  tracked_start(&tracked);
  memset(taken, 0, sizeof taken);
  uint32_t count = 0;
  for (int i = 0; i < NODES; i++) made_node(&tracked.heap, 3);
  for (uint32_t i = 0; i < NODES; i++)
    for (unsigned link = 0; link < 3; link++) {
      bool is_linked = check_random(&seed) % 10 < links_of_10;
      links[i][link] = is_linked ? (uint32_t)(check_random(&seed) % NODES) : UINT32_MAX;
      if (is_linked) made_link(tracked.heap.blocks[i], link, tracked.heap.blocks[links[i][link]]);
    }
  for (uint32_t tries = 0; tries < NODES / one_of + 1; tries++) {
    uint32_t node = (uint32_t)(check_random(&seed) % NODES);
    if (taken[node]) continue;
    taken[node] = true;
    order[count++] = node;
    tracked_add(&tracked, tracked.heap.blocks[node], 1, 0);
  }
  csizer_lifetimes_hold();
  csizer_sizing *sizing = tracked_sizing(&tracked, false);
  tracked_run(&tracked, sizing, sweep_at, UINT32_MAX);
  csizer_lifetimes_resume();
  tracked_applied applied = tracked_apply(&tracked, sizing);
  CHECK_EQUAL(applied.row_count, count);
  uint64_t sum = 0;
  for (uint32_t i = 0; i < count; i++) {
    uint64_t bytes = size_by_model(&tracked, (const uint32_t (*)[3])links, order[i], taken, stack);
    tracked_check_row(&applied, i, i, bytes);
    sum += bytes;
  }
  CHECK_EQUAL(applied.sums[0].bytes, sum);
  tracked_end(&tracked);
}

TEST(sparse_graphs_agree_with_the_model) {
  check_against_model(1, 3, 3, 0);
  check_against_model(2, 10, 4, 0);
}

TEST(dense_graphs_agree_with_the_model) {
  check_against_model(3, 1000, 9, 0);
  check_against_model(4, 2, 9, 0);
  check_against_model(5, NODES, 10, 0);  // one or two objects, which have nearly all
}

// A queue so short that the walk sweeps over the map for nearly every object: the bits of tracked objects must not be
// taken for found.
TEST(sweeping_walks_agree_with_the_model) {
  const uint32_t queues[] = {64, 100, 1000};
  for (uint64_t i = 0; i < 3; i++) {
    check_against_model(10 + i, 5000, 9, queues[i]);
    check_against_model(20 + i, 1000, 5, queues[i]);
  }
}
