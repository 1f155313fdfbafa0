// SPDX-License-Identifier: Apache-2.0
// The frames of a heap image and their checksums.
#include "graph/image_stream.h"

#include "platform/pages.h"

// CRC-32C, eight bytes at a time by tables: RFC 3720, appendix B.4.
static void make_table(uint32_t table[8][256]) {
  enum { CASTAGNOLI = 0x82F63B78 };
  for (uint32_t i = 0; i < 256; i++) {
    uint32_t sum = i;
    for (int bit = 0; bit < 8; bit++) sum = sum & 1 ? sum >> 1 ^ (uint32_t)CASTAGNOLI : sum >> 1;
    table[0][i] = sum;
  }
  for (uint32_t i = 0; i < 256; i++)
    for (int slice = 1; slice < 8; slice++)
      table[slice][i] = table[slice - 1][i] >> 8 ^ table[0][table[slice - 1][i] & 0xFF];
}

static uint32_t checksum(uint32_t table[8][256], const uint8_t *bytes, size_t count) {
  uint32_t sum = ~(uint32_t)0;
  for (; count >= 8; count -= 8, bytes += 8) {
    uint64_t word;
    memcpy(&word, bytes, sizeof word);
    word ^= sum;
    sum = 0;
    for (int slice = 0; slice < 8; slice++) sum ^= table[7 - slice][word >> (8 * slice) & 0xFF];
  }
  for (; count; count--, bytes++) sum = sum >> 8 ^ table[0][(sum ^ *bytes) & 0xFF];
  return ~sum;
}

static void store32(uint8_t *at, uint32_t value) {
  for (int i = 0; i < 4; i++) at[i] = (uint8_t)(value >> (8 * i));
}

image_stream *csizer_image_stream_make(csizer_image_output output) {
  image_stream *stream = csizer_pages_map(sizeof *stream);
  if (!stream) return NULL;
  stream->output = output;
  make_table(stream->table);
  return stream;
}

static void write(image_stream *stream, const void *bytes, size_t count) {
  if (!stream->status) stream->status = stream->output.write(stream->output.context, bytes, count);
}

csizer_status csizer_image_begin(csizer_image_output output) {
  static const uint8_t head[16] = {0x89, 'S', 'Z', 'H', '\r', '\n', 0x1A, '\n', 1};
  return output.write(output.context, head, sizeof head);
}

void csizer_image_stream_flush(image_stream *stream) {
  if (!stream->used) return;
  const size_t bytes = IMAGE_FRAME_HEAD + stream->used;
  memset(stream->frame, 0, IMAGE_FRAME_HEAD);
  stream->frame[0] = (uint8_t)stream->section;
  store32(&stream->frame[4], (uint32_t)stream->used);
  store32(&stream->frame[bytes], checksum(stream->table, stream->frame, bytes));
  write(stream, stream->frame, bytes + sizeof(uint32_t));
  stream->used = 0;
}

void csizer_image_stream_section(image_stream *stream, image_section section) {
  csizer_image_stream_flush(stream);
  stream->section = section;
}

csizer_status csizer_image_stream_end(image_stream *stream) {
  csizer_image_stream_flush(stream);
  const csizer_status status = stream->status;
  csizer_pages_unmap(stream, sizeof *stream);
  return status;
}
