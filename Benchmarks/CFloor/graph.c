// SPDX-License-Identifier: Apache-2.0

/// As the tree's walk, with a second ring: references wait in it while their word of the bitmap comes in.
///
/// In a graph a reference leads to a new node as often as not, which no branch predictor foresees, so here nothing
/// branches on it: every reference is written to the stack, and the height grows by one if it was new. That makes the
/// next pop wait for the bitmap, hence the ring. Branches instead cost 24 ns a node at a million, this costs 19; no
/// branches without the ring, 70 instead of 38 at ten million.

#include "floor.h"
#include "visited.h"

enum { REFERENCES = 3 };

typedef struct graph_node {
  csizer_floor_header header;
  const struct graph_node *references[REFERENCES];
} graph_node;

/// References on the way to the stack, in the order they were found.
typedef struct {
  const void **ring;
  size_t position;
  size_t height;
} references;

/// Lets a reference wait in the ring and pushes the one that has waited longest, if it is new.
static inline void push(const csizer_floor *floor, references *found, const graph_node *reference) {
  __builtin_prefetch(csizer_floor_word(floor, reference), 1);
  const void *oldest = csizer_floor_exchange(found->ring, &found->position, reference);
  floor->stack[found->height] = oldest;
  found->height += csizer_floor_mark(floor, oldest);
}

/// Pushes what still waits, and fills the ring with the root. It is marked before all others, so it is never pushed
/// again and can stand for nothing, here and for null. Returns whether the stack has a node.
static inline bool drain(const csizer_floor *floor, references *found, const graph_node *root) {
  for (size_t count = 0; count < CSIZER_FLOOR_IN_FLIGHT; count++) push(floor, found, root);
  return found->height > 0;
}

csizer_floor_total csizer_floor_walk_graph(csizer_floor *floor, const void *root) {
  const csizer_floor walk = csizer_floor_begin(floor);
  const void *nodes[CSIZER_FLOOR_IN_FLIGHT] = {NULL}, *waiting[CSIZER_FLOOR_IN_FLIGHT];
  for (size_t index = 0; index < CSIZER_FLOOR_IN_FLIGHT; index++) waiting[index] = root;
  references found = {.ring = waiting};
  size_t position = 0, in_flight = 0, objects = 0;
  while (found.height > 0 || in_flight > 0 || drain(&walk, &found, root)) {
    const graph_node *entering = NULL;
    if (found.height > 0) {
      entering = walk.stack[--found.height];
      __builtin_prefetch(&entering->references[0]);
      __builtin_prefetch(&entering->references[REFERENCES - 1]);
      in_flight++;
    }
    const graph_node *node = csizer_floor_exchange(nodes, &position, entering);
    if (!node) continue;
    in_flight--;
    objects++;
    for (size_t index = 0; index < REFERENCES; index++) {
      const graph_node *reference = node->references[index];
      push(&walk, &found, reference ? reference : root);
    }
  }
  return csizer_floor_sum(&walk, objects);
}
