// SPDX-License-Identifier: Apache-2.0
#ifndef CSIZER_IMAGE_PLACES_H
#define CSIZER_IMAGE_PLACES_H
#include "csizer_image.h"
#include "graph/image_stream.h"
#include "graph/image_threads.h"

// Addresses in executables and libraries that an image names: global variables that refer to objects, functions that
// closures call. Who writes the objects collects them, in memory that a frozen child shares with its parent, who knows
// what stands there.

enum { PLACES_MOST = 1 << 17, PLACES_SEGMENTS = 1024, PLACES_THREADS = 4096 };

typedef enum image_label { LABEL_TEXT = 0, LABEL_SYMBOL = 4, LABEL_FUNCTION = 5, LABEL_THREAD = 6 } image_label;

typedef struct image_place {
  uint64_t address : 56;
  uint64_t label : 8;  // image_label
} image_place;

struct csizer_image_places {
  /// Where global variables are.
  uint32_t segment_count;
  struct {
    uintptr_t start, end;
  } segments[PLACES_SEGMENTS];
  uint32_t thread_count;
  image_thread threads[PLACES_THREADS];
  /// The first are the threads, the address being their number.
  uint32_t count;
  image_place places[PLACES_MOST];
};

/// The number of a place, which is added; PLACES_MOST when there are too many.
uint32_t csizer_image_place_add(csizer_image_places *places, uintptr_t address, image_label label);

/// Forgets all places but those of threads.
void csizer_image_places_restart(csizer_image_places *places);

/// Puts what is known of the threads.
void csizer_image_put_threads(image_stream *stream, const csizer_image_places *places);

/// Puts the labels of all places.
void csizer_image_put_places(image_stream *stream, const csizer_image_places *places);

#endif
