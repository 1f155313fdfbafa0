// SPDX-License-Identifier: Apache-2.0
#include <string.h>

#include "layouts/compiling.h"
#include "layouts/metadata_check.h"
#include "layouts/unknown_types.h"
#include "runtime/assumptions.h"

// From an object's isa to its layout. Most objects are their fields; the standard library's storage classes
// (layout_collections.c) keep elements behind them, and boxes, contexts and errors have kinds of their own.

static csizer_kind compile_class_object(csizer_builder *builder, csizer_object_layout *layout,
                                        const swift_class *type) {
  layout->requested = type->instance_size;
  if (csizer_compile_storage(builder, layout, type)) layout->requested = 0;
  else csizer_compile_class(builder, type);
  return (csizer_kind){.layout = layout, .type = (const swift_metadata *)type};
}

static void compile_captures(csizer_builder *builder, csizer_object_layout *layout,
                             const swift_local_variable *metadata, const void *const *bindings) {
  csizer_capture captures[CSIZER_MOST_CAPTURES];
  builder->captures = captures;
  layout->requested = csizer_compile_context(builder, metadata, bindings);
  builder->captures = NULL;
  const size_t bytes = builder->capture_count * sizeof *captures;
  csizer_capture *kept = bytes ? csizer_layouts_allocate(builder->layouts, bytes) : NULL;
  if (!kept) return;
  layout->captures = memcpy(kept, captures, bytes);
  layout->capture_count = builder->capture_count;
}

static csizer_kind compile_context(csizer_builder *builder, csizer_object_layout *layout,
                                   const swift_local_variable *metadata) {
  if (metadata->captures && metadata->captures->source_count) layout->shape = SHAPE_BOUND;
  else compile_captures(builder, layout, metadata, NULL);
  return (csizer_kind){.layout = layout, .prefix = "closure context"};
}

static csizer_kind compile_box(csizer_builder *builder, csizer_object_layout *layout,
                               const swift_generic_box *metadata) {
  if (!csizer_holds(CSIZER_ASSUMES_BOXES)) {
    csizer_builder_opaque(builder, sizeof(swift_object));
    return (csizer_kind){.layout = layout, .prefix = "box"};
  }
  const csizer_value_layout *value = csizer_layouts_value(builder->layouts, metadata->type);
  csizer_builder_append(builder, metadata->offset, value);
  if (value) layout->requested = metadata->offset + value->size;
  return (csizer_kind){.layout = layout, .type = metadata->type, .prefix = "box of "};
}

static csizer_kind compile_object(csizer_builder *builder, csizer_object_layout *layout,
                                  const swift_metadata *metadata) {
  switch (swift_kind_of(metadata)) {
    case SWIFT_CLASS: return compile_class_object(builder, layout, (const swift_class *)metadata);
    case SWIFT_LOCAL_VARIABLE: return compile_context(builder, layout, (const swift_local_variable *)metadata);
    case SWIFT_GENERIC_BOX: return compile_box(builder, layout, (const swift_generic_box *)metadata);
    case SWIFT_ERROR_OBJECT:
      if (csizer_holds(CSIZER_ASSUMES_ERRORS)) layout->shape = SHAPE_ERROR;
      else csizer_builder_opaque(builder, sizeof(swift_object));
      return (csizer_kind){.layout = layout, .prefix = "error box"};
    case SWIFT_TASK:
      layout->shape = SHAPE_TASK;
      layout->raw_kind = csizer_layouts_add_kind(builder->layouts, (csizer_kind){.prefix = "async frames"});
      return (csizer_kind){.layout = layout, .prefix = "task"};
    default:
      csizer_builder_opaque(builder, sizeof(swift_object));
      return (csizer_kind){.layout = layout, .prefix = "runtime object"};
  }
}

static size_t align_mask_of(const swift_metadata *metadata) {
  enum { HEADER_ALIGN_MASK = 15 };
  switch (swift_kind_of(metadata)) {
    case SWIFT_CLASS: return ((const swift_class *)metadata)->instance_align_mask;
    case SWIFT_GENERIC_BOX:  // only of one whose size is known
      return swift_witnesses_of(((const swift_generic_box *)metadata)->type)->flags & SWIFT_ALIGNMENT_MASK;
    default: return HEADER_ALIGN_MASK;
  }
}

