// SPDX-License-Identifier: Apache-2.0
#include "layouts/unknown_types.h"

#include <string.h>

// Types that a walk met and may not compile.

const csizer_object_layout csizer_unknown_object = {
    .fields = {.unresolved = true}, .shape = SHAPE_OPAQUE, .count = CSIZER_NO_COUNT};
const csizer_value_layout csizer_unknown_value = {.unresolved = true};

void csizer_unknown_note(csizer_unknown_types *unknown, unknown_role role, const void *type,
                         const void *const *bindings, uint32_t binding_count) {
  unknown_type noted = {.role = role, .type = type, .binding_count = binding_count};
  if (binding_count > UNKNOWN_BINDINGS) return;
  if (binding_count) memcpy(noted.bindings, bindings, binding_count * sizeof *bindings);
  for (uint32_t i = 0; i < unknown->count; i++)
    if (memcmp(&unknown->types[i], &noted, sizeof noted) == 0) return;
  if (unknown->count < UNKNOWN_ROOM) unknown->types[unknown->count++] = noted;
}

static bool read_words(const void *from, uintptr_t *words, size_t count) {
  return csizer_checked_copy(from, words, count * sizeof *words);
}

static bool is_descriptor(const csizer_images *images, uintptr_t address, unsigned context_kind) {
  uintptr_t word;
  if (!csizer_images_contain(images, address) || !read_words((const void *)address, &word, 1)) return false;
  return (word & 0x1F) == context_kind;
}

// Of what is no object: the word before the metadata, the kind, the word after it.
static bool is_value_metadata(const csizer_images *images, uintptr_t witnesses, uintptr_t kind, uintptr_t first) {
  uintptr_t ignored[8];
  if (!read_words((const void *)witnesses, ignored, 8)) return false;
  switch (kind) {
    case SWIFT_STRUCT: return is_descriptor(images, first, SWIFT_CONTEXT_STRUCT);
    case SWIFT_ENUM:
    case SWIFT_OPTIONAL: return is_descriptor(images, first, SWIFT_CONTEXT_ENUM);
    case SWIFT_TUPLE: return first < 4096;
    case SWIFT_OPAQUE:
    case SWIFT_FUNCTION:
    case SWIFT_EXISTENTIAL:
    case SWIFT_METATYPE:
    case SWIFT_EXISTENTIAL_METATYPE:
    case SWIFT_EXTENDED_EXISTENTIAL:
    case SWIFT_FIXED_ARRAY: return csizer_images_contain(images, witnesses);
    default: return false;
  }
}

static bool is_class(const csizer_images *images, const void *type) {
  uintptr_t words[6];
  return read_words(type, words, 6) && words[0] == SWIFT_CLASS && is_descriptor(images, words[5], SWIFT_CONTEXT_CLASS);
}

static bool may_be_address(const void *type) {
  return !((uintptr_t)type & 7) && (uintptr_t)type >= SWIFT_LEAST_POINTER;
}

// The runtime makes these where it likes. What is in a box has a type that is no box.
static bool is_box(const csizer_images *images, const void *type) {
  swift_generic_box box;
  uintptr_t words[3];
  if (!read_words(type, (uintptr_t *)(void *)&box, sizeof box / sizeof(uintptr_t))) return false;
  if (box.offset < sizeof(swift_object) || box.offset > 1 << 16 || !may_be_address(box.type)) return false;
  if (is_class(images, box.type)) return true;
  return read_words((const uintptr_t *)box.type - 1, words, 3) &&
         is_value_metadata(images, words[0], words[1], words[2]);
}

bool csizer_is_metadata(const csizer_images *images, const void *type) {
  uintptr_t words[3];
  if (!may_be_address(type) || !read_words((const uintptr_t *)type - 1, words, 3)) return false;
  switch (words[1]) {
    case SWIFT_CLASS: return is_class(images, type);
    case SWIFT_LOCAL_VARIABLE:  // the isas of what is no instance of a class: all but boxes' were made by the compiler
    case SWIFT_ERROR_OBJECT:
    case SWIFT_TASK: return csizer_images_contain(images, (uintptr_t)type);
    case SWIFT_GENERIC_BOX: return is_box(images, type);
    default: return is_value_metadata(images, words[0], words[1], words[2]);
  }
}

uint32_t csizer_unknown_keep_types(csizer_unknown_types *unknown, const csizer_images *images) {
  uint32_t kept = 0;
  for (uint32_t i = 0; i < unknown->count; i++)
    if (csizer_is_metadata(images, unknown->types[i].type)) unknown->types[kept++] = unknown->types[i];
  return unknown->count = kept;
}

bool csizer_may_be_binding(const csizer_images *images, const void *word) {
  return (uintptr_t)word < 1 << 16 || csizer_images_contain(images, (uintptr_t)word) ||
         csizer_is_metadata(images, word);
}
