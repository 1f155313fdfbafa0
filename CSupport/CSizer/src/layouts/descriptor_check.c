// SPDX-License-Identifier: Apache-2.0
#include <string.h>

#include "layouts/metadata_check.h"
#include "runtime/descriptors.h"
#include "runtime/generics.h"
#include "runtime/mangling.h"

// Names and descriptors: what the compiler wrote into images, led to by relative offsets.

// What no program reaches: figures above these are rubbish.
enum {
  MOST_FIELDS = 1 << 14,
  MOST_CASES = 1 << 14,
  MOST_NAME = 1 << 12,
  MOST_MANGLED = 1 << 16,
  MOST_SCOPES = 32,
  MOST_WORDS = 1 << 16,  // of metadata
};

// ---- Scopes ----

static bool is_name_sound(csizer_layouts *layouts, const swift_descriptor *descriptor) {
  const char *name = swift_resolve(&descriptor->name);
  return name && csizer_checked_text(&layouts->checked, name, MOST_NAME);
}

// The scopes outside: those above MOST_SCOPES are not read by anybody.
static bool are_scopes_sound(csizer_layouts *layouts, const swift_descriptor *descriptor) {
  for (int i = 0; descriptor && i < MOST_SCOPES; i++) {
    if (!csizer_is_record_at(layouts, descriptor, offsetof(swift_descriptor, access_function))) return false;
    enum swift_context_kind kind = descriptor->flags & 0x1F;
    bool has_name = kind == SWIFT_CONTEXT_MODULE || kind == SWIFT_CONTEXT_PROTOCOL || kind >= SWIFT_CONTEXT_CLASS;
    if (has_name && !is_name_sound(layouts, descriptor)) return false;
    const char *parent = (const char *)&descriptor->parent + (descriptor->parent & ~1);
    if ((descriptor->parent & 1) && !csizer_is_word_at(layouts, parent)) return false;
    descriptor = csizer_descriptor_parent(descriptor);
  }
  return true;
}

// ---- Names ----

// What a symbolic reference leads to is read by the runtime. docs/ABI/Mangling.rst
static bool is_reference_sound(csizer_layouts *layouts, const char *at) {
  enum { CONTEXT = 1, INDIRECT_CONTEXT = 2, ACCESS_FUNCTION = 9, LAST_RELATIVE = 0x17 };
  if (*at > LAST_RELATIVE) return true;  // an absolute address, of which there are none in images
  swift_relative offset;
  memcpy(&offset, at + 1, sizeof offset);
  const char *target = at + 1 + offset;
  if (*at == INDIRECT_CONTEXT) {
    if (!csizer_is_word_at(layouts, target)) return false;
    target = *(const char *const *)(const void *)target;
  }
  if (*at == ACCESS_FUNCTION) return csizer_is_code(layouts, target);  // which the runtime calls
  if (*at != CONTEXT && *at != INDIRECT_CONTEXT) return csizer_is_readable(layouts, target, 1);
  return target && are_scopes_sound(layouts, (const void *)target);
}

bool csizer_mangled_name_is_sound(csizer_layouts *layouts, const char *name) {
  for (const char *at = name; at - name < MOST_MANGLED;) {
    if (!csizer_is_readable(layouts, at, 1)) return false;
    if (!*at) return true;
    size_t bytes = csizer_mangled_step(at);
    if (!csizer_is_readable(layouts, at, bytes)) return false;
    if (bytes > 1 && !is_reference_sound(layouts, at)) return false;
    at += bytes;
  }
  return false;
}

// ---- Descriptors ----

static bool is_record_sound(csizer_layouts *layouts, const swift_field_record *record) {
  const char *name = swift_resolve(&record->name), *type = swift_resolve(&record->type_name);
  if (name && !csizer_checked_text(&layouts->checked, name, MOST_NAME)) return false;
  return !type || csizer_mangled_name_is_sound(layouts, type);
}

static bool are_records_sound(csizer_layouts *layouts, const swift_descriptor *descriptor) {
  const swift_field_descriptor *fields = swift_resolve(&descriptor->fields);
  if (!fields) return true;
  if (!csizer_is_record_at(layouts, fields, sizeof *fields)) return false;
  if (!fields->count) return true;
  if (fields->count > MOST_FIELDS || fields->record_size % 4) return false;
  if (fields->record_size < sizeof(swift_field_record)) return false;
  const char *records = (const char *)(fields + 1);
  if (!csizer_is_readable(layouts, records, (size_t)fields->count * fields->record_size)) return false;
  for (uint32_t i = 0; i < fields->count; i++)
    if (!is_record_sound(layouts, (const void *)(records + (size_t)i * fields->record_size))) return false;
  return true;
}

