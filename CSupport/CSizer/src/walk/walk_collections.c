// SPDX-License-Identifier: Apache-2.0
// Arrays, dictionaries, sets and strings: what is in their storage.
#include "walk/walk_internal.h"

static size_t room_for(size_t usable, const csizer_object_layout *layout) {
  size_t stride = layout->element->stride ? layout->element->stride : 1;
  return usable > layout->first ? (usable - layout->first) / stride : 0;
}

void csizer_walk_array(csizer_walk *walk, const char *object, const csizer_object_layout *layout, size_t usable) {
  const swift_array *array = (const swift_array *)(const void *)object;
  size_t count = array->count, capacity = array->capacity_and_flag >> 1;
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
void csizer_walk_hash(csizer_walk *walk, const char *object, const csizer_object_layout *layout, size_t usable) {
  const swift_hash *hash = (const swift_hash *)(const void *)object;
  size_t used = hash->count, capacity = hash->capacity, buckets = (size_t)1 << (hash->scale & 63);
  const char *const *pointers = hash->pointers;
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
void csizer_walk_string(csizer_walk *walk, const char *object, const csizer_object_layout *layout, size_t usable) {
  const swift_string_storage *string = (const swift_string_storage *)(const void *)object;
  size_t capacity = string->capacity_and_flags & SWIFT_STORAGE_COUNT;
  size_t count = string->count_and_flags & SWIFT_STORAGE_COUNT, end = layout->first + capacity;
  bool has_breadcrumbs = string->capacity_and_flags & SWIFT_STORAGE_HAS_BREADCRUMBS;
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
