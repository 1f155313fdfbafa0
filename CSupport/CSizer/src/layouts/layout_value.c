// SPDX-License-Identifier: Apache-2.0
#include "layouts/compiling.h"
#include "layouts/metadata_check.h"
#include "layouts/unknown_types.h"
#include "runtime/mangling.h"

// From a type's metadata to the references in a value of it, one kind of type after the other.

static void compile_struct(csizer_builder *builder, const swift_metadata *type, size_t size) {
  if (csizer_compile_raw_struct(builder, type) || csizer_compile_pointer(builder, type)) return;
  const swift_descriptor *descriptor = csizer_type_descriptor(type);
  uint32_t count = csizer_field_count(descriptor);
  // C structs have no field records, and those of C's types that Swift can copy bit by bit own nothing.
  bool is_known = count == descriptor->structure.field_count;
  if (!is_known) {
    if (swift_witnesses_of(type)->flags & SWIFT_NOT_POD) csizer_builder_conservative(builder, 0, size);
    return;
  }
  bool is_plain = !(swift_witnesses_of(type)->flags & SWIFT_NOT_POD);
  for (uint32_t i = 0; i < count; i++) {
    csizer_field field;
    if (!csizer_field_read(builder->layouts->runtime, type, i, &field) || !field.type_name) continue;
    // Of bits and of a type that has no metadata: a vector
    if (is_plain && !field.type && field.type_name[0] == 'B') continue;
    size_t offset = csizer_field_offset(type, i);
    size_t end = i + 1 < count ? csizer_field_offset(type, i + 1) : size;
    if (csizer_owning_field_compile(builder, type, &field, offset)) continue;
    csizer_builder_held(builder, offset, end, field.type_name, field.type);
  }
}

static void compile_tuple(csizer_builder *builder, const swift_tuple *tuple) {
  for (size_t i = 0; i < tuple->count; i++)
    csizer_builder_append(builder, tuple->elements[i].offset,
                          csizer_layouts_value(builder->layouts, tuple->elements[i].type));
}

static void compile_existential(csizer_builder *builder, const swift_existential *type) {
  // One word first in a class existential and in `any Error`: the object, the error's box.
  bool one_word = !(type->flags & SWIFT_EXISTENTIAL_NOT_CLASS) ||
                  (type->flags & SWIFT_EXISTENTIAL_SPECIAL) == SWIFT_EXISTENTIAL_ERROR;
  if (one_word) csizer_builder_reference(builder, 0);
  else csizer_builder_op(builder, OP_ANY, 0, NULL);
}

static void compile_extended_existential(csizer_builder *builder, const swift_extended_existential *type, size_t size) {
  switch (type->shape->flags & 0xFF) {
    case SWIFT_SHAPE_OPAQUE: csizer_builder_op(builder, OP_ANY, 0, NULL); return;
    case SWIFT_SHAPE_CLASS: csizer_builder_reference(builder, 0); return;
    case SWIFT_SHAPE_METATYPE: return;
    default: csizer_builder_conservative(builder, 0, size); return;
  }
}

// Builtin.NativeObject, BridgeObject and AnyObject are one word that is retained; default actors' storage is larger and
// its queue holds jobs, not objects.
static void compile_opaque(csizer_builder *builder, const swift_witnesses *witnesses) {
  if (!(witnesses->flags & SWIFT_NOT_POD)) return;
  if (witnesses->size == sizeof(void *)) csizer_builder_reference(builder, 0);
  builder->explained = true;
}

static void compile_fixed_array(csizer_builder *builder, const swift_fixed_array *type) {
  const csizer_value_layout *element = csizer_layouts_value(builder->layouts, type->element);
  if (!element || type->count <= 0) return;
  builder->explained |= element->explained;
  if (csizer_layout_is_plain(element)) return;
  csizer_repeat *repeat = csizer_layouts_allocate(builder->layouts, sizeof *repeat);
  if (!repeat) return;
  *repeat = (csizer_repeat){element, (size_t)type->count};
  builder->unresolved |= element->unresolved;
  csizer_builder_op(builder, OP_REPEAT, 0, repeat);
}

