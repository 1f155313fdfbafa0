// SPDX-License-Identifier: Apache-2.0
#include "layouts/metadata_check.h"

#include "layouts/described_type.h"
#include "runtime/assumptions.h"
#include "runtime/descriptors.h"
#include "runtime/mangling.h"

// What no program reaches: figures above these are rubbish.
enum {
  MOST_BYTES = 1 << 28,     // of a value or an instance
  MOST_ELEMENTS = 1 << 12,  // of a tuple
  MOST_SUPERCLASSES = 1 << 8,
  MOST_CAPTURES = 1 << 12,
  FARTHEST_CAPTURE = 1 << 16,
};

// ---- Value witnesses ----

static bool are_witnesses_sound(csizer_layouts *layouts, const swift_metadata *type) {
  const swift_witnesses *witnesses = swift_witnesses_of(type);
  if (witnesses == &csizer_block_witnesses || witnesses == &csizer_unknown_witnesses) return true;
  if (!csizer_is_aligned(witnesses, sizeof(void *))) return false;
  if (!csizer_is_readable(layouts, witnesses, offsetof(swift_witnesses, get_enum_tag))) return false;
  if (witnesses->flags & CSIZER_DESCRIBED_FLAG) return csizer_described_is_ours(layouts, type);
  size_t align_mask = witnesses->flags & SWIFT_ALIGNMENT_MASK;
  if (witnesses->stride > MOST_BYTES || witnesses->stride < witnesses->size) return false;
  if (align_mask & (align_mask + 1)) return false;
  if (witnesses->extra_inhabitants && !csizer_is_code(layouts, witnesses->store_tag_single_payload)) return false;
  // An inline array takes its element's flags over, without the functions that these speak of.
  bool is_enum = type->kind == SWIFT_ENUM || type->kind == SWIFT_OPTIONAL;
  if (!is_enum || !(witnesses->flags & SWIFT_HAS_ENUM_WITNESSES)) return true;
  return csizer_is_readable(layouts, witnesses, sizeof *witnesses) &&
         csizer_is_code(layouts, (const void *)(uintptr_t)witnesses->get_enum_tag) &&
         csizer_is_code(layouts, (const void *)(uintptr_t)witnesses->project_enum_data) &&
         csizer_is_code(layouts, (const void *)(uintptr_t)witnesses->inject_enum_tag);
}

bool csizer_metadata_is_known(csizer_layouts *layouts, const swift_metadata *type) {
  enum { LAST_VALUE_KIND = SWIFT_LOCAL_VARIABLE - 1 };
  if (layouts->believes_nothing || !csizer_is_word_at(layouts, type) || type->kind > LAST_VALUE_KIND) return false;
  if (type->kind == SWIFT_FUNCTION && !csizer_is_readable(layouts, type, sizeof(swift_function))) return false;
  return csizer_is_word_at(layouts, (const uintptr_t *)type - 1) && are_witnesses_sound(layouts, type);
}

// ---- Metadata ----

// Types come first among the words; packs, whose number the words before them tell, and integers are not looked at
// here.
static bool are_arguments_sound(csizer_layouts *layouts, const swift_metadata *type,
                                const swift_descriptor *descriptor) {
  enum { IS_KEY = 0x80, KIND = 0x3F, KIND_TYPE = 0 };
  const void *const *arguments = csizer_generic_arguments(type);
  if (!arguments) return true;
  size_t count = csizer_generic_argument_count(descriptor), parameter_count;
  if (!csizer_is_aligned(arguments, sizeof(void *))) return false;
  if (!csizer_is_readable(layouts, arguments, count * sizeof *arguments)) return false;
  const uint8_t *parameters = csizer_generic_parameters(descriptor, &parameter_count);
  if (parameter_count > CSIZER_MOST_ARGUMENTS) return false;
  if (!csizer_is_readable(layouts, parameters, parameter_count)) return false;
  for (size_t i = 0; i < parameter_count; i++)
    if ((parameters[i] & KIND) != KIND_TYPE) return true;
  size_t index = 0;
  for (size_t i = 0; i < parameter_count; i++) {
    if (!(parameters[i] & IS_KEY)) continue;
    if (index == count || !csizer_metadata_is_known(layouts, arguments[index++])) return false;
  }
  return true;
}

static bool are_offsets_sound(csizer_layouts *layouts, const swift_metadata *type, const swift_descriptor *descriptor) {
  if (!csizer_field_offsets_are_known(type)) return true;  // then nobody asks
  size_t bytes = swift_kind_of(type) == SWIFT_CLASS ? sizeof(uintptr_t) : sizeof(uint32_t);
  return csizer_is_readable(layouts, csizer_field_offsets(type), csizer_field_count(descriptor) * bytes);
}

static bool is_class_sound(csizer_layouts *layouts, const swift_class *type) {
  for (int i = 0; type; type = type->superclass, i++) {
    if (i == MOST_SUPERCLASSES || !csizer_is_word_at(layouts, type)) return false;
    if (!csizer_is_readable(layouts, type, sizeof *type)) return false;
    const swift_metadata *metadata = (const swift_metadata *)type;
    const swift_descriptor *descriptor = type->description;
    if (swift_kind_of(metadata) != SWIFT_CLASS) return false;
    if (type->instance_size < sizeof(swift_object) || type->instance_size > MOST_BYTES) return false;
    if (type->instance_align_mask & (type->instance_align_mask + 1)) return false;
    if (!descriptor) continue;
    if (!csizer_descriptor_is_sound(layouts, descriptor)) return false;
    if ((descriptor->flags & 0x1F) != SWIFT_CONTEXT_CLASS) return false;
    if (!are_arguments_sound(layouts, metadata, descriptor)) return false;
    if (!are_offsets_sound(layouts, metadata, descriptor)) return false;
  }
  return true;
}

