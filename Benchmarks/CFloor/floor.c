// SPDX-License-Identifier: Apache-2.0

#include "floor.h"
#include "visited.h"

#include <malloc.h>
#include <stdlib.h>

bool csizer_floor_create(const void *lowest, const void *highest, size_t count, size_t node_bytes, csizer_floor **ret) {
  csizer_floor *floor = malloc(sizeof *floor);
  if (!floor) return false;
  const size_t span = (uintptr_t)highest - (uintptr_t)lowest;
  *floor = (csizer_floor){.lowest = (uintptr_t)lowest, .node_bytes = node_bytes, .word_count = span / (16 * 64) + 1};
  floor->visited = calloc(floor->word_count, sizeof *floor->visited);
  // A node is pushed once at most; the slot above takes the ones that are written and not kept.
  floor->stack = malloc((count + 1) * sizeof *floor->stack);
  if (!floor->visited || !floor->stack) {
    csizer_floor_destroy(floor);
    return false;
  }
  *ret = floor;
  return true;
}

void csizer_floor_destroy(csizer_floor *floor) {
  if (!floor) return;
  free(floor->visited);
  free(floor->stack);
  free(floor);
}

size_t csizer_floor_usable_size(const void *block) { return malloc_usable_size((void *)block); }
