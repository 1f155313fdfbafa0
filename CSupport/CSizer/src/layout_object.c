// SPDX-License-Identifier: Apache-2.0
#include <string.h>

#include "layout_internal.h"
#include "mangling.h"

// From an object's isa to its layout. Most objects are their fields; the standard library's storage classes keep elements
// behind them, and boxes, contexts and errors have kinds of their own.

typedef void (*storage_compiler)(csizer_builder *builder, csizer_object_layout *layout, const swift_class *type);

static const csizer_value_layout *argument(csizer_builder *builder, const swift_class *type, uint32_t index) {
  const void *const *arguments = csizer_generic_arguments((const swift_metadata *)type);
  return arguments ? csizer_layouts_value(builder->layouts, arguments[index]) : NULL;
}

static uint32_t align_mask_of(const csizer_value_layout *layout) {
  return swift_witnesses_of(layout->type)->flags & SWIFT_ALIGNMENT_MASK;
}

// stdlib/public/core/ContiguousArrayBuffer.swift: header, count, capacity and flags, elements.
static void compile_array(csizer_builder *builder, csizer_object_layout *layout, const swift_class *type) {
  enum { ELEMENTS = 32 };
  layout->element = argument(builder, type, 0);
  if (!layout->element) return;
  layout->shape = SHAPE_ARRAY;
  layout->first = (uint32_t)swift_round_up(ELEMENTS, align_mask_of(layout->element));
}

// stdlib/public/core/DictionaryStorage.swift, SetStorage.swift: count, capacity, scale …, seed, then the pointers.
enum { HASH_POINTERS = 48 };

static void compile_dictionary(csizer_builder *builder, csizer_object_layout *layout, const swift_class *type) {
  layout->element = argument(builder, type, 0);
  layout->value = argument(builder, type, 1);
  if (!layout->element || !layout->value) return;
  layout->shape = SHAPE_HASH;
  layout->first = HASH_POINTERS;
}

static void compile_set(csizer_builder *builder, csizer_object_layout *layout, const swift_class *type) {
  layout->element = argument(builder, type, 0);
  if (!layout->element) return;
  layout->shape = SHAPE_HASH;
  layout->first = HASH_POINTERS;
}

// A ManagedBuffer's header says how many elements there are if it is, or has, an Int called count.
static uint32_t count_in_header(csizer_builder *builder, const swift_metadata *header, size_t offset) {
  const swift_metadata *integer = builder->layouts->runtime->type_in_context("Si", 2, NULL, NULL);
  if (header == integer) return (uint32_t)offset;
  if (swift_kind_of(header) != SWIFT_STRUCT) return CSIZER_NO_COUNT;
  uint32_t fields = csizer_field_count(csizer_type_descriptor(header));
  for (uint32_t i = 0; i < fields; i++) {
    csizer_field field;
    if (!csizer_field_read(builder->layouts->runtime, header, i, &field) || field.type != integer) continue;
    if (strcmp(field.name, "count") == 0 || strcmp(field.name, "_count") == 0)
      return (uint32_t)(offset + csizer_field_offset(header, i));
  }
  return CSIZER_NO_COUNT;
}

// stdlib/public/core/ManagedBuffer.swift: the header is a stored property, the elements follow at their alignment.
static void compile_managed_buffer(csizer_builder *builder, csizer_object_layout *layout, const swift_class *type) {
  const void *const *arguments = csizer_generic_arguments((const swift_metadata *)type);
  csizer_compile_class(builder, type);
  layout->element = argument(builder, type, 1);
  if (!layout->element) return;
  size_t header = csizer_field_offset((const swift_metadata *)type, 0);
  layout->shape = SHAPE_TAIL;
  layout->first = (uint32_t)swift_round_up(header + swift_witnesses_of(arguments[0])->size, align_mask_of(layout->element));
  layout->count = count_in_header(builder, arguments[0], header);
  if (layout->count == CSIZER_NO_COUNT && !csizer_layout_is_plain(layout->element)) builder->unresolved = true;
}

static const struct {
  const char *name;
  storage_compiler compile;
} storage_classes[] = {
    {"Swift._ContiguousArrayStorage", compile_array},
    {"Swift._DictionaryStorage", compile_dictionary},
    {"Swift._SetStorage", compile_set},
    {"Swift.ManagedBuffer", compile_managed_buffer},
};

static bool compile_storage(csizer_builder *builder, csizer_object_layout *layout, const swift_class *type) {
  for (const swift_class *at = type; at; at = at->superclass) {
    if (!at->description) continue;
    char name[64];
    csizer_descriptor_name(at->description, name, sizeof name);
    for (size_t i = 0; i < sizeof storage_classes / sizeof *storage_classes; i++)
      if (strcmp(name, storage_classes[i].name) == 0) {
        storage_classes[i].compile(builder, layout, at);
        return true;
      }
  }
  return false;
}

static csizer_kind compile_class_object(csizer_builder *builder, csizer_object_layout *layout, const swift_class *type) {
  layout->requested = type->instance_size;
  if (compile_storage(builder, layout, type)) layout->requested = 0;
  else csizer_compile_class(builder, type);
  return (csizer_kind){.layout = layout, .type = (const swift_metadata *)type};
}

