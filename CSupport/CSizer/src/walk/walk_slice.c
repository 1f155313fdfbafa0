// SPDX-License-Identifier: Apache-2.0
// What a value shows of a buffer that it keeps: told to a sink that wants to know. Nothing is followed here.
#include <string.h>

#include "walk/walk_internal.h"

/// A buffer, how much of it is in use, and how much of that a view shows.
typedef struct part {
  uintptr_t buffer;
  uint64_t used, all;
} part;

static const swift_object *live_object(csizer_walk *walk, uintptr_t address) {
  const bool is_live = walk_may_be_object(address) && csizer_heapmap_contains(walk->map, (const void *)address) &&
                       !walk_is_dead(walk, address);
  return is_live ? (const swift_object *)address : NULL;
}

static const csizer_object_layout *layout_of(csizer_walk *walk, uintptr_t address, csizer_shape shape) {
  const swift_object *object = live_object(walk, address);
  const csizer_object_layout *layout = object ? walk_layout_of(walk, object) : NULL;
  return layout && layout->shape == shape ? layout : NULL;
}

// A buffer's object, where the first element is, the first index, the end with a flag below it.
static part of_array(csizer_walk *walk, const uint64_t *words) {
  const csizer_object_layout *layout = layout_of(walk, words[0], SHAPE_ARRAY);
  if (!layout || words[2] > words[3] >> 1) return (part){0};
  const uint64_t stride = layout->element->stride, count = ((const uint64_t *)words[0])[2];
  return (part){words[0], ((words[3] >> 1) - words[2]) * stride, count * stride};
}

// Two indices, offsets above 16 other bits, then a string: its high bits say whether it has an object
// (StringObject.swift).
static part of_string(csizer_walk *walk, const uint64_t *words) {
  const uint64_t is_none_of_swifts = (uint64_t)3 << 60, low_bits = ((uint64_t)1 << 48) - 1;
  const uintptr_t object = words[3] & (((uint64_t)1 << 56) - 1);
  const uint64_t start = words[0] >> 16, end = words[1] >> 16;
  if (words[3] & is_none_of_swifts || start > end || !layout_of(walk, object, SHAPE_STRING)) return (part){0};
  return (part){object, end - start, ((const uint64_t *)object)[3] & low_bits};
}

static part of_data(csizer_walk *walk, const csizer_slice *slice, const uint64_t *words, uint64_t start, uint64_t end) {
  const swift_object *storage = live_object(walk, words[1]);
  if (!storage || start > end) return (part){0};
  uint64_t length;
  memcpy(&length, (const char *)storage + slice->length, sizeof length);
  return (part){words[1], end - start, length};
}

static part part_of(csizer_walk *walk, const uint64_t *words, const csizer_slice *slice) {
  switch (slice->form) {
    case SLICE_OF_ARRAY: return of_array(walk, words);
    case SLICE_OF_STRING: return of_string(walk, words);
    case SLICE_OF_DATA: return of_data(walk, slice, words, (uint32_t)words[0], words[0] >> 32);
    case SLICE_OF_LARGE_DATA: {
      const swift_object *range = live_object(walk, words[0]);
      const uint64_t *bounds = (const uint64_t *)(range + 1);
      return range ? of_data(walk, slice, words, bounds[0], bounds[1]) : (part){0};
    }
    default: return (part){0};
  }
}

void csizer_walk_slice(csizer_walk *walk, const char *value, const csizer_slice *slice) {
  if (!walk->sink || !walk->sink->slice || walk->sink->is_guess) return;
  const part part = part_of(walk, (const uint64_t *)(const void *)value, slice);
  if (part.used < part.all)
    walk->sink->slice(walk->sink, part.buffer, walk->layouts->slice_kinds[slice->form], part.used);
}
