// SPDX-License-Identifier: Apache-2.0
// The keys of dictionaries whose keys are strings, integers, UUIDs or plain cases of an enum, read as the standard
// library keeps them: no code runs.
#include "graph/image_keys.h"

#include "graph/image_places.h"
#include "platform/checked_read.h"
#include "runtime/mangling.h"
#include "runtime/fields.h"

// Of one large table not all, so that others have some.
enum { LABEL_KEY = 2, MOST_KEYS = 1 << 18, MOST_OF_AN_OBJECT = 1 << 16, TEXT = 40 };

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

// As many bytes as the integer has, of either sign.
static size_t write_integer(uint64_t word, size_t bytes, bool is_signed, char *text) {
  char digits[24];
  size_t at = sizeof digits;
  const unsigned unused = 64 - 8 * (unsigned)bytes;
  const uint64_t value = word << unused >> unused;
  const bool is_negative = is_signed && value >> (8 * bytes - 1);
  uint64_t rest = is_negative ? -(uint64_t)((int64_t)(word << unused) >> unused) : value;
  digits[--at] = ']';
  do digits[--at] = (char)('0' + rest % 10);
  while (rest /= 10);
  if (is_negative) digits[--at] = '-';
  digits[--at] = '[';
  memcpy(text, digits + at, sizeof digits - at);
  return sizeof digits - at;
}

// As UUID.uuidString: digits in groups of 4, 2, 2, 2 and 6 bytes.
static size_t write_uuid(const uint8_t *bytes, char *text) {
  enum { BYTES = 16 };
  const unsigned dashes = 1 << 4 | 1 << 6 | 1 << 8 | 1 << 10;
  char *at = text;
  *at++ = '[';
  for (unsigned i = 0; i < BYTES; i++) {
    if (dashes >> i & 1) *at++ = '-';
    *at++ = "0123456789ABCDEF"[bytes[i] >> 4];
    *at++ = "0123456789ABCDEF"[bytes[i] & 15];
  }
  *at++ = ']';
  return (size_t)(at - text);
}

// An enum without payloads is the number of its case, in one byte or two.
static size_t write_case(const swift_metadata *type, uint64_t word, size_t bytes, char *text) {
  const unsigned unused = 64 - 8 * (unsigned)bytes;
  csizer_field field;
  if (!csizer_field_record(csizer_type_descriptor(type), (uint32_t)(word << unused >> unused), &field)) return 0;
  const size_t length = strnlen(field.name, TEXT - 3);
  memcpy(text, "[.", 2);
  memcpy(text + 2, field.name, length);
  text[length + 2] = ']';
  return length + 3;
}

static image_key_form form_of(const csizer_value_layout *key, bool *ret_is_signed) {
  static const struct {
    const char *name;
    image_key_form form;
    bool is_signed;
  } forms[] = {
      {"Swift.String", KEY_IS_STRING, false},        {"Swift.Int", KEY_IS_INTEGER, true},
      {"Swift.UInt64", KEY_IS_INTEGER, false},       {"Swift.Int64", KEY_IS_INTEGER, true},
      {"Swift.UInt32", KEY_IS_INTEGER, false},       {"Swift.Int32", KEY_IS_INTEGER, true},
      {"Swift.UInt16", KEY_IS_INTEGER, false},       {"Swift.Int16", KEY_IS_INTEGER, true},
      {"Swift.UInt8", KEY_IS_INTEGER, false},        {"Swift.Int8", KEY_IS_INTEGER, true},
      {"Swift.UInt", KEY_IS_INTEGER, false},         {"FoundationEssentials.UUID", KEY_IS_UUID, false},
      {"Foundation.UUID", KEY_IS_UUID, false},
  };
  enum { NAME = 64, LARGEST_TAG = 2 };
  char name[NAME] = "";
  const swift_metadata *type = key->type;
  const bool is_enum = swift_kind_of(type) == SWIFT_ENUM;
  *ret_is_signed = false;
  if (is_enum && key->stride <= LARGEST_TAG && !(csizer_type_descriptor(type)->enumeration.payload_cases & 0xFFFFFF))
    return KEY_IS_CASE;
  if (swift_kind_of(type) != SWIFT_STRUCT) return KEY_HAS_NO_TEXT;
  csizer_descriptor_name(csizer_type_descriptor(type), name, sizeof name);
  for (size_t i = 0; i < sizeof forms / sizeof *forms; i++)
    if (!strcmp(name, forms[i].name)) {
      *ret_is_signed = forms[i].is_signed;
      return forms[i].form;
    }
  return KEY_HAS_NO_TEXT;
}