static void compile(csizer_builder *builder, const swift_metadata *type) {
  const swift_witnesses *witnesses = swift_witnesses_of(type);
  switch (swift_kind_of(type)) {
    case SWIFT_CLASS:
    case SWIFT_FOREIGN_CLASS: csizer_builder_reference(builder, 0); return;
    case SWIFT_STRUCT: compile_struct(builder, type, witnesses->size); return;
    case SWIFT_ENUM:
    case SWIFT_OPTIONAL: csizer_compile_enum(builder, type); return;
    case SWIFT_TUPLE: compile_tuple(builder, (const swift_tuple *)type); return;
    case SWIFT_FUNCTION:
      // C's and thin functions are one word of code.
      if (swift_convention_of(type) == SWIFT_CONVENTION_SWIFT) csizer_builder_function(builder, 0);
      if (swift_convention_of(type) == SWIFT_CONVENTION_BLOCK) csizer_builder_block(builder, 0);
      return;
    case SWIFT_EXISTENTIAL: compile_existential(builder, (const swift_existential *)type); return;
    case SWIFT_EXTENDED_EXISTENTIAL:
      compile_extended_existential(builder, (const swift_extended_existential *)type, witnesses->size);
      return;
    case SWIFT_FIXED_ARRAY: compile_fixed_array(builder, (const swift_fixed_array *)type); return;
    case SWIFT_OPAQUE: compile_opaque(builder, witnesses); return;
    case SWIFT_METATYPE:
    case SWIFT_EXISTENTIAL_METATYPE: builder->explained = true; return;
    case SWIFT_FOREIGN_REFERENCE: csizer_compile_foreign_reference(builder, type); return;
    default:
      if (witnesses->flags & SWIFT_NOT_POD) csizer_builder_conservative(builder, 0, witnesses->size);
      return;
  }
}

// The layout is known before it is compiled: a type may own memory that is full of its own kind.
static csizer_value_layout *enter(csizer_layouts *layouts, const swift_metadata *type) {
  csizer_value_layout *layout = csizer_layouts_allocate(layouts, sizeof *layout);
  return layout && csizer_layout_map_insert(layouts, &layouts->values, type, layout) ? layout : NULL;
}

static const csizer_value_layout *fill(csizer_layouts *layouts, const swift_metadata *type,
                                       csizer_value_layout *layout) {
  if (!csizer_metadata_is_known(layouts, type)) return csizer_builder_finish_unknown(layouts, layout);
  const swift_witnesses *witnesses = swift_witnesses_of(type);
  layout->size = (uint32_t)witnesses->size;
  layout->stride = (uint32_t)witnesses->stride;
  layout->align_mask = (uint8_t)(witnesses->flags & SWIFT_ALIGNMENT_MASK);
  bool is_unknown = witnesses == &csizer_unknown_witnesses || layouts->pending_count > CSIZER_DEEPEST_TYPE;
  if (is_unknown || !csizer_metadata_is_sound(layouts, type)) return csizer_builder_finish_unknown(layouts, layout);
  layouts->pending[layouts->pending_count++] = layout;
  csizer_builder builder = {.layouts = layouts};
  if (!csizer_layouts_excludes(layouts, type)) {
    compile(&builder, type);
    csizer_compile_unknown_owner(&builder, type);
  }
  csizer_builder_confine(&builder, layout->size, layout->stride);
  csizer_builder_finish(&builder, layout);
  layouts->pending_count--;
  return layouts->failed ? NULL : layout;
}

static const void *make_layout(csizer_layouts *layouts, const void *type, const void *detail) {
  (void)detail;
  csizer_value_layout *layout = enter(layouts, type);
  if (!layout) return NULL;
  *layout = (csizer_value_layout){.type = type};
  return fill(layouts, type, layout);
}

const csizer_value_layout *csizer_compile_value(csizer_layouts *layouts, const swift_metadata *type) {
  return csizer_layouts_compile(layouts, make_layout, type, NULL);
}
