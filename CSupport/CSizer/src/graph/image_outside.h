// SPDX-License-Identifier: Apache-2.0
#ifndef CSIZER_IMAGE_OUTSIDE_H
#define CSIZER_IMAGE_OUTSIDE_H
#include "graph/graph_internal.h"
#include "graph/image_places.h"

// What an image says of the world outside of the heap. Labels of places begin with number `first_label`.

/// Words of global variables, of stacks, and of foreign memory that are an object's address. False when there is no
/// memory.
bool csizer_image_put_roots(image_stream *stream, const csizer_graph *graph, csizer_image_places *places,
                            uint32_t first_label);

/// The names of closures' contexts: the functions that stand beside references to them. False when there is no memory.
bool csizer_image_put_closures(image_stream *stream, const csizer_graph *graph, csizer_image_places *places,
                               uint32_t first_label);

/// Functions that have captured one object and nothing else: that is their context, and the reference has their name.
void csizer_image_put_calls(image_stream *stream, const csizer_graph *graph, csizer_image_places *places,
                            uint32_t first_label);

#endif
