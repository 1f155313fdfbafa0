// SPDX-License-Identifier: Apache-2.0
#include "walk/walk_internal.h"

// Elements behind a header of a library's making: layout_tail.c.

static size_t count_of(const char *object, const csizer_object_layout *layout) {
  if (layout->count == CSIZER_ONE_ELEMENT) return 1;
  const void *count = object + layout->count;
  switch (layout->count_bytes) {
    case sizeof(uint16_t): return *(const uint16_t *)count;
    case sizeof(uint64_t): return *(const uint64_t *)count;
    default: return 0;
  }
}

static size_t word_at(const char *object, uint32_t offset) { return *(const size_t *)(const void *)(object + offset); }

static void ring(csizer_walk *walk, const char *object, const csizer_object_layout *layout, size_t room, size_t count) {
  size_t size = word_at(object, layout->ring_capacity), first = word_at(object, layout->ring_first);
  if (size > room) size = room;
  if (count > size) count = size;
  if (first >= size) first = 0;
  size_t before_end = count < size - first ? count : size - first;
  const char *slots = object + layout->first;
  csizer_walk_elements(walk, slots + first * layout->element->stride, before_end, layout->element);
  csizer_walk_elements(walk, slots, count - before_end, layout->element);
}

void csizer_walk_tail(csizer_walk *walk, const char *object, const csizer_object_layout *layout, size_t usable) {
  size_t stride = layout->element->stride ? layout->element->stride : 1;
  size_t room = usable > layout->first ? (usable - layout->first) / stride : 0;
  walk_value(walk, object, &layout->fields);
  if (layout->count == CSIZER_NO_COUNT) {
    csizer_walk_add_requested(walk, layout, usable, 0, usable);
    if (csizer_layout_is_plain(layout->element)) return;
    walk->totals.unresolved++;
    csizer_walk_conservative(walk, object + layout->first, room * stride);
    return;
  }
  size_t count = count_of(object, layout);
  if (count > room) count = room;
  csizer_walk_add_requested(walk, layout, layout->first + room * stride, (room - count) * stride, usable);
  if (layout->ring_first) {
    ring(walk, object, layout, room, count);
    return;
  }
  // That an Int in the header counts them is a guess, or somebody has said so.
  bool is_guess = layout->count != CSIZER_ONE_ELEMENT && layout->count_bytes == sizeof(uint64_t);
  const walk_scope outer = walk_sink_enter(walk->sink, NULL, is_guess);
  csizer_walk_elements(walk, object + layout->first, count, layout->element);
  walk_sink_leave(walk->sink, outer);
}

// _HashNodeHeader.swift: equal maps are a node of collisions and hold their number, otherwise a bit stands for one of
// them.
typedef struct hash_node_header {
  swift_object object;
  uint32_t item_map, child_map;
  uint32_t byte_capacity, bytes_free;
} hash_node_header;
typedef struct hash_node_child {
  uintptr_t storage;
  size_t count;
} hash_node_child;

void csizer_walk_hash_node(csizer_walk *walk, const char *object, const csizer_object_layout *layout, size_t usable) {
  const hash_node_header *header = (const hash_node_header *)(const void *)object;
  bool collides = header->item_map == header->child_map;
  size_t items = collides ? header->item_map : (size_t)__builtin_popcount(header->item_map);
  size_t children = collides ? 0 : (size_t)__builtin_popcount(header->child_map);
  size_t end = sizeof *header + header->byte_capacity, item_bytes = items * layout->pair_stride;
  if (end > usable || item_bytes + children * sizeof(hash_node_child) > header->byte_capacity) {
    walk->totals.unresolved++;
    csizer_walk_add_requested(walk, layout, usable, 0, usable);
    csizer_walk_conservative(walk, header + 1, usable - sizeof *header);
    return;
  }
  csizer_walk_add_requested(walk, layout, end, header->bytes_free, usable);
  const hash_node_child *child = (const hash_node_child *)(const void *)(header + 1);
  for (size_t i = 0; i < children; i++) walk_reference(walk, child[i].storage, &child[i].storage);
  if (csizer_layout_is_plain(layout->element) && csizer_layout_is_plain(layout->value)) return;
  for (const char *item = object + end - item_bytes; item < object + end; item += layout->pair_stride) {
    walk_value(walk, item, layout->element);
    walk_value(walk, item + layout->pair_value, layout->value);
  }
}

// swift-corelibs-foundation, CFRuntime.c: the type's number is bits 8 to 17 of the word after the header. Only the run
// array of an attributed string is taken apart (CFRunArray.c); of the others little more than ICU's heap would be
// found.
typedef struct cf_run_array {
  swift_object object;
  uint64_t info;
  const struct cf_runs {
    size_t reference_count, length;
    size_t count, capacity;
    size_t cached[2];
    struct {
      size_t length;
      uintptr_t object;
    } runs[];
  } *guts;
} cf_run_array;

void csizer_walk_cf_object(csizer_walk *walk, const char *object, const csizer_object_layout *layout, size_t usable) {
  enum { CF_RUN_ARRAY = 63 };
  const cf_run_array *array = (const cf_run_array *)(const void *)object;
  csizer_walk_add_requested(walk, layout, usable, 0, usable);
  if ((array->info >> 8 & 0x3FF) != CF_RUN_ARRAY) {
    walk->totals.unresolved++;
    csizer_walk_conservative(walk, object + sizeof(swift_object), usable - sizeof(swift_object));
    return;
  }
  const struct cf_runs *guts = array->guts;
  size_t room = csizer_walk_raw_block(walk, (uintptr_t)guts, layout->raw_kind, true);
  if (room < sizeof *guts) return;  // seen already: run arrays share their runs until one is written to
  room = (room - sizeof *guts) / sizeof *guts->runs;
  const walk_scope outer = walk_sink_enter(walk->sink, &array->guts, false);
  for (size_t i = 0; i < guts->count && i < room; i++)
    walk_reference(walk, guts->runs[i].object, &guts->runs[i].object);
  walk_sink_leave(walk->sink, outer);
}
