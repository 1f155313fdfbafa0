// SPDX-License-Identifier: Apache-2.0
#include "walk/walk_internal.h"

// Objects that are more than their fields.

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
    case SHAPE_ARRAY: csizer_walk_array(walk, object, layout, usable); return;
    case SHAPE_HASH: csizer_walk_hash(walk, object, layout, usable); return;
    case SHAPE_TAIL: csizer_walk_tail(walk, object, layout, usable); return;
    case SHAPE_CF: csizer_walk_cf_object(walk, object, layout, usable); return;
    case SHAPE_HASH_NODE: csizer_walk_hash_node(walk, object, layout, usable); return;
    case SHAPE_STRING: csizer_walk_string(walk, object, layout, usable); return;
    case SHAPE_KEY_PATH: key_path(walk, object, layout, usable); return;
    case SHAPE_ERROR: error_box(walk, object, layout, usable); return;
    case SHAPE_FIELDS:
      csizer_walk_add_requested(walk, layout, layout->requested ? layout->requested : usable, 0, usable);
      walk_value(walk, object, &layout->fields);
      return;
    case SHAPE_TASK: csizer_walk_task(walk, object, layout, usable); return;
    case SHAPE_BOUND:  // resolved before the scan
    case SHAPE_OPAQUE: opaque(walk, object, layout, usable); return;
  }
}
