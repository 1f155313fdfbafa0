// SPDX-License-Identifier: Apache-2.0
#ifndef CSIZER_WALK_PLAIN_H
#define CSIZER_WALK_PLAIN_H
#include "walk/walk_internal.h"

// What the loops share that do plain objects by themselves: those that are nothing but a mask of references.

enum {
  PLAIN_AHEAD = 24,  // objects between the fetch of one and its scan
  PLAIN_RING = 128,  // PLAIN_AHEAD and a unit's worth of objects
};
#define PLAIN_INLINE static inline __attribute__((always_inline))

PLAIN_INLINE bool plain_is_in_range(heapmap_grain grain) { return heapmap_grain_is_from(grain, WALK_FLOOR); }

/// How far behind an object's start the last word may be that is worth fetching: where nothing is known, that of 48
/// bytes. One cache line more is fetched for it, so that small objects may straddle two.
enum { PLAIN_REACH = 39 };

/// The same by the size of the blocks in an address's page, up to that of 128 bytes.
PLAIN_INLINE size_t plain_reach(const csizer_walk *walk, const heapmap_leaf *leaf, uintptr_t address) {
  const size_t size = pagememo_known_size(&walk->memo, leaf, address);
  return size > PLAIN_REACH + 9 && size <= 128 ? size - 9 : PLAIN_REACH;
}

PLAIN_INLINE void plain_fetch(uintptr_t object, size_t reach) {
  __builtin_prefetch((const void *)object);
  __builtin_prefetch((const void *)(object + reach));
}

/// What a loop needs of an object; NULL when it is not one of its plain ones, its page is new to the memo, or it is
/// larger than its kind.
PLAIN_INLINE walk_hot *plain_of(const csizer_walk *walk, walk_hot_table *table, const heapmap_leaf *leaf,
                                uintptr_t address) {
  const swift_object *object = (const swift_object *)address;
  walk_hot *hot = walk_hot_of(table, object->metadata);
  size_t size = pagememo_known_size(&walk->memo, leaf, address);
  if (__builtin_expect(hot->metadata != object->metadata, 0)) return NULL;
  if (__builtin_expect((int64_t)object->references < 0 || size != hot->usable, 0)) return NULL;
  return hot;
}

PLAIN_INLINE void plain_add(walk_hot *hot) {
  hot->count++;
  hot->bytes += hot->usable;
}

/// The same, counted.
PLAIN_INLINE walk_hot *plain_count(const csizer_walk *walk, walk_hot_table *table, const heapmap_leaf *leaf,
                                   uintptr_t address) {
  walk_hot *hot = plain_of(walk, table, leaf, address);
  if (__builtin_expect(hot != NULL, 1)) plain_add(hot);
  return hot;
}

/// Whether what is seen at an address and waited is an object.
PLAIN_INLINE bool plain_is_object(csizer_walk *walk, heapmap_leaf *leaf, uintptr_t address) {
  return __builtin_expect(heapmap_is_live(leaf, address), 1) || csizer_walk_is_after_all(walk, leaf, address);
}

#endif
