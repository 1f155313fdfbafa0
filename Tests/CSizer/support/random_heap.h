// SPDX-License-Identifier: Apache-2.0
#ifndef RANDOM_HEAP_H
#define RANDOM_HEAP_H
#include "support/made_heap.h"

// Random heaps in memory of the test's own: objects of all sizes, arrays, rubbish in place of references, and pages
// that can't be read. One at a time.

enum { REGIONS = 24, MOST_PAGES = 48, MOST_OBJECTS = 40000, MOST_REFERENCES = 8, ROOTS = 6, KINDS = 64 };

typedef struct object {
  char *start;
  size_t bytes;
  bool is_array;
  size_t count;  // of references
  unsigned group;  // with holes: nobody refers to another group's; only those of odd groups are in holes
} object;

typedef struct region {
  char *start;
  size_t pages;
} region;

typedef struct random_heap {
  uint64_t random;
  made_heap heap;
  region regions[REGIONS];
  size_t region_count;
  object objects[MOST_OBJECTS];
  size_t count;
  uint32_t sweep_at;
  bool sweeps_always;
  bool is_plain;  // nothing but objects that workers do by themselves, none of which is in two pages
} random_heap;
extern random_heap world;

/// The next random number below an end.
uint64_t below(uint64_t end);

/// Where a reference stands.
uintptr_t *reference(const object *object, size_t index);

/// As malloc_usable_size(3): blocks of one size side by side in each page, as jemalloc has it.
size_t world_usable_size(const void *block);

void make_world(uint64_t seed, bool has_holes);
void make_plain_world(uint64_t seed);
void unmake_world(void);

/// Whether any of an object is in a page that can't be read.
bool is_in_hole(const object *object);
void protect_holes(int protection);

#endif
