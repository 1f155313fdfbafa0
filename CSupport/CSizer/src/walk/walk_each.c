// SPDX-License-Identifier: Apache-2.0
#include "walk/walk_internal.h"

// Arrays and sets of plain pointers whose elements own what they lead to: CSIZER_OWNS_EACH_BLOCK,
// CSIZER_OWNS_EACH_OBJECT. The container is walked as any other; by its type its elements are data.

static void meet(csizer_walk *walk, const char *element, const csizer_owned *owned) {
  uintptr_t address = *(const uintptr_t *)(const void *)element;
  if (!address) return;
  if (owned->rule == CSIZER_OWNS_EACH_OBJECT) walk_reference(walk, address, element);
  else csizer_walk_raw_block(walk, address, owned->kind, true);
}

// stdlib/public/core/ContiguousArrayBuffer.swift
static void each_of_array(csizer_walk *walk, const char *array, const csizer_object_layout *layout, size_t usable,
                          const csizer_owned *owned) {
  size_t count = ((const size_t *)(const void *)array)[2], stride = layout->element->stride;
  size_t room = usable > layout->first ? (usable - layout->first) / stride : 0;
  if (count > room) count = room;
  for (size_t i = 0; i < count; i++) meet(walk, array + layout->first + i * stride, owned);
}

// stdlib/public/core/HashTable.swift: a bit for each bucket, in words after the pointer to the elements.
static void each_of_set(csizer_walk *walk, const char *set, const csizer_object_layout *layout, size_t usable,
                        const csizer_owned *owned) {
  enum { SCALE = 32 };
  size_t buckets = (size_t)1 << (((const uint8_t *)set)[SCALE] & 63), stride = layout->element->stride;
  const char *const *elements = (const char *const *)(const void *)(set + layout->first);
  const uint64_t *bitmap = (const uint64_t *)(const void *)(elements + 1);
  uintptr_t offset = (uintptr_t)*elements - (uintptr_t)set;  // in integers: the pointer may be rubbish
  if (offset > usable || buckets > (usable - offset) / stride) return;
  for (size_t bucket = 0; bucket < buckets; bucket++)
    if (bitmap[bucket / 64] >> (bucket % 64) & 1) meet(walk, *elements + bucket * stride, owned);
}

void csizer_walk_each(csizer_walk *walk, const char *field, const csizer_owned *owned) {
  const uintptr_t container = *(const uintptr_t *)(const void *)field;
  walk_reference(walk, container, field);
  // An empty one is a static object.
  if (container >= WALK_CEILING || !csizer_heapmap_contains(walk->map, (const void *)container)) return;
  const csizer_object_layout *layout = walk_layout_of(walk, (const swift_object *)container);
  if (!layout || !layout->element || layout->element->stride < sizeof(uintptr_t)) return;
  size_t usable = pagememo_size(&walk->memo, heapmap_leaf_at(walk->map, container), container);
  const walk_scope outer = walk_sink_enter(walk->sink, field, owned->is_registered);
  if (layout->shape == SHAPE_ARRAY) each_of_array(walk, (const char *)container, layout, usable, owned);
  if (layout->shape == SHAPE_HASH && !layout->value) each_of_set(walk, (const char *)container, layout, usable, owned);
  walk_sink_leave(walk->sink, outer);
}