static void finish(csizer_builder *builder, csizer_object_layout *layout, csizer_kind kind) {
  csizer_builder_finish(builder, &layout->fields);
  // What is unknown in part is scanned in part: a field whose type nobody tells must not cost its neighbours.
  if (builder->opaque_from) {
    layout->shape = SHAPE_OPAQUE;
    layout->first = builder->opaque_from;
  }
  if (layout->requested)
    layout->usable = csizer_allocator_usable_size_for(layout->requested, align_mask_of(layout->fields.type));
  layout->kind = csizer_layouts_add_kind(builder->layouts, kind);
}

static const void *make_layout(csizer_layouts *layouts, const void *type, const void *detail) {
  (void)detail;
  const swift_metadata *metadata = type;
  csizer_object_layout *layout = csizer_layouts_allocate(layouts, sizeof *layout);
  if (!layout) return NULL;
  *layout = (csizer_object_layout){.fields = {.type = metadata}, .count = CSIZER_NO_COUNT};
  csizer_builder builder = {.layouts = layouts};
  if (!csizer_heap_metadata_is_sound(layouts, metadata)) {
    builder.unresolved = layout->is_unknown = true;
    finish(&builder, layout, (csizer_kind){.layout = layout, .prefix = "object of an unknown type"});
  } else {
    csizer_kind kind = compile_object(&builder, layout, metadata);
    bool is_class = swift_kind_of(metadata) == SWIFT_CLASS;
    if (is_class) csizer_builder_confine(&builder, ((const swift_class *)metadata)->instance_size, 0);
    layout->excluded = is_class && csizer_layouts_excludes(layouts, metadata);
    finish(&builder, layout, kind);
  }
  if (layouts->failed || !csizer_layout_map_insert(layouts, &layouts->objects, metadata, layout)) return NULL;
  return layout;
}

const csizer_object_layout *csizer_compile_object(csizer_layouts *layouts, const swift_metadata *metadata) {
  return csizer_layouts_compile(layouts, make_layout, metadata, NULL);
}

typedef struct binding {
  const csizer_object_layout *layout;
  const void *const *bindings;
} binding;

static const void *make_bound(csizer_layouts *layouts, const void *type, const void *detail) {
  const swift_local_variable *metadata = type;
  const csizer_object_layout *layout = ((const binding *)detail)->layout;
  const void *const *bindings = ((const binding *)detail)->bindings;
  size_t bytes = metadata->captures->binding_count * sizeof *bindings;
  csizer_bound_context *entry = csizer_layouts_allocate(layouts, sizeof *entry + bytes);
  csizer_object_layout *bound = csizer_layouts_allocate(layouts, sizeof *bound);
  if (!entry || !bound) return NULL;
  memcpy(entry->bindings, bindings, bytes);
  *bound = (csizer_object_layout){.fields = {.type = (const swift_metadata *)metadata}, .count = CSIZER_NO_COUNT};
  csizer_builder builder = {.layouts = layouts};
  if (layouts->believes_nothing) builder.unresolved = true;
  else compile_captures(&builder, bound, metadata, bindings);
  finish(&builder, bound, (csizer_kind){.layout = bound, .prefix = "closure context"});
  if (layouts->failed) return NULL;
  entry->layout = bound;
  // The table owns all layouts; constness is for the walk's sake.
  csizer_object_layout *owner = (csizer_object_layout *)(uintptr_t)layout;
  entry->next = owner->bound;
  owner->bound = entry;
  return bound;
}

const csizer_object_layout *csizer_layouts_bind(csizer_layouts *layouts, const csizer_object_layout *layout,
                                                const swift_metadata *metadata, const void *const *bindings) {
  const swift_local_variable *context = (const swift_local_variable *)metadata;
  size_t bytes = context->captures->binding_count * sizeof *bindings;
  for (csizer_bound_context *at = layout->bound; at; at = at->next)
    if (memcmp(at->bindings, bindings, bytes) == 0) return at->layout;
  if (layouts->unknown) {
    csizer_unknown_note(layouts->unknown, UNKNOWN_BOUND, metadata, bindings, context->captures->binding_count);
    return &csizer_unknown_object;
  }
  binding binding = {layout, bindings};
  return csizer_layouts_compile(layouts, make_bound, context, &binding);
}

const csizer_object_layout *csizer_layouts_bound(csizer_layouts *layouts, const csizer_object_layout *layout,
                                                 const swift_object *object) {
  const swift_local_variable *metadata = (const swift_local_variable *)object->metadata;
  const void *const *bindings = (const void *const *)((const char *)object + swift_first_capture(metadata));
  return csizer_layouts_bind(layouts, layout, object->metadata, bindings);
}
