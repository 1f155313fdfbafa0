// SPDX-License-Identifier: Apache-2.0

/// The shapes that need no stack: the order of the nodes is the order of the walk.

#include "floor.h"
#include "visited.h"

typedef struct list_node {
  csizer_floor_header header;
  const struct list_node *next;
} list_node;

csizer_floor_total csizer_floor_walk_leaves(csizer_floor *floor, const void *const *leaves, size_t count) {
  const csizer_floor walk = csizer_floor_begin(floor);
  const csizer_floor_header *const *headers = (const csizer_floor_header *const *)leaves;
  size_t objects = 0;
  for (size_t index = 0; index < count; index++) {
    const size_t ahead = index + CSIZER_FLOOR_IN_FLIGHT;
    __builtin_prefetch(headers[ahead < count ? ahead : index]);
    objects += csizer_floor_mark(&walk, headers[index]) & (headers[index]->metadata == headers[0]->metadata);
  }
  return csizer_floor_sum(&walk, objects);
}

csizer_floor_total csizer_floor_walk_list(csizer_floor *floor, const void *head) {
  const csizer_floor walk = csizer_floor_begin(floor);
  size_t objects = 0;
  for (const list_node *node = head; node && csizer_floor_mark(&walk, node); node = node->next) objects++;
  return csizer_floor_sum(&walk, objects);
}
