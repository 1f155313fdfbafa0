// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include "support/read_image.h"

#include "graph/image_places.h"

#include <dlfcn.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

enum { HEAD = 16 };

static csizer_status append(void *context, const void *bytes, size_t count) {
  image *image = context;
  if (image->count + count > image->capacity) {
    image->capacity = (image->count + count) * 2;
    image->bytes = realloc(image->bytes, image->capacity);
    CHECK(image->bytes != NULL);
  }
  memcpy(image->bytes + image->count, bytes, count);
  image->count += count;
  return CSIZER_OK;
}

static uint32_t bit_by_bit(const uint8_t *bytes, size_t count) {
  uint32_t sum = ~(uint32_t)0;
  for (size_t i = 0; i < count; i++) {
    sum ^= bytes[i];
    for (int bit = 0; bit < 8; bit++) sum = sum & 1 ? sum >> 1 ^ 0x82F63B78u : sum >> 1;
  }
  return ~sum;
}

static uint32_t word_at(const uint8_t *at) {
  return at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

static void split(image *image) {
  static const uint8_t magic[] = {0x89, 0x53, 0x5A, 0x48, 0x0D, 0x0A, 0x1A, 0x0A, 1, 0, 0, 0, 0, 0, 0, 0};
  CHECK(image->count > HEAD && !memcmp(image->bytes, magic, HEAD));
  uint8_t last = 0;
  for (size_t at = HEAD; at < image->count;) {
    const uint8_t *frame = image->bytes + at, section = frame[0];
    const size_t length = word_at(frame + 4);
    CHECK(section < SECTIONS && !frame[1] && !frame[2] && !frame[3] && length && length <= 1048576);
    CHECK(at + 8 + length + 4 <= image->count);
    CHECK_EQUAL(word_at(frame + 8 + length), bit_by_bit(frame, 8 + length));
    uint8_t **to = &image->sections[section];
    *to = realloc(*to, image->lengths[section] + length);
    memcpy(*to + image->lengths[section], frame + 8, length);
    image->lengths[section] += length;
    at += 8 + length + 4;
    last = section;
  }
  CHECK_EQUAL(last, 127);
}

void read_image_file(int file, size_t bytes, image *image) {
  *image = (struct image){.bytes = malloc(bytes), .count = bytes, .capacity = bytes};
  CHECK_EQUAL(read(file, image->bytes, bytes), bytes);
  close(file);
  split(image);
}

uint64_t take(image *image, int section) {
  uint64_t value = 0;
  for (int shift = 0;; shift += 7) {
    CHECK(image->at[section] < image->lengths[section] && shift < 64);
    const uint8_t byte = image->sections[section][image->at[section]++];
    value |= (uint64_t)(byte & 0x7F) << shift;
    if (!(byte & 0x80)) return value;
  }
}

int64_t take_signed(image *image, int section) {
  const uint64_t value = take(image, section);
  return (int64_t)(value >> 1) ^ -(int64_t)(value & 1);
}

bool is_over(const image *image, int section) { return image->at[section] == image->lengths[section]; }

uint64_t take_eight(image *image, int section) {
  uint64_t value = 0;
  CHECK(image->at[section] + 8 <= image->lengths[section]);
  for (int i = 0; i < 8; i++) value |= (uint64_t)image->sections[section][image->at[section]++] << (8 * i);
  return value;
}

void take_text(image *image, int section, char *text, size_t room) {
  const size_t length = take(image, section);
  CHECK(length < room && image->at[section] + length <= image->lengths[section]);
  memcpy(text, image->sections[section] + image->at[section], length);
  text[length] = 0;
  image->at[section] += length;
}

void free_image(image *image) {
  for (int i = 0; i < SECTIONS; i++) free(image->sections[i]);
  free(image->bytes);
}

csizer_graph *write_image(made_heap *heap, image *image) { return write_image_without(heap, image, NULL, 0); }

csizer_graph *write_image_without(made_heap *heap, image *image, const void *start, size_t bytes) {
  csizer_graph *graph;
  CHECK_EQUAL(csizer_graph_capture(heap->map, heap->layouts, &graph), CSIZER_OK);
  *image = (struct image){.bytes = NULL};
  const csizer_image_output output = {append, image};
  const csizer_image_facts facts = {
      .since_1970 = 1234567890123456789u, .process = 42, .program = "made", .writer = "test", .is_frozen = true};
  csizer_image_totals totals;
  csizer_image_places *places;
  CHECK_EQUAL(csizer_image_places_create(&places), CSIZER_OK);
  csizer_image_places_leave_out(places, start, bytes);
  CHECK_EQUAL(csizer_image_begin(output), CSIZER_OK);
  CHECK_EQUAL(csizer_image_write_graph(graph, places, output, &totals), CSIZER_OK);
  CHECK_EQUAL(csizer_image_end(heap->layouts, &facts, places, totals, output), CSIZER_OK);
  csizer_image_places_destroy(places);
  split(image);
  return graph;
}

void take_names(image *image, names *names) {
  memset(names, 0, sizeof *names);
  while (!is_over(image, TYPES)) {
    CHECK(names->type_count < MOST_TYPES);
    const size_t type = names->type_count++;
    char module[NAME];
    names->kinds[type] = take(image, TYPES);
    take(image, TYPES);
    take_text(image, TYPES, names->types[type], NAME);
    take_text(image, TYPES, module, NAME);
    const char *name = names->types[type];
    CHECK_TEXT(module, !strncmp(name, "Main.", 5) ? "Main" : !strncmp(name, "Swift.", 6) ? "Swift" : "");
    for (uint64_t fields = take(image, TYPES); fields; fields--) {
      take(image, TYPES);
      take_text(image, TYPES, module, NAME);
    }
    CHECK_EQUAL(take(image, TYPES), 0);
  }
  while (!is_over(image, LABELS)) {
    CHECK(names->label_count < MOST_LABELS);
    names->label_kinds[names->label_count] = take(image, LABELS);
    take_text(image, LABELS, names->labels[names->label_count++], NAME);
  }
}

uintptr_t labelled_address(const char *label) {
  const char *offset = strstr(label, "+0x");
  CHECK(offset != NULL && !strncmp(label, program_invocation_short_name, strlen(program_invocation_short_name)));
  Dl_info info;
  CHECK(dladdr((const void *)(uintptr_t)&labelled_address, &info));
  return (uintptr_t)info.dli_fbase + strtoull(offset + 3, NULL, 16);
}
