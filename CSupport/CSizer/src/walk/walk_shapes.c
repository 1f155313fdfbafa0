// SPDX-License-Identifier: Apache-2.0
#include "walk/walk_internal.h"

// Objects that are more than their fields.

static size_t room_for(size_t usable, const csizer_object_layout *layout) {
  size_t stride = layout->element->stride ? layout->element->stride : 1;
  return usable > layout->first ? (usable - layout->first) / stride : 0;
}

static void array(csizer_walk *walk, const char *object, const csizer_object_layout *layout, size_t usable) {
  size_t count = ((const size_t *)(const void *)object)[2];
  size_t capacity = ((const size_t *)(const void *)object)[3] >> 1;  // the low bit is a flag
  size_t stride = layout->element->stride;
  if (capacity > room_for(usable, layout)) capacity = room_for(usable, layout);
  if (count > capacity) count = capacity;
  csizer_walk_add_requested(walk, layout, layout->first + capacity * stride, (capacity - count) * stride, usable);
  csizer_walk_elements(walk, object + layout->first, count, layout->element);
}

// Whether so many elements at `array` are inside the object's block. In integers: the pointer may be rubbish.
static bool lies_within(const char *object, size_t usable, const char *array, size_t count, size_t stride) {
  uintptr_t offset = (uintptr_t)array - (uintptr_t)object;
  return offset <= usable && count <= (usable - offset) / (stride ? stride : 1);
}

// stdlib/public/core/HashTable.swift: a bit for each bucket, in words after the pointers; one word at least.
static void hash(csizer_walk *walk, const char *object, const csizer_object_layout *layout, size_t usable) {
  size_t used = ((const size_t *)(const void *)object)[2];
  size_t capacity = ((const size_t *)(const void *)object)[3];
  unsigned scale = ((const uint8_t *)object)[32];
  size_t buckets = (size_t)1 << (scale & 63);
  const char *const *pointers = (const char *const *)(const void *)(object + layout->first);
  const char *keys = pointers[0], *values = layout->value ? pointers[1] : NULL;
  const uint64_t *bitmap = (const uint64_t *)(const void *)(pointers + (layout->value ? 2 : 1));
  size_t pair = layout->element->stride + (layout->value ? layout->value->stride : 0);
  bool fits = lies_within(object, usable, keys, buckets, layout->element->stride) &&
              (!layout->value || lies_within(object, usable, values, buckets, layout->value->stride));
  if (!fits) {
    walk->totals.unresolved++;
    csizer_walk_add_requested(walk, layout, usable, 0, usable);
    csizer_walk_conservative(walk, object + sizeof(swift_object), usable - sizeof(swift_object));
    return;
  }
  const char *last =
      layout->value ? values + buckets * layout->value->stride : keys + buckets * layout->element->stride;
  csizer_walk_add_requested(walk, layout, (size_t)(last - object), (capacity - used) * pair, usable);
  bool plain = csizer_layout_is_plain(layout->element) && (!layout->value || csizer_layout_is_plain(layout->value));
  for (size_t word = 0; !plain && word * 64 < buckets; word++)
    for (uint64_t bits = bitmap[word]; bits; bits &= bits - 1) {
      size_t bucket = word * 64 + (size_t)__builtin_ctzll(bits);
      if (bucket >= buckets) break;
      walk_value(walk, keys + bucket * layout->element->stride, layout->element);
      if (layout->value) walk_value(walk, values + bucket * layout->value->stride, layout->value);
    }
}

// stdlib/public/core/StringStorage.swift. The breadcrumbs, made when offsets in UTF-16 were asked for, are a reference
// behind the capacity; bit 63 of the capacity says that there is room for it.
static void string(csizer_walk *walk, const char *object, const csizer_object_layout *layout, size_t usable) {
  const uint64_t *words = (const uint64_t *)(const void *)object;
  uint64_t low_bits = ((uint64_t)1 << 48) - 1;
  size_t capacity = words[2] & low_bits, count = words[3] & low_bits;
  size_t end = layout->first + capacity;
  bool has_breadcrumbs = words[2] >> 63;
  if (end + (has_breadcrumbs ? sizeof(uintptr_t) : 0) > usable || count >= capacity) {
    csizer_walk_add_requested(walk, layout, usable, 0, usable);
    return;
  }
  // One code unit is the terminator's.
  csizer_walk_add_requested(walk, layout, end + (has_breadcrumbs ? sizeof(uintptr_t) : 0), capacity - count - 1,
                            usable);
  const uintptr_t *breadcrumbs = (const uintptr_t *)(const void *)(object + end);
  if (has_breadcrumbs) walk_reference(walk, *breadcrumbs, breadcrumbs);
}

