// SPDX-License-Identifier: Apache-2.0
// The keys of dictionaries whose keys are strings or integers, read as the standard library keeps them: no code runs.
#include "graph/image_keys.h"

#include "graph/image_places.h"
#include "platform/checked_read.h"
#include "runtime/mangling.h"
#include "runtime/fields.h"

enum { MOST_KEYS = 1 << 16, MOST_OF_AN_OBJECT = 256, TEXT = 40 };

bool csizer_image_keys_make(image_keys *keys, csizer_image_output output) {
  *keys = (image_keys){.object = IMAGE_NO_KEY, .labels = csizer_image_stream_make(output)};
  if (keys->labels) csizer_image_stream_section(keys->labels, IMAGE_LABELS);
  return keys->labels != NULL;
}

csizer_status csizer_image_keys_end(image_keys *keys) { return csizer_image_stream_end(keys->labels); }

// ---- The text of a key ----

// stdlib/public/core/StringObject.swift. The high bits of the second word say how the string is kept: bit 61, that it
// is small; bit 60, that it is none of Swift's own memory. A large one's code units are 32 bytes behind the address.
static bool read_string(const uint64_t words[2], char *text, size_t *ret_length) {
  const uint64_t is_small = (uint64_t)1 << 61, is_foreign = (uint64_t)1 << 60, address = ((uint64_t)1 << 56) - 1;
  const uint64_t count = ((uint64_t)1 << 48) - 1;
  const size_t bias = 32;
  if (words[1] & is_small) {
    const size_t length = words[1] >> 56 & 15;
    memcpy(text, words, 2 * sizeof *words);
    *ret_length = length;
    return true;
  }
  if (words[1] & is_foreign) return false;
  const bool is_cut = (words[0] & count) > TEXT;
  const size_t length = is_cut ? TEXT + 1 : (size_t)(words[0] & count);
  if (!csizer_checked_copy((const void *)(uintptr_t)((words[1] & address) + bias), text, length)) return false;
  *ret_length = is_cut ? TEXT : length;
  while (is_cut && *ret_length && (text[*ret_length] & 0xC0) == 0x80) --*ret_length;  // with a whole character
  return true;
}

static size_t write_integer(int64_t value, char *text) {
  char digits[24];
  size_t at = sizeof digits;
  uint64_t rest = value < 0 ? -(uint64_t)value : (uint64_t)value;
  digits[--at] = ']';
  do digits[--at] = (char)('0' + rest % 10);
  while (rest /= 10);
  if (value < 0) digits[--at] = '-';
  digits[--at] = '[';
  memcpy(text, digits + at, sizeof digits - at);
  return sizeof digits - at;
}

static bool put_key(image_keys *keys, const swift_metadata *type, const char *key) {
  enum { LABEL_KEY = 2, NAME = 64 };
  char name[NAME] = "", text[TEXT + 1];
  uint64_t words[2];
  size_t length = 0;
  if (swift_kind_of(type) != SWIFT_STRUCT) return false;
  csizer_descriptor_name(csizer_type_descriptor(type), name, sizeof name);
  const bool is_string = strcmp(name, "Swift.String") == 0, is_integer = strcmp(name, "Swift.Int") == 0;
  if (!is_string && !is_integer) return false;
  if (!csizer_checked_copy(key, words, is_string ? sizeof words : sizeof *words)) return false;
  if (is_string && !read_string(words, text, &length)) return false;
  if (is_integer) length = write_integer((int64_t)words[0], text);
  image_put(keys->labels, is_string ? LABEL_KEY : LABEL_TEXT);
  image_put_text(keys->labels, text, length, NULL, 0);
  return true;
}

// ---- Dictionaries ----

static uint32_t key_in(image_keys *keys, const csizer_object_layout *layout, const char *object, size_t offset) {
  uintptr_t columns[2];  // of keys, of values
  if (!csizer_checked_copy(object + layout->first, columns, sizeof columns)) return IMAGE_NO_KEY;
  const uintptr_t place = (uintptr_t)object + offset;
  if (place < columns[1] || !layout->value->stride) return IMAGE_NO_KEY;
  const size_t bucket = (place - columns[1]) / layout->value->stride;
  if (bucket >= UINT32_MAX) return IMAGE_NO_KEY;
  // A value may have several references.
  if (keys->bucket == bucket && keys->label != IMAGE_NO_KEY) return keys->label;
  const char *key = (const char *)(columns[0] + bucket * layout->element->stride);
  if (keys->count == MOST_KEYS || keys->in_object == MOST_OF_AN_OBJECT) return IMAGE_NO_KEY;
  if (!put_key(keys, layout->element->type, key)) return IMAGE_NO_KEY;
  keys->in_object++;
  keys->bucket = (uint32_t)bucket;
  return keys->label = keys->count++;
}

uint32_t csizer_image_key_of(image_keys *keys, const csizer_graph *graph, uint32_t object, uint32_t slot) {
  const graph_row *row = &graph->rows[object];
  const csizer_object_layout *layout = graph->layouts->kinds[row->kind].layout;
  const bool is_dictionary = layout && layout->shape == SHAPE_HASH && layout->value && layout->element->type;
  if (__builtin_expect(!is_dictionary || slot == GRAPH_MOST_SLOT, 1)) return IMAGE_NO_KEY;
  if (keys->object != object) {
    keys->object = object;
    keys->in_object = 0;
    keys->label = IMAGE_NO_KEY;
  }
  return key_in(keys, layout, (const char *)graph_address(row), 8 * (size_t)slot);
}
