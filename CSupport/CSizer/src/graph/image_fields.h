// SPDX-License-Identifier: Apache-2.0
#ifndef CSIZER_IMAGE_FIELDS_H
#define CSIZER_IMAGE_FIELDS_H
#include "graph/image_stream.h"
#include "layouts/layout_table.h"

/// Puts the names of an object's slots, and of its elements' if it has any, as a type of an image has them.
void csizer_image_put_fields(image_stream *stream, csizer_layouts *layouts, const csizer_object_layout *layout);

#endif
