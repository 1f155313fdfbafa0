// SPDX-License-Identifier: Apache-2.0
#ifndef CSIZER_IMAGE_H
#define CSIZER_IMAGE_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "csizer_graph.h"

/// The heap image: a graph as bytes, as Documents/heap-image.md says. Writing it allocates only some pages, takes
/// no lock and asks no runtime, but for names.

/// Where bytes go. One writer at a time.
typedef struct csizer_image_output {
  /// Takes so many bytes; anything but CSIZER_OK ends the writing, and is what the call that writes answers.
  csizer_status (*write)(void *context, const void *bytes, size_t count);
  void *context;
} csizer_image_output;

/// What an image says of its process and of itself. Texts may be NULL.
typedef struct csizer_image_facts {
  uint64_t since_1970;       // nanoseconds
  uint64_t since_the_start;  // nanoseconds since the tracker was made
  uint64_t process;
  uint64_t stopped;          // nanoseconds that the process stood still
  uint64_t unreadable;       // objects that are not in the image
  bool is_frozen;
  bool has_no_edges;         // csizer_graph_capture_rows
  const char *program, *build_id, *writer;
} csizer_image_facts;

/// The head of an image: the first that is written.
csizer_status csizer_image_begin(csizer_image_output output);

/// What outside of the heap leads into it: global variables, the stacks of threads and their own variables, words in
/// blocks that belong to nothing known (in a graph that was captured with references), and the functions of closures.
/// Variables and functions are named by the file that they are in, its build id, and their offset in it, as
/// "name@build-id+0xoffset": symbols are looked up later, from the file.
typedef struct csizer_image_places csizer_image_places;

/// Finds where global variables are, and the threads. A frozen child that is made afterwards shares the memory. Free
/// with csizer_image_places_destroy.
csizer_status csizer_image_places_create(csizer_image_places **ret_places);

/// Looks at the threads anew: right before an image is frozen.
void csizer_image_places_look(csizer_image_places *places);

/// NULL is fine.
void csizer_image_places_destroy(csizer_image_places *places);

/// What csizer_image_end needs to know of what was written.
typedef struct csizer_image_totals {
  uint64_t objects, edges;
  uint64_t keys;  // of dictionaries, which are labels
} csizer_image_totals;
/// The objects, their references and what they own; with `places`, which may be NULL, what leads to them from outside.
csizer_status csizer_image_write_graph(const csizer_graph *graph, csizer_image_places *places,
                                       csizer_image_output output, csizer_image_totals *ret_totals);

/// The facts, the names of types and of places, and the end. Asks the runtime for names, and the loader: not in a
/// frozen image. `places` as for csizer_image_write_graph.
csizer_status csizer_image_end(csizer_layouts *layouts, const csizer_image_facts *facts,
                               const csizer_image_places *places, csizer_image_totals totals,
                               csizer_image_output output);

#endif
