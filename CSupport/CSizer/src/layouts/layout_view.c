// SPDX-License-Identifier: Apache-2.0
#include <string.h>

#include "layouts/compiling.h"
#include "runtime/mangling.h"

// Values that say how much of a buffer they use, which others may share. The buffer itself only knows how large it is.

static const struct view {
  const char *type;
  const char *storage;   // an object
  const char *bytes;     // of the storage: a pointer that owns the buffer
  const char *capacity;  // of the storage: 32 bits
  const char *end;       // 32 bits, counted from the slice's begin
  const char *slice, *begin;  // a struct, and its field of 24 bits
  const char *upper;          // of the struct: where the view ends, 32 bits
  const char *label;
} views[] = {
    // swift-nio 2.101, ByteBuffer-core.swift
    {"NIOCore.ByteBuffer", "_storage", "bytes", "capacity", "_writerIndex", "_slice", "_begin", "upperBound",
     "ByteBuffer"},
};

// The type of a field and where it is; false when there is none.
static bool find(csizer_builder *builder, const swift_metadata *type, const char *name, const swift_metadata **ret_type,
                 uint32_t *ret_offset) {
  const swift_descriptor *descriptor = csizer_type_descriptor(type);
  uint32_t index = descriptor ? csizer_field_index(descriptor, name) : CSIZER_NO_FIELD;
  csizer_field field;
  if (index == CSIZER_NO_FIELD || !csizer_field_read(builder->layouts->runtime, type, index, &field) || !field.type)
    return false;
  *ret_type = field.type;
  *ret_offset = (uint32_t)csizer_field_offset(type, index);
  return true;
}

// The number under which the buffer that a storage owns is counted.
static bool kind_of_bytes(const csizer_object_layout *storage, uint32_t bytes, uint32_t *ret_kind) {
  for (uint32_t i = 0; i < storage->fields.op_count; i++) {
    const csizer_op *op = &storage->fields.ops[i];
    if (op->kind != OP_OWNED || op->offset != bytes) continue;
    *ret_kind = ((const csizer_owned *)op->detail)->kind;
    return true;
  }
  return false;
}

static bool describe(csizer_builder *builder, const swift_metadata *type, const struct view *known, csizer_view *view) {
  const swift_metadata *storage, *slice, *number;
  uint32_t bytes, slice_offset, begin, upper;
  if (!find(builder, type, known->storage, &storage, &view->storage) || swift_kind_of(storage) != SWIFT_CLASS ||
      !find(builder, type, known->end, &number, &view->end) ||
      !find(builder, type, known->slice, &slice, &slice_offset) ||
      !find(builder, slice, known->begin, &number, &begin) || !find(builder, slice, known->upper, &number, &upper) ||
      !find(builder, storage, known->capacity, &number, &view->capacity) ||
      !find(builder, storage, known->bytes, &number, &bytes))
    return false;
  view->begin = slice_offset + begin;
  view->upper = slice_offset + upper;
  const csizer_object_layout *layout = csizer_layouts_object(builder->layouts, storage);
  return layout && kind_of_bytes(layout, bytes, &view->kind);
}

void csizer_compile_view(csizer_builder *builder, const swift_metadata *type, const char *name) {
  for (size_t i = 0; i < sizeof views / sizeof *views; i++) {
    csizer_view view;
    if (strcmp(name, views[i].type) != 0 || !describe(builder, type, &views[i], &view)) continue;
    csizer_view *kept = csizer_layouts_allocate(builder->layouts, sizeof *kept);
    if (!kept) return;
    *kept = view;
    csizer_layouts_name_slices(builder->layouts, SLICE_OF_VIEW, views[i].label);
    csizer_builder_op(builder, OP_VIEW, 0, kept);
  }
}
