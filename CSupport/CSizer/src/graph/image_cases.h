// SPDX-License-Identifier: Apache-2.0
#ifndef CSIZER_IMAGE_CASES_H
#define CSIZER_IMAGE_CASES_H
#include "graph/image_keys.h"

/// Labels of references that lie in payloads of enums with several cases: which of them is there only the object knows.
/// They stand among those of keys, so that they come before all others.
typedef struct image_cases {
  struct image_case *known;  // by layout, place and case
  uint32_t count;
} image_cases;

/// False when there is no memory.
bool csizer_image_cases_make(image_cases *cases);
void csizer_image_cases_free(image_cases *cases);

/// Whether objects of this layout may have such references.
static inline bool image_may_have_cases(const csizer_object_layout *layout) {
  return layout && layout->shape != SHAPE_HASH && layout->fields.op_count && layout->fields.type &&
         !layout->is_unknown && swift_kind_of(layout->fields.type) == SWIFT_CLASS;
}

/// The label for a reference at a slot of an object, `.state.connected`; IMAGE_NO_KEY when it stands in no such
/// payload, or there were many already.
uint32_t csizer_image_case_of(image_cases *cases, image_keys *keys, const csizer_object_layout *layout,
                              const char *object, uint32_t slot);

/// The cases in elements of arrays, in keys and values of tables, in captures and in boxes, which stand behind the
/// names of their places.
void csizer_image_put_cases(image_stream *stream, const csizer_graph *graph, image_cases *cases, image_keys *keys);

#endif
