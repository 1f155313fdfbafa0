// SPDX-License-Identifier: Apache-2.0
// What is in strings and arrays: whether anything is, and whether two hold the same. No content leaves the process:
// only hashes with a salt that nobody keeps.
#include "graph/image_content.h"

#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

// ---- What is there ----

typedef struct content {
  const char *start;
  size_t bytes;
  bool is_collection;
} content;

// The fields of what is dead or dying are gone.
static content content_of(const csizer_graph *graph, uint32_t object) {
  const graph_row *row = &graph->rows[object];
  const csizer_object_layout *layout = graph->layouts->kinds[row->kind].layout;
  const bool has_content = layout && (layout->shape == SHAPE_ARRAY || layout->shape == SHAPE_HASH ||
                                      layout->shape == SHAPE_STRING);
  if (__builtin_expect(!has_content, 1)) return (content){0};
  if (layout->excluded || row->flags & (CSIZER_OBJECT_DEINITING | CSIZER_OBJECT_UNRESOLVED)) return (content){0};
  const uint64_t low_bits = ((uint64_t)1 << 48) - 1;
  const uint64_t *words = (const uint64_t *)graph_address(row);
  uint64_t bytes = words[2];  // an array's or a dictionary's count
  if (layout->shape == SHAPE_STRING) bytes = words[3] & low_bits;
  // Elements without bytes are elements.
  if (layout->shape == SHAPE_ARRAY && __builtin_mul_overflow(bytes, layout->element->stride, &bytes))
    bytes = UINT64_MAX;
  const size_t usable = 8 * (size_t)row->usable, room = usable > layout->first ? usable - layout->first : 0;
  if (bytes > room && layout->shape != SHAPE_HASH) return (content){0};  // half made
  return (content){(const char *)words + layout->first, (size_t)bytes, true};
}

bool csizer_image_is_empty(const csizer_graph *graph, uint32_t object) {
  const content content = content_of(graph, object);
  return content.is_collection && !content.bytes;
}

// ---- Hashes ----

enum { LANES = 2 };

static uint64_t mix(uint64_t one, uint64_t other) {
  const unsigned __int128 product = (unsigned __int128)one * other;
  return (uint64_t)product ^ (uint64_t)(product >> 64);
}

static uint64_t word_at(const char *at) {
  uint64_t word;
  memcpy(&word, at, sizeof word);
  return word;
}

// Two lanes, 16 bytes at a time, each word with a secret of its own; the length is in the end.
static uint64_t hash(const char *start, size_t bytes, const uint64_t salt[LANES]) {
  enum { STEP = 16 };
  const uint64_t odd = 0x9E3779B97F4A7C15;
  uint64_t state = salt[0] ^ odd;
  size_t left = bytes;
  for (; left >= STEP; left -= STEP, start += STEP)
    state = mix(word_at(start) ^ salt[1], word_at(start + 8) ^ state) + odd;
  char rest[STEP] = {0};
  memcpy(rest, start, left);
  state = mix(word_at(rest) ^ salt[1], word_at(rest + 8) ^ state) + odd;
  return mix(state ^ bytes, salt[0] | 1);
}

void csizer_image_put_hashes(image_stream *stream, const csizer_graph *graph) {
  enum { NO_WAITING = 1 };  // GRND_NONBLOCK
  uint64_t salt[LANES];
  csizer_image_stream_section(stream, IMAGE_HASH);
  if (syscall(SYS_getrandom, salt, sizeof salt, NO_WAITING) != sizeof salt) return;  // without salt nothing is told
  uint32_t before = 0;
  for (uint32_t i = 0; i < graph->count; i++) {
    const csizer_object_layout *layout = graph->layouts->kinds[graph->rows[i].kind].layout;
    if (!layout || (layout->shape != SHAPE_ARRAY && layout->shape != SHAPE_STRING)) continue;
    const content content = content_of(graph, i);
    if (!content.bytes) continue;
    image_put_signed(stream, (int64_t)i - before);
    image_put_eight(stream, hash(content.start, content.bytes, salt));
    before = i;
  }
}

// ---- Views ----

void csizer_image_put_slices(image_stream *stream, const csizer_graph *graph, const uint32_t *numbers,
                             uint64_t first_label) {
  csizer_image_stream_section(stream, IMAGE_SLICE);
  int64_t before = 0;
  for (size_t i = 0; i < graph->slice_count; i++) {
    const graph_slice *slice = &graph->slices[i];
    const size_t buffer = csizer_graph_find(graph, slice->buffer);
    if (buffer == CSIZER_NO_OBJECT) continue;
    image_put_signed(stream, (int64_t)buffer - before);
    image_put(stream, slice->holder + (uint64_t)1);
    image_put(stream, slice->used);
    image_put(stream, first_label + numbers[slice->kind] + 1);
    before = (int64_t)buffer;
  }
}