static bool is_protocol_sound(csizer_layouts *layouts, const swift_descriptor *protocol) {
  enum { BYTES = 24 };  // Metadata.h, TargetProtocolDescriptor
  return protocol && csizer_is_record_at(layouts, protocol, BYTES) &&
         (protocol->flags & 0x1F) == SWIFT_CONTEXT_PROTOCOL && are_scopes_sound(layouts, protocol);
}

static bool is_requirement_sound(csizer_layouts *layouts, const generic_requirement *requirement) {
  enum { IS_INDIRECT = 1 };
  if ((requirement->flags & REQUIREMENT_KIND) != REQUIRES_PROTOCOL) return true;  // nothing of it is read
  const char *parameter = swift_resolve(&requirement->parameter);
  if (parameter && !csizer_mangled_name_is_sound(layouts, parameter)) return false;
  const char *target = (const char *)&requirement->protocol + (requirement->protocol & ~3);
  if ((requirement->protocol & IS_INDIRECT) && !csizer_is_word_at(layouts, target)) return false;
  return is_protocol_sound(layouts, generic_protocol_of(requirement));
}

static bool are_requirements_sound(csizer_layouts *layouts, const swift_descriptor *descriptor) {
  const generic_header *header = generic_header_of(descriptor);
  const generic_requirement *requirements = generic_requirements_of(header);
  size_t bytes = swift_round_up(header->parameter_count, 3) + header->requirement_count * sizeof *requirements;
  if (bytes && !csizer_is_readable(layouts, header + 1, bytes)) return false;
  for (uint16_t i = 0; i < header->requirement_count; i++)
    if (!is_requirement_sound(layouts, &requirements[i])) return false;
  return true;
}

static bool is_generic_part_sound(csizer_layouts *layouts, const swift_descriptor *descriptor, size_t bytes) {
  enum { HEADER = 16 };
  if (!(descriptor->flags & SWIFT_DESCRIPTOR_GENERIC)) return true;
  return csizer_is_readable(layouts, (const char *)descriptor + bytes, HEADER) &&
         csizer_generic_argument_count(descriptor) <= CSIZER_MOST_ARGUMENTS &&
         are_requirements_sound(layouts, descriptor);
}

static bool are_figures_sound(csizer_layouts *layouts, const swift_descriptor *descriptor) {
  switch (descriptor->flags & 0x1F) {
    case SWIFT_CONTEXT_STRUCT:
      return descriptor->structure.field_count <= MOST_FIELDS &&
             descriptor->structure.field_offset_vector <= MOST_WORDS;
    case SWIFT_CONTEXT_ENUM:
      return (descriptor->enumeration.payload_cases & 0xFFFFFF) <= MOST_CASES &&
             descriptor->enumeration.empty_cases <= 1 << 24;
    default:
      if (descriptor->class_.field_count > MOST_FIELDS) return false;
      if (descriptor->class_.field_offset_vector > MOST_WORDS) return false;
      if (!(descriptor->flags & SWIFT_CLASS_RESILIENT_SUPERCLASS))
        return descriptor->class_.positive_size <= MOST_WORDS && descriptor->class_.negative_size <= MOST_WORDS &&
               descriptor->class_.immediate_members <= MOST_WORDS;
      return !descriptor->class_.resilient_bounds ||
             csizer_is_word_at(layouts, swift_resolve(&descriptor->class_.resilient_bounds));
  }
}

bool csizer_descriptor_is_sound(csizer_layouts *layouts, const swift_descriptor *descriptor) {
  static const size_t bytes[] = {44, 28, 28};  // of a class's, a struct's, an enum's
  if (!csizer_is_record_at(layouts, descriptor, sizeof descriptor->flags)) return false;
  unsigned kind = descriptor->flags & 0x1F;
  if (kind < SWIFT_CONTEXT_CLASS || kind > SWIFT_CONTEXT_ENUM) return false;
  size_t size = bytes[kind - SWIFT_CONTEXT_CLASS];
  if (!csizer_is_readable(layouts, descriptor, size)) return false;
  const void *access = swift_resolve(&descriptor->access_function);
  return (!access || csizer_is_code(layouts, access)) && are_figures_sound(layouts, descriptor) &&
         is_generic_part_sound(layouts, descriptor, size) && are_scopes_sound(layouts, descriptor) &&
         are_records_sound(layouts, descriptor);
}