static bool is_nominal_sound(csizer_layouts *layouts, const swift_value_type *type) {
  unsigned expected = type->kind == SWIFT_STRUCT ? SWIFT_CONTEXT_STRUCT : SWIFT_CONTEXT_ENUM;
  if (!csizer_is_readable(layouts, type, sizeof *type)) return false;
  if (!csizer_descriptor_is_sound(layouts, type->description)) return false;
  if ((type->description->flags & 0x1F) != expected) return false;
  const swift_metadata *metadata = (const swift_metadata *)type;
  return are_arguments_sound(layouts, metadata, type->description) &&
         (type->kind != SWIFT_STRUCT || are_offsets_sound(layouts, metadata, type->description));
}

static bool is_tuple_sound(csizer_layouts *layouts, const swift_tuple *tuple) {
  if (!csizer_is_readable(layouts, tuple, sizeof *tuple) || tuple->count > MOST_ELEMENTS) return false;
  if (!csizer_is_readable(layouts, tuple->elements, tuple->count * sizeof *tuple->elements)) return false;
  for (size_t i = 0; i < tuple->count; i++)
    if (!csizer_metadata_is_known(layouts, tuple->elements[i].type)) return false;
  return true;
}

static bool is_fixed_array_sound(csizer_layouts *layouts, const swift_fixed_array *type) {
  if (!csizer_is_readable(layouts, type, sizeof *type)) return false;
  if (!csizer_metadata_is_known(layouts, type->element)) return false;
  if (type->count <= 0) return true;
  const swift_witnesses *element = swift_witnesses_of(type->element);
  size_t room = swift_witnesses_of((const swift_metadata *)type)->size;
  return (size_t)type->count <= MOST_BYTES && (size_t)type->count * element->stride <= room + element->stride;
}

bool csizer_metadata_is_sound(csizer_layouts *layouts, const swift_metadata *type) {
  if (!csizer_metadata_is_known(layouts, type)) return false;
  switch (swift_kind_of(type)) {
    case SWIFT_CLASS: return is_class_sound(layouts, (const swift_class *)type);
    case SWIFT_STRUCT:
    case SWIFT_ENUM:
    case SWIFT_OPTIONAL: return is_nominal_sound(layouts, (const swift_value_type *)type);
    case SWIFT_TUPLE: return is_tuple_sound(layouts, (const swift_tuple *)type);
    case SWIFT_EXISTENTIAL: return csizer_is_readable(layouts, type, sizeof(swift_existential));
    case SWIFT_EXTENDED_EXISTENTIAL: {
      const swift_extended_existential *existential = (const swift_extended_existential *)type;
      return csizer_is_readable(layouts, type, sizeof *existential) &&
             csizer_is_record_at(layouts, existential->shape, sizeof *existential->shape);
    }
    case SWIFT_FIXED_ARRAY: return is_fixed_array_sound(layouts, (const swift_fixed_array *)type);
    default: return true;
  }
}

// ---- Heap metadata ----

static bool are_captures_sound(csizer_layouts *layouts, const swift_capture_descriptor *captures) {
  if (!captures) return true;
  if (!csizer_is_record_at(layouts, captures, sizeof *captures)) return false;
  if (captures->capture_count > MOST_CAPTURES || captures->source_count > MOST_CAPTURES ||
      captures->binding_count > CSIZER_MOST_ARGUMENTS)
    return false;
  const swift_relative *names = (const swift_relative *)(captures + 1);
  size_t count = (size_t)captures->capture_count + 2 * (size_t)captures->source_count;
  if (!csizer_is_readable(layouts, names, count * sizeof *names)) return false;
  for (size_t i = 0; i < count; i++)
    if (names[i] && !csizer_mangled_name_is_sound(layouts, swift_resolve(&names[i]))) return false;
  return true;
}

bool csizer_heap_metadata_is_sound(csizer_layouts *layouts, const swift_metadata *metadata) {
  if (layouts->believes_nothing || !csizer_is_word_at(layouts, metadata)) return false;
  switch (metadata->kind) {
    case SWIFT_LOCAL_VARIABLE: {
      const swift_local_variable *context = (const swift_local_variable *)metadata;
      if (!csizer_is_readable(layouts, context, sizeof *context)) return false;
      // 0: known at run time only, for a resilient type is captured.
      if (context->offset_to_first_capture && context->offset_to_first_capture < sizeof(swift_object)) return false;
      return context->offset_to_first_capture <= FARTHEST_CAPTURE && are_captures_sound(layouts, context->captures);
    }
    case SWIFT_GENERIC_BOX: {
      const swift_generic_box *box = (const swift_generic_box *)metadata;
      if (!csizer_holds(CSIZER_ASSUMES_BOXES)) return true;  // nothing else is read
      return csizer_is_readable(layouts, box, sizeof *box) && box->offset >= sizeof(swift_object) &&
             box->offset <= FARTHEST_CAPTURE && csizer_metadata_is_known(layouts, box->type);
    }
    case SWIFT_CLASS: return csizer_metadata_is_sound(layouts, metadata);
    default: return metadata->kind > SWIFT_LOCAL_VARIABLE && metadata->kind <= SWIFT_LAST_KIND;  // nothing else is read
  }
}
