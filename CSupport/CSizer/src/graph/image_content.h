// SPDX-License-Identifier: Apache-2.0
#ifndef CSIZER_IMAGE_CONTENT_H
#define CSIZER_IMAGE_CONTENT_H
#include "graph/graph_internal.h"
#include "graph/image_stream.h"

/// Whether an object is the storage of a collection that has no elements.
bool csizer_image_is_empty(const csizer_graph *graph, uint32_t object);

/// Puts the hashes of what strings and arrays hold, with a salt of this image's own.
void csizer_image_put_hashes(image_stream *stream, const csizer_graph *graph);

/// Puts the views that show parts of buffers. Labels of kinds begin at `first_label`, in the order of `numbers`.
void csizer_image_put_slices(image_stream *stream, const csizer_graph *graph, const uint32_t *numbers,
                             uint64_t first_label);

#endif
