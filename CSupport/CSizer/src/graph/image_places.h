// SPDX-License-Identifier: Apache-2.0
#ifndef CSIZER_IMAGE_PLACES_H
#define CSIZER_IMAGE_PLACES_H
#include "csizer_image.h"
#include "graph/image_stream.h"
#include "graph/image_threads.h"

// Addresses in executables and libraries that an image names: global variables that refer to objects, functions that
// closures call. Who writes the objects collects them, in memory that a frozen child shares with its parent, who knows
// what stands there.

enum { PLACES_MOST = 1 << 17, PLACES_SEGMENTS = 1024, PLACES_THREADS = 4096, PLACES_WORDS = 1 << 14 };

/// The numbers are those of the heap image, but for words of foreign blocks, which become texts.
typedef enum image_label {
  LABEL_TEXT = 0,
  LABEL_CASE = 3,
  LABEL_SYMBOL = 4,
  LABEL_FUNCTION = 5,
  LABEL_THREAD = 6,
  LABEL_WORD = 255
} image_label;

typedef struct image_place {
  uint64_t address : 56;
  uint64_t label : 8;  // image_label
} image_place;

enum { PLACES_CODES = 1 << 14 };

/// Functions that have a place already, by address.
typedef struct image_codes {
  uint32_t count;
  struct {
    uintptr_t address;
    uint32_t place;
  } codes[PLACES_CODES];
} image_codes;

struct csizer_image_places {
  /// Where global variables are.
  uint32_t segment_count;
  struct {
    uintptr_t start, end;
  } segments[PLACES_SEGMENTS];
  /// What of them is nobody's variable.
  uintptr_t left_out_start, left_out_end;
  uint32_t thread_count;
  size_t variables;  // bytes that the own variables of a thread take at most
  image_thread threads[PLACES_THREADS];
  /// Words in blocks that are no object's.
  uint32_t word_count;
  struct {
    uintptr_t at;
    size_t usable;  // bytes of the block
  } words[PLACES_WORDS];
  /// The first are the threads, the address being their number; that of a word is its number, too.
  uint32_t count;
  image_place places[PLACES_MOST];
  image_codes codes;
};

/// What is there is no root: memory in which whoever takes the image keeps what happened to be in registers.
void csizer_image_places_leave_out(csizer_image_places *places, const void *start, size_t bytes);

/// The number of a place, which is added; PLACES_MOST when there are too many.
uint32_t csizer_image_place_add(csizer_image_places *places, uintptr_t address, image_label label);

/// The place of a word in a block; PLACES_MOST when there are too many.
uint32_t csizer_image_place_of_word(csizer_image_places *places, uintptr_t at, size_t usable);

/// The place of a function, each of which has one; PLACES_MOST when there are too many.
uint32_t csizer_image_place_of_code(csizer_image_places *places, uintptr_t code);

/// Forgets all places but those of threads.
void csizer_image_places_restart(csizer_image_places *places);

/// Puts what is known of the threads.
void csizer_image_put_threads(image_stream *stream, const csizer_image_places *places);

/// Puts the labels of all places.
void csizer_image_put_places(image_stream *stream, const csizer_image_places *places);

#endif
