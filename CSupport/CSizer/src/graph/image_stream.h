// SPDX-License-Identifier: Apache-2.0
#ifndef CSIZER_IMAGE_STREAM_H
#define CSIZER_IMAGE_STREAM_H
#include <string.h>

#include "csizer_image.h"

// The bytes of a heap image: numbers, texts, frames (Documents/heap-image.md).

typedef enum image_section {
  IMAGE_INFO = 1,
  IMAGE_TYPES = 2,
  IMAGE_LABELS = 3,
  IMAGE_ADDRESS = 4,
  IMAGE_TYPE = 5,
  IMAGE_SIZE = 6,
  IMAGE_COUNT = 7,
  IMAGE_EDGE = 8,
  IMAGE_RAW = 9,
  IMAGE_ROOT = 10,
  IMAGE_TASK = 11,
  IMAGE_THREAD = 12,
  IMAGE_NAME = 14,
  IMAGE_UNUSED = 15,
  IMAGE_HASH = 16,
  IMAGE_SLICE = 17,
  IMAGE_CLASSES = 18,
  IMAGE_CALL = 19,
  IMAGE_END = 127,
  IMAGE_CASE = 129,
} image_section;

enum {
  IMAGE_FRAME_HEAD = 8,
  IMAGE_FRAME = 64 * 1024,  // bytes of payload after which a frame is written
  IMAGE_LONGEST = 10,       // a number
  IMAGE_TEXT = 16 * 1024,   // longer ones are cut
};

/// Collects one section at a time.
typedef struct image_stream {
  csizer_image_output output;
  csizer_status status;
  image_section section;
  size_t used;
  uint32_t table[8][256];  // of checksums
  uint8_t frame[IMAGE_FRAME_HEAD + IMAGE_FRAME + IMAGE_TEXT + 4 * IMAGE_LONGEST + 4];
} image_stream;

/// A stream in pages of its own; NULL when there is no memory.
image_stream *csizer_image_stream_make(csizer_image_output output);
/// Writes what waits, frees the stream, and answers how all of it went.
csizer_status csizer_image_stream_end(image_stream *stream);
/// What follows belongs to this section.
void csizer_image_stream_section(image_stream *stream, image_section section);
/// Writes a frame when there is enough for one, or when it must.
void csizer_image_stream_flush(image_stream *stream);

/// Values are written whole: a frame has room for some more than it should hold.
static inline void image_put(image_stream *stream, uint64_t value) {
  if (__builtin_expect(stream->used >= IMAGE_FRAME, 0)) csizer_image_stream_flush(stream);
  uint8_t *at = &stream->frame[IMAGE_FRAME_HEAD + stream->used];
  const uint8_t *const start = at;
  for (; value > 0x7F; value >>= 7) *at++ = (uint8_t)(value | 0x80);
  *at++ = (uint8_t)value;
  stream->used += (size_t)(at - start);
}

static inline uint64_t image_signed(int64_t value) { return (uint64_t)value << 1 ^ (uint64_t)(value >> 63); }

static inline void image_put_signed(image_stream *stream, int64_t value) { image_put(stream, image_signed(value)); }

/// Eight bytes, the lowest first.
static inline void image_put_eight(image_stream *stream, uint64_t value) {
  if (__builtin_expect(stream->used >= IMAGE_FRAME, 0)) csizer_image_stream_flush(stream);
  for (int i = 0; i < 8; i++) stream->frame[IMAGE_FRAME_HEAD + stream->used++] = (uint8_t)(value >> (8 * i));
}

/// A text of some parts.
static inline void image_put_text(image_stream *stream, const char *first, size_t first_length, const char *second,
                                  size_t second_length) {
  if (first_length > IMAGE_TEXT) first_length = IMAGE_TEXT;
  if (second_length > IMAGE_TEXT - first_length) second_length = IMAGE_TEXT - first_length;
  image_put(stream, first_length + second_length);
  uint8_t *at = &stream->frame[IMAGE_FRAME_HEAD + stream->used];
  if (first_length) memcpy(at, first, first_length);
  if (second_length) memcpy(at + first_length, second, second_length);
  stream->used += first_length + second_length;
}

#endif
