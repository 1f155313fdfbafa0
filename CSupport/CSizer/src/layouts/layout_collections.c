// SPDX-License-Identifier: Apache-2.0
#include <string.h>

#include "layouts/compiling.h"
#include "layouts/metadata_check.h"
#include "runtime/assumptions.h"
#include "runtime/mangling.h"

// The standard library's classes whose instances are more than their fields: what follows these is written down in the
// library's sources only.

typedef void (*storage_compiler)(csizer_builder *builder, csizer_object_layout *layout, const swift_class *type);

static const csizer_value_layout *argument(csizer_builder *builder, const swift_class *type, uint32_t index) {
  const void *const *arguments = csizer_generic_arguments((const swift_metadata *)type);
  return arguments ? csizer_layouts_value(builder->layouts, arguments[index]) : NULL;
}

static uint32_t align_mask_of(const csizer_value_layout *layout) {
  return layout->align_mask;
}

// Whether this Swift keeps such a collection as the engine knows it. Otherwise nothing is known of its words.
static bool is_as_assumed(csizer_builder *builder, csizer_assumption assumption) {
  if (csizer_holds(assumption)) return true;
  csizer_builder_opaque(builder, sizeof(swift_object));
  return false;
}

static void compile_array(csizer_builder *builder, csizer_object_layout *layout, const swift_class *type) {
  if (!is_as_assumed(builder, CSIZER_ASSUMES_ARRAYS)) return;
  layout->element = argument(builder, type, 0);
  if (!layout->element) return;
  layout->shape = SHAPE_ARRAY;
  layout->first = (uint32_t)swift_round_up(sizeof(swift_array), align_mask_of(layout->element));
}

static void compile_dictionary(csizer_builder *builder, csizer_object_layout *layout, const swift_class *type) {
  if (!is_as_assumed(builder, CSIZER_ASSUMES_DICTIONARIES)) return;
  layout->element = argument(builder, type, 0);
  layout->value = argument(builder, type, 1);
  if (!layout->element || !layout->value) return;
  layout->shape = SHAPE_HASH;
  layout->first = offsetof(swift_hash, pointers);
}

static void compile_set(csizer_builder *builder, csizer_object_layout *layout, const swift_class *type) {
  if (!is_as_assumed(builder, CSIZER_ASSUMES_SETS)) return;
  layout->element = argument(builder, type, 0);
  if (!layout->element) return;
  layout->shape = SHAPE_HASH;
  layout->first = offsetof(swift_hash, pointers);
}