// stdlib/public/core/KeyPath.swift. Components that captured indices of a subscript hold them as the subscript's caller
// laid them out, which nothing at run time tells. But every word that is a live object's address by the census is one:
// the others are lengths, code and metadata.
static void key_path(csizer_walk *walk, const char *object, const csizer_object_layout *layout, size_t usable) {
  enum { COMPONENTS = 8 };  // after the header and its padding
  uint32_t header = *(const uint32_t *)(const void *)(object + layout->first);
  size_t start = layout->first + COMPONENTS, bytes = header & 0xFFFFFF;
  bool is_trivial = header >> 31;
  if (start + bytes > usable) bytes = usable - start;
  csizer_walk_add_requested(walk, layout, start + bytes, 0, usable);
  if (is_trivial) return;
  if (!walk->options.census_is_complete) walk->totals.unresolved++;
  csizer_walk_sure_words(walk, object + start, bytes);
}

static void error_box(csizer_walk *walk, const char *object, const csizer_object_layout *layout, size_t usable) {
  const swift_error_object *error = (const swift_error_object *)(const void *)object;
  const csizer_value_layout *value = csizer_layouts_value(walk->layouts, error->type);
  if (!value) {
    walk->status = CSIZER_NO_MEMORY;
    return;
  }
  size_t mask = swift_witnesses_of(error->type)->flags & SWIFT_ALIGNMENT_MASK;
  size_t offset = swift_round_up(sizeof *error, mask);
  csizer_walk_add_requested(walk, layout, offset + value->size, 0, usable);
  walk_value(walk, object + offset, value);
}

// The block is larger than the object's class: somebody allocated a tail (Builtin.allocWithTailElems,
// ManagedBufferPointer). What is in it is not written down anywhere.
void csizer_walk_unknown_tail(csizer_walk *walk, const char *object, const csizer_object_layout *layout,
                              size_t usable) {
  walk->totals.unresolved++;
  csizer_walk_add_requested(walk, layout, usable, 0, usable);
  if (usable < layout->requested) {  // then the fields are not what they were taken for
    csizer_walk_conservative(walk, object + sizeof(swift_object), usable - sizeof(swift_object));
    return;
  }
  walk_value(walk, object, &layout->fields);
  csizer_walk_conservative(walk, object + layout->requested, usable - layout->requested);
}

static void opaque(csizer_walk *walk, const char *object, const csizer_object_layout *layout, size_t usable) {
  size_t start = layout->first ? layout->first : sizeof(swift_object);
  walk->totals.unresolved++;
  csizer_walk_add_requested(walk, layout, usable, 0, usable);
  walk_value(walk, object, &layout->fields);
  if (start < usable) csizer_walk_conservative(walk, object + start, usable - start);
}

void csizer_walk_shape(csizer_walk *walk, const char *object, const csizer_object_layout *layout, size_t usable) {
  switch (layout->shape) {
    case SHAPE_ARRAY: array(walk, object, layout, usable); return;
    case SHAPE_HASH: hash(walk, object, layout, usable); return;
    case SHAPE_TAIL: csizer_walk_tail(walk, object, layout, usable); return;
    case SHAPE_CF: csizer_walk_cf_object(walk, object, layout, usable); return;
    case SHAPE_HASH_NODE: csizer_walk_hash_node(walk, object, layout, usable); return;
    case SHAPE_STRING: string(walk, object, layout, usable); return;
    case SHAPE_KEY_PATH: key_path(walk, object, layout, usable); return;
    case SHAPE_ERROR: error_box(walk, object, layout, usable); return;
    case SHAPE_FIELDS:
      csizer_walk_add_requested(walk, layout, layout->requested ? layout->requested : usable, 0, usable);
      walk_value(walk, object, &layout->fields);
      return;
    case SHAPE_TASK: csizer_walk_task_slabs(walk, object, layout, usable); __attribute__((fallthrough));
    case SHAPE_BOUND:  // resolved before the scan
    case SHAPE_OPAQUE: opaque(walk, object, layout, usable); return;
  }
}
