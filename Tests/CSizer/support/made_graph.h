// SPDX-License-Identifier: Apache-2.0
#ifndef MADE_GRAPH_H
#define MADE_GRAPH_H
#include "support/made_heap.h"

// Large graphs of made objects, and a plain model that knows each link by its own list. However a walk goes over a
// graph, through the queue, through arrays behind it, by sweeps or from one to the other, it must come to what the
// model comes to.

/// An object that was made, and where its links are in the graph's list.
typedef struct made_member {
  void *block;
  uint32_t first, count;
  bool is_dead, is_array;
} made_member;

typedef struct made_graph {
  made_heap heap;
  uint64_t random;
  uint32_t count, capacity, link_count, link_capacity;
  made_member *members;
  uint32_t *links;
} made_graph;

void made_graph_init(made_graph *graph, uint64_t seed);
void made_graph_deinit(made_graph *graph);

/// The next random number below `bound`.
uint32_t made_graph_below(made_graph *graph, uint32_t bound);

// Objects, by their index. They lead to nothing yet.

uint32_t made_graph_node(made_graph *graph, unsigned links);
uint32_t made_graph_array(made_graph *graph, uint32_t links);
/// A node that the census has not seen being born.
uint32_t made_graph_older(made_graph *graph, unsigned links);
/// The same, and it lives no more: no link leads there, words may.
uint32_t made_graph_dead(made_graph *graph);

/// Sets a word that is no link.
void made_graph_set(made_graph *graph, uint32_t from, uint32_t slot, uint64_t word);
void made_graph_link(made_graph *graph, uint32_t from, uint32_t slot, uint32_t to);

/// How a walk begins: csizer_walk's fields of these names.
typedef struct made_graph_way {
  uint32_t sweep_at;
  uint32_t unforeseen;
  bool is_near;
} made_graph_way;
enum { MADE_GRAPH_WAYS = 7 };
extern const made_graph_way made_graph_ways[MADE_GRAPH_WAYS];

/// Walks from some roots after the other, in one walk, and compares with the model after each. `depth` 0: no limit.
void made_graph_expect_by(made_graph *graph, made_graph_way way, const uint32_t *roots, size_t root_count,
                          size_t depth);

/// The same without a limit, in all ways.
void made_graph_expect(made_graph *graph, const uint32_t *roots, size_t root_count);

#endif