// A ManagedBuffer's header says how many elements there are if it has an Int called count. One that is an Int may be a
// capacity.
static uint32_t count_in_header(csizer_builder *builder, const swift_metadata *header, size_t offset) {
  const swift_metadata *integer = builder->layouts->runtime->type_in_context("Si", 2, NULL, NULL);
  if (swift_kind_of(header) != SWIFT_STRUCT || !csizer_field_offsets_are_known(header)) return CSIZER_NO_COUNT;
  uint32_t fields = csizer_field_count(csizer_type_descriptor(header));
  for (uint32_t i = 0; i < fields; i++) {
    csizer_field field;
    if (!csizer_field_read(builder->layouts->runtime, header, i, &field) || field.type != integer) continue;
    if (csizer_field_offset(header, i) + sizeof(size_t) > swift_witnesses_of(header)->size) continue;
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
  const csizer_value_layout *lock = csizer_compile_tail_lock(builder, layout->fields.type, type, arguments[1]);
  if (lock) layout->element = lock;
  size_t header = sizeof(swift_object);
  bool has_header = csizer_metadata_is_sound(builder->layouts, arguments[0]) &&
                    csizer_field_offsets_are_known((const swift_metadata *)type);
  if (has_header) header = csizer_field_offset((const swift_metadata *)type, 0);
  if (!has_header || header + swift_witnesses_of(arguments[0])->size > type->instance_size) {
    builder->unresolved = true;
    return;
  }
  layout->shape = SHAPE_TAIL;
  layout->first =
      (uint32_t)swift_round_up(header + swift_witnesses_of(arguments[0])->size, align_mask_of(layout->element));
  if (csizer_compile_tail_header(layout, arguments[0], header)) return;
  layout->count_bytes = sizeof(size_t);
  // The class of the object itself, a subclass mostly, is what somebody knows.
  if (csizer_owning_tail_count(layout->fields.type, arguments[0], header, &layout->count)) return;
  layout->count = count_in_header(builder, arguments[0], header);
  if (layout->count == CSIZER_NO_COUNT && !csizer_layout_is_plain(layout->element)) builder->unresolved = true;
}

// stdlib/public/core/StringStorage.swift: code units, and behind them, in long strings, the breadcrumbs.
static void compile_string(csizer_builder *builder, csizer_object_layout *layout, const swift_class *type) {
  if (!is_as_assumed(builder, CSIZER_ASSUMES_STRINGS)) return;
  layout->shape = SHAPE_STRING;
  layout->first = type->instance_size;
}

// stdlib/public/core/KeyPath.swift: the components follow the only field, a number.
static void compile_key_path(csizer_builder *builder, csizer_object_layout *layout, const swift_class *type) {
  (void)builder;
  layout->shape = SHAPE_KEY_PATH;
  layout->first = type->instance_size;
}

// stdlib/public/Concurrency/AsyncStreamBuffer.swift: a lock follows the fields.
static void compile_stream(csizer_builder *builder, csizer_object_layout *layout, const swift_class *type) {
  (void)layout;
  csizer_compile_class(builder, type);
}

// stdlib/public/Concurrency/CheckedContinuation.swift: one pair as a tail, the continuation, which is a task, and the
// function's name.
static void compile_checked(csizer_builder *builder, csizer_object_layout *layout, const swift_class *type) {
  static const csizer_owned task = {.rule = CSIZER_OWNS_TASK, .lender = CSIZER_NO_SIBLING, .doubt = CSIZER_NO_SIBLING};
  const swift_metadata *string = builder->layouts->runtime->type_in_context("SS", 2, NULL, NULL);
  const csizer_value_layout *name = string ? csizer_layouts_value(builder->layouts, string) : NULL;
  csizer_value_layout *pair = csizer_layouts_allocate(builder->layouts, sizeof *pair);
  if (!name || !pair) return;
  csizer_builder parts = {.layouts = builder->layouts};
  csizer_builder_op(&parts, OP_OWNED, 0, &task);
  csizer_builder_append(&parts, sizeof(void *), name);
  *pair = (csizer_value_layout){.type = string, .size = 8 + name->size, .stride = 8 + name->stride, .align_mask = 7};
  csizer_builder_finish(&parts, pair);
  layout->shape = SHAPE_TAIL;
  layout->element = pair;
  layout->first = (uint32_t)swift_round_up(type->instance_size, pair->align_mask);
  layout->count = CSIZER_ONE_ELEMENT;
}

// swift-corelibs-foundation, CFNumber.c: the value follows the class's fields, two words of it where one is not enough.
// It refers to nothing. Subclasses keep what they declare.
static void compile_number(csizer_builder *builder, csizer_object_layout *layout, const swift_class *type) {
  (void)type;
  csizer_compile_class(builder, (const swift_class *)layout->fields.type);
}

static const struct {
  const char *name;
  storage_compiler compile;
} storage_classes[] = {
    {"Swift._ContiguousArrayStorage", compile_array},
    {"Swift._DictionaryStorage", compile_dictionary},
    {"Swift._SetStorage", compile_set},
    {"Swift.ManagedBuffer", compile_managed_buffer},
    {"HashTreeCollections._HashNode.Storage", csizer_compile_hash_node},
    {"Foundation.__NSCFType", csizer_compile_cf_object},
    {"Foundation._NSCFArray", csizer_compile_cf_object},
    {"Foundation._NSCFDictionary", csizer_compile_cf_object},
    {"Foundation._NSCFSet", csizer_compile_cf_object},
    {"Foundation._NSCFString", csizer_compile_cf_object},
    {"Foundation.NSNumber", compile_number},
    {"Swift.__StringStorage", compile_string},
    {"Swift.AnyKeyPath", compile_key_path},
    {"Swift.AsyncStream._Storage", compile_stream},
    {"Swift.AsyncThrowingStream._Storage", compile_stream},
    {"Swift._AsyncStreamCriticalStorage", compile_stream},
    {"Swift.CheckedContinuationCanary", compile_checked},
};

bool csizer_compile_storage(csizer_builder *builder, csizer_object_layout *layout, const swift_class *type) {
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
