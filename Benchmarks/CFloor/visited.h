// SPDX-License-Identifier: Apache-2.0

/// What the walks share: the visited bitmap, one bit per 16 bytes, and the ring of nodes on their way from memory.

#ifndef CSIZER_FLOOR_VISITED_H
#define CSIZER_FLOOR_VISITED_H

#include "floor.h"

#include <stdint.h>
#include <string.h>

/// How many nodes are on their way from memory at a time. 8 to 12 are too few once the nodes outgrow the caches; 32 win
/// up to a fifth on a shuffled tree of a million, and lose more than that on trees in allocation order.
enum { CSIZER_FLOOR_IN_FLIGHT = 16 };

struct csizer_floor {
  uintptr_t lowest;
  size_t node_bytes;
  size_t word_count;
  uint64_t *visited;
  const void **stack;
};

/// A Swift object's first two words. Walks that know the layout read neither.
typedef struct {
  const void *metadata;
  uint64_t references;
} csizer_floor_header;

/// Puts `entering` into the ring and returns what was put there CSIZER_FLOOR_IN_FLIGHT calls ago. The position is the
/// caller's, apart from the ring: in one struct with the array the compiler would keep it in memory, a quarter slower.
static inline const void *csizer_floor_exchange(const void **ring, size_t *position, const void *entering) {
  const void *leaving = ring[*position];
  ring[*position] = entering;
  *position = (*position + 1) % CSIZER_FLOOR_IN_FLIGHT;
  return leaving;
}

/// Clears the bitmap and returns the floor as a value. Through a pointer every store to the stack might change the
/// fields, and the compiler would load them again for every reference.
static inline csizer_floor csizer_floor_begin(const csizer_floor *floor) {
  memset(floor->visited, 0, floor->word_count * sizeof *floor->visited);
  return *floor;
}

static inline uint64_t *csizer_floor_word(const csizer_floor *floor, const void *node) {
  return &floor->visited[((uintptr_t)node - floor->lowest) / (16 * 64)];
}

/// Marks a node and returns 1 if it was not marked before, else 0, without a branch.
static inline size_t csizer_floor_mark(const csizer_floor *floor, const void *node) {
  uint64_t *word = csizer_floor_word(floor, node);
  const uint64_t bit = (uint64_t)1 << (((uintptr_t)node - floor->lowest) / 16 % 64);
  const bool fresh = !(*word & bit);
  *word |= bit;
  return fresh;
}

/// The sum at a walk's end: every node is as large as the first.
static inline csizer_floor_total csizer_floor_sum(const csizer_floor *floor, size_t objects) {
  return (csizer_floor_total){.objects = objects, .bytes = objects * floor->node_bytes};
}

#endif
