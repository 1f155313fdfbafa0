// SPDX-License-Identifier: Apache-2.0
#ifndef CSIZER_IMAGE_TASKS_H
#define CSIZER_IMAGE_TASKS_H
#include "graph/graph_internal.h"
#include "graph/image_places.h"

/// Puts a record of each task, and of each `async let` in a task's frames. Labels of places begin with number
/// `first_label`. False when there is no memory.
bool csizer_image_put_tasks(image_stream *stream, const csizer_graph *graph, csizer_image_places *places,
                            uint32_t first_label);

#endif