static bool put_key(image_keys *keys, const csizer_value_layout *layout, const char *key) {
  char text[TEXT + 1];
  uint64_t words[2] = {0, 0};
  size_t length = 0;
  const size_t bytes = layout->stride < sizeof words ? layout->stride : sizeof words;
  if (!csizer_checked_copy(key, words, bytes)) return false;
  switch (keys->form) {
    case KEY_HAS_NO_TEXT: return false;
    case KEY_IS_STRING:
      if (!read_string(words, text, &length)) return false;
      break;
    case KEY_IS_INTEGER:
      if (bytes > sizeof *words) return false;
      length = write_integer(words[0], bytes, keys->is_signed, text);
      break;
    case KEY_IS_UUID: length = write_uuid((const uint8_t *)words, text); break;
    case KEY_IS_CASE: length = write_case(layout->type, words[0], bytes, text); break;
  }
  if (!length && keys->form != KEY_IS_STRING) return false;
  image_put(keys->labels, keys->form == KEY_IS_STRING ? LABEL_KEY : LABEL_TEXT);
  image_put_text(keys->labels, text, length, NULL, 0);
  return true;
}

// ---- Dictionaries ----

bool csizer_image_columns_of(const csizer_object_layout *layout, const char *object, uintptr_t ret_columns[2]) {
  ret_columns[1] = 0;
  const size_t bytes = (layout->value ? 2 : 1) * sizeof *ret_columns;
  return csizer_checked_copy(object + layout->first, ret_columns, bytes);
}

static uint32_t key_in(image_keys *keys, const csizer_object_layout *layout, const char *object, size_t offset) {
  const uintptr_t place = (uintptr_t)object + offset;
  if (place < keys->columns[1] || !layout->value->stride) return IMAGE_NO_KEY;
  const size_t bucket = (place - keys->columns[1]) / layout->value->stride;
  if (bucket >= UINT32_MAX) return IMAGE_NO_KEY;
  // A value may have several references.
  if (keys->bucket == bucket && keys->label != IMAGE_NO_KEY) return keys->label;
  const char *key = (const char *)(keys->columns[0] + bucket * layout->element->stride);
  if (keys->count >= MOST_KEYS || keys->in_object == MOST_OF_AN_OBJECT) return IMAGE_NO_KEY;
  if (!put_key(keys, layout->element, key)) return IMAGE_NO_KEY;
  keys->in_object++;
  keys->bucket = (uint32_t)bucket;
  return keys->label = keys->count++;
}

uint32_t csizer_image_key_of(image_keys *keys, const csizer_graph *graph, uint32_t object, uint32_t slot) {
  const graph_row *row = &graph->rows[object];
  const csizer_object_layout *layout = graph->layouts->kinds[row->kind].layout;
  const bool is_dictionary = layout && layout->shape == SHAPE_HASH && layout->value && layout->element->type;
  if (__builtin_expect(!is_dictionary || slot == GRAPH_MOST_SLOT, 1)) return IMAGE_NO_KEY;
  const char *const start = (const char *)graph_address(row);
  if (keys->object != object) {
    keys->object = object;
    keys->in_object = 0;
    keys->label = IMAGE_NO_KEY;
    keys->form = form_of(layout->element, &keys->is_signed);
    if (!csizer_image_columns_of(layout, start, keys->columns)) keys->form = KEY_HAS_NO_TEXT;
  }
  return keys->form == KEY_HAS_NO_TEXT ? IMAGE_NO_KEY : key_in(keys, layout, start, 8 * (size_t)slot);
}
