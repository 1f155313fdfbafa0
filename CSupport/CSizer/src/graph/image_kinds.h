// SPDX-License-Identifier: Apache-2.0
#ifndef CSIZER_IMAGE_KINDS_H
#define CSIZER_IMAGE_KINDS_H
#include "layouts/layout_table.h"

// An image has types for kinds of objects, and labels for kinds of raw blocks. Both are numbered in the order of the
// kinds, so that who writes the objects and who writes the names need not speak to each other. Labels of kinds come
// behind those of keys (image_keys.h) and before those of places (image_places.h).

typedef struct image_kinds {
  uint32_t *numbers;  // by kind: of its type, or of its label
  size_t count;       // of kinds
  uint32_t type_count, label_count;
} image_kinds;

/// False when there is no memory.
bool csizer_image_kinds_make(image_kinds *kinds, const csizer_layouts *layouts);
void csizer_image_kinds_free(image_kinds *kinds);

static inline bool image_is_type(const csizer_kind *kind) { return kind->layout != NULL; }

#endif
