// SPDX-License-Identifier: Apache-2.0
#include <string.h>

#include "layouts/compiling.h"
#include "layouts/member_list.h"
#include "layouts/unknown_types.h"
#include "runtime/descriptors.h"
#include "runtime/mangling.h"
#include "layouts/metadata_check.h"

// What a type declares, as the names of referents need it.

static bool is_enum(const swift_metadata *type) {
  return swift_kind_of(type) == SWIFT_ENUM || swift_kind_of(type) == SWIFT_OPTIONAL;
}

static bool is_of_standard_library(const swift_descriptor *descriptor) {
  char name[128];
  csizer_descriptor_name(descriptor, name, sizeof name);
  return strncmp(name, "Swift.", 6) == 0;
}

// Whether a field that is no reference by its type is one all the same: an owning rule says so, and without conditions.
static bool owns_object(csizer_layouts *layouts, const swift_metadata *type, const csizer_field *field, size_t offset) {
  csizer_builder builder = {.layouts = layouts};
  if (is_enum(type) || !csizer_owning_field_compile(&builder, type, field, offset) || !builder.count) return false;
  const csizer_owned *owned = builder.ops[0].detail;
  return owned && owned->rule == CSIZER_OWNS_OBJECT && owned->lender == CSIZER_NO_SIBLING;
}

// What is shown of a field: an indirect case's box, an object that a rule tells of, or a value of the field's type.
static const swift_metadata *shown_type(csizer_layouts *layouts, const swift_metadata *type, const csizer_field *field,
                                        size_t offset) {
  static const char any_object[] = "yXl";
  const bool is_boxed = is_enum(type) && (field->flags & SWIFT_FIELD_INDIRECT);
  if (!is_boxed && !owns_object(layouts, type, field, offset)) return field->type;
  return layouts->runtime->type_in_context(any_object, sizeof any_object - 1, NULL, NULL);
}

// Only what holds a value that may refer to something.
static bool read_field(csizer_layouts *layouts, const swift_metadata *type, uint32_t index, csizer_member_field *ret) {
  csizer_field field;
  if (!csizer_field_read(layouts->runtime, type, index, &field) || !field.type) return false;
  if (!csizer_metadata_is_known(layouts, field.type)) return false;
  if (csizer_mangled_holding(field.type_name, field.type_name_length) != CSIZER_HOLDS_VALUE) return false;
  size_t offset = is_enum(type) ? 0 : csizer_field_offset(type, index);
  const swift_metadata *shown = shown_type(layouts, type, &field, offset);
  if (!shown || !csizer_metadata_is_known(layouts, shown)) return false;
  const csizer_value_layout *layout = csizer_layouts_value(layouts, shown);
  if (!layout || csizer_layout_is_plain(layout)) return false;
  bool is_class = swift_kind_of(type) == SWIFT_CLASS;
  size_t room = is_class ? ((const swift_class *)type)->instance_size : swift_witnesses_of(type)->size;
  if (offset > room || layout->size > room - offset) return false;
  *ret = (csizer_member_field){.name = field.name, .type = shown, .offset = (uint32_t)offset, .number = index};
  return true;
}

static const void *make_list(csizer_layouts *layouts, const void *metadata, const void *detail) {
  (void)detail;
  const swift_metadata *type = metadata;
  bool is_sound = csizer_metadata_is_sound(layouts, type);
  const swift_descriptor *descriptor = is_sound ? csizer_type_descriptor(type) : NULL;
  uint32_t count = descriptor ? csizer_field_count(descriptor) : 0;
  csizer_member_list *list = csizer_layouts_allocate(layouts, sizeof *list + count * sizeof *list->fields);
  if (!list) return NULL;
  if (descriptor) list->is_library = is_of_standard_library(descriptor);
  if (descriptor && swift_kind_of(type) == SWIFT_STRUCT) list->content = csizer_raw_content(type);
  csizer_builder builder = {.layouts = layouts};
  if (descriptor && is_enum(type)) {
    list->enumeration = csizer_enum_describe(&builder, type, true);
    count = list->enumeration ? list->enumeration->case_count : 0;
  }
  if (descriptor && !is_enum(type) && !csizer_field_offsets_are_known(type)) count = 0;
  for (uint32_t i = 0; i < count; i++) list->count += read_field(layouts, type, i, &list->fields[list->count]);
  bool is_known = !layouts->failed && csizer_layout_map_insert(layouts, &layouts->members, type, list);
  return is_known ? list : NULL;
}

const csizer_member_list *csizer_layouts_members(csizer_layouts *layouts, const swift_metadata *type) {
  static const csizer_member_list none;
  const csizer_member_list *list = csizer_layout_map_find(&layouts->members, type);
  if (list) return list;
  if (layouts->unknown) {
    csizer_unknown_note(layouts->unknown, UNKNOWN_MEMBERS, type, NULL, 0);
    return &none;
  }
  return csizer_layouts_compile(layouts, make_list, type, NULL);
}

// ---- Beforehand ----

static bool compile_below(csizer_layouts *layouts, const swift_metadata *type, unsigned levels);

// A standard collection's elements, keys and values; witness tables stand behind them.
static bool compile_arguments(csizer_layouts *layouts, const swift_metadata *type, unsigned levels) {
  const void *const *arguments = csizer_generic_arguments(type);
  size_t count = arguments ? csizer_generic_argument_count(csizer_type_descriptor(type)) : 0;
  for (size_t i = 0; i < count; i++)
    if (csizer_is_metadata(&layouts->images, arguments[i]) && !compile_below(layouts, arguments[i], levels))
      return false;
  return true;
}

// What is known already has been here before. Levels are counted because types may be made of ever larger ones.
static bool compile_below(csizer_layouts *layouts, const swift_metadata *type, unsigned levels) {
  if (!levels || csizer_layout_map_find(&layouts->members, type)) return true;
  if (!csizer_metadata_is_sound(layouts, type) || !csizer_type_descriptor(type)) return true;
  const csizer_member_list *list = csizer_layouts_members(layouts, type);
  if (!list) return false;
  const swift_class *superclass = swift_kind_of(type) == SWIFT_CLASS ? ((const swift_class *)type)->superclass : NULL;
  if (superclass && !compile_below(layouts, (const swift_metadata *)superclass, levels)) return false;
  if (list->content) return compile_below(layouts, list->content, levels - 1);
  if (list->is_library) return compile_arguments(layouts, type, levels - 1);
  for (uint32_t i = 0; i < list->count; i++)
    if (!compile_below(layouts, list->fields[i].type, levels - 1)) return false;
  return true;
}

static const void *prepare(csizer_layouts *layouts, const void *type, const void *detail) {
  enum { LEVELS = 12 };
  (void)detail;
  return compile_below(layouts, type, LEVELS) ? layouts : NULL;
}

bool csizer_layouts_prepare_members(csizer_layouts *layouts, const swift_metadata *type) {
  return csizer_layouts_compile(layouts, prepare, type, NULL) != NULL;
}
