// SPDX-License-Identifier: Apache-2.0
#ifndef CSIZER_SLAB_SET_H
#define CSIZER_SLAB_SET_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// Which pairs of a class and a slab have been met: open addressing, at most half full. Zeroed it is empty.
typedef struct csizer_slab_pair {
  uintptr_t slab;  // 0: the place is free
  uint32_t class;
} csizer_slab_pair;

typedef struct csizer_slab_set {
  csizer_slab_pair *pairs;
  size_t count, capacity;
} csizer_slab_set;

typedef enum csizer_slab_insertion {
  CSIZER_SLAB_NEW,
  CSIZER_SLAB_KNOWN,
  CSIZER_SLAB_NO_MEMORY,
} csizer_slab_insertion;

/// Adds a pair, whose slab is not 0.
csizer_slab_insertion csizer_slab_set_add(csizer_slab_set *set, uintptr_t slab, uint32_t class);

void csizer_slab_set_deinit(csizer_slab_set *set);

/// The address of the slab that the block at `block` is in: `bytes` long, with places of `place` bytes from its start
/// on; 0 when these do not say. `page` is a power of two.
uintptr_t csizer_slab_start(uintptr_t block, size_t bytes, size_t place, size_t page);

#endif