static csizer_kind compile_context(csizer_builder *builder, csizer_object_layout *layout,
                                   const swift_local_variable *metadata) {
  if (metadata->captures && metadata->captures->source_count) layout->shape = SHAPE_BOUND;
  else layout->requested = csizer_compile_context(builder, metadata, NULL);
  return (csizer_kind){.layout = layout, .prefix = "closure context"};
}

static csizer_kind compile_box(csizer_builder *builder, csizer_object_layout *layout, const swift_generic_box *metadata) {
  const csizer_value_layout *value = csizer_layouts_value(builder->layouts, metadata->type);
  csizer_builder_append(builder, metadata->offset, value);
  if (value) layout->requested = metadata->offset + value->size;
  return (csizer_kind){.layout = layout, .type = metadata->type, .prefix = "box of "};
}

static csizer_kind compile_object(csizer_builder *builder, csizer_object_layout *layout, const swift_metadata *metadata) {
  switch (swift_kind_of(metadata)) {
    case SWIFT_CLASS: return compile_class_object(builder, layout, (const swift_class *)metadata);
    case SWIFT_LOCAL_VARIABLE: return compile_context(builder, layout, (const swift_local_variable *)metadata);
    case SWIFT_GENERIC_BOX: return compile_box(builder, layout, (const swift_generic_box *)metadata);
    case SWIFT_ERROR_OBJECT: layout->shape = SHAPE_ERROR; return (csizer_kind){.layout = layout, .prefix = "error box"};
    case SWIFT_TASK: builder->unresolved = true; return (csizer_kind){.layout = layout, .prefix = "task"};
    default: builder->unresolved = true; return (csizer_kind){.layout = layout, .prefix = "runtime object"};
  }
}

static void finish(csizer_builder *builder, csizer_object_layout *layout, csizer_kind kind) {
  csizer_builder_finish(builder, &layout->fields);
  // Unknown in part is unknown as a whole: one conservative pass over the block finds what the parts would.
  if (layout->fields.unresolved && layout->shape != SHAPE_TAIL) layout->shape = SHAPE_OPAQUE;
  layout->kind = csizer_layouts_add_kind(builder->layouts, kind);
}

static const csizer_object_layout *make_layout(csizer_layouts *layouts, const swift_metadata *metadata) {
  csizer_object_layout *layout = csizer_layouts_allocate(layouts, sizeof *layout);
  if (!layout) return NULL;
  *layout = (csizer_object_layout){.fields = {.type = metadata}, .count = CSIZER_NO_COUNT};
  csizer_builder builder = {.layouts = layouts};
  csizer_kind kind = compile_object(&builder, layout, metadata);
  layout->excluded = swift_kind_of(metadata) == SWIFT_CLASS && csizer_layouts_excludes(layouts, metadata);
  finish(&builder, layout, kind);
  if (layouts->failed || !csizer_layout_map_insert(layouts, &layouts->objects, metadata, layout)) return NULL;
  return layout;
}

const csizer_object_layout *csizer_layouts_object(csizer_layouts *layouts, const swift_metadata *metadata) {
  const csizer_object_layout *layout = csizer_layout_map_find(&layouts->objects, metadata);
  if (layout) return layout;
  csizer_layouts_begin(layouts);
  layout = make_layout(layouts, metadata);
  csizer_layouts_end(layouts);
  return layout;
}

static const csizer_object_layout *make_bound(csizer_layouts *layouts, const csizer_object_layout *layout,
                                              const swift_object *object, const void *const *bindings, size_t bytes) {
  const swift_local_variable *metadata = (const swift_local_variable *)object->metadata;
  csizer_bound_context *entry = csizer_layouts_allocate(layouts, sizeof *entry + bytes);
  csizer_object_layout *bound = csizer_layouts_allocate(layouts, sizeof *bound);
  if (!entry || !bound) return NULL;
  memcpy(entry->bindings, bindings, bytes);
  *bound = (csizer_object_layout){.fields = {.type = object->metadata}, .count = CSIZER_NO_COUNT};
  csizer_builder builder = {.layouts = layouts};
  bound->requested = csizer_compile_context(&builder, metadata, bindings);
  finish(&builder, bound, (csizer_kind){.layout = bound, .prefix = "closure context"});
  if (layouts->failed) return NULL;
  entry->layout = bound;
  // The table owns all layouts; constness is for the walk's sake.
  csizer_object_layout *owner = (csizer_object_layout *)(uintptr_t)layout;
  entry->next = owner->bound;
  owner->bound = entry;
  return bound;
}

const csizer_object_layout *csizer_layouts_bound(csizer_layouts *layouts, const csizer_object_layout *layout,
                                                 const swift_object *object) {
  const swift_local_variable *metadata = (const swift_local_variable *)object->metadata;
  const void *const *bindings = (const void *const *)((const char *)object + metadata->offset_to_first_capture);
  size_t bytes = metadata->captures->binding_count * sizeof *bindings;
  for (csizer_bound_context *at = layout->bound; at; at = at->next)
    if (memcmp(at->bindings, bindings, bytes) == 0) return at->layout;
  csizer_layouts_begin(layouts);
  const csizer_object_layout *bound = make_bound(layouts, layout, object, bindings, bytes);
  csizer_layouts_end(layouts);
  return bound;
}
