// SPDX-License-Identifier: Apache-2.0
#include <string.h>

#include "layouts/compiling.h"

// Values that show a part of a buffer and keep all of it. swiftlang/swift, stdlib/public/core: SliceBuffer.swift,
// Substring.swift; swiftlang/swift-foundation, Data+InlineSlice.swift, Data+LargeSlice.swift.

// Of array slices there are as many types as of elements, and all must have one detail: captures of which only the
// layout is known are compared by it (layout_context.c).
static const struct known_slice {
  const char *type;
  csizer_slice slice;
  size_t size;  // of the value as it is known here
  const char *label;
} known_slices[] = {
    {"Swift._SliceBuffer", {SLICE_OF_ARRAY, 0}, 32, "ArraySlice"},
    {"Swift.Substring", {SLICE_OF_STRING, 0}, 32, "Substring"},
    {"FoundationEssentials.Data.InlineSlice", {SLICE_OF_DATA, 0}, 16, "Data"},
    {"FoundationEssentials.Data.LargeSlice", {SLICE_OF_LARGE_DATA, 0}, 16, "Data"},
};

// Where a storage keeps how much of it is in use; 0 when it has no such field.
static uint32_t length_in(csizer_builder *builder, const swift_metadata *type) {
  csizer_field field;
  const uint32_t index = csizer_field_index(csizer_type_descriptor(type), "storage");
  if (index == CSIZER_NO_FIELD || !csizer_field_read(builder->layouts->runtime, type, index, &field) || !field.type ||
      swift_kind_of(field.type) != SWIFT_CLASS || csizer_field_offset(type, index) != sizeof(uintptr_t))
    return 0;
  const uint32_t length = csizer_field_index(csizer_type_descriptor(field.type), "_length");
  return length == CSIZER_NO_FIELD ? 0 : (uint32_t)csizer_field_offset(field.type, length);
}

static const csizer_slice *describe(csizer_builder *builder, const swift_metadata *type,
                                    const struct known_slice *known) {
  if (known->slice.form < SLICE_OF_DATA) return &known->slice;
  csizer_slice *slice = csizer_layouts_allocate(builder->layouts, sizeof *slice);
  if (!slice) return NULL;
  *slice = (csizer_slice){known->slice.form, length_in(builder, type)};
  return slice->length ? slice : NULL;
}

void csizer_compile_slice(csizer_builder *builder, const swift_metadata *type, const char *name) {
  for (size_t i = 0; i < sizeof known_slices / sizeof *known_slices; i++) {
    const struct known_slice *known = &known_slices[i];
    if (strcmp(name, known->type) != 0 || swift_witnesses_of(type)->size != known->size) continue;
    const csizer_slice *slice = describe(builder, type, known);
    if (!slice) return;
    csizer_layouts_name_slices(builder->layouts, slice->form, known->label);
    csizer_builder_op(builder, OP_SLICE, 0, slice);
  }
}

void csizer_layouts_name_slices(csizer_layouts *layouts, csizer_slice_form form, const char *label) {
  if (!layouts->slice_kinds[form])
    layouts->slice_kinds[form] = csizer_layouts_add_kind(layouts, (csizer_kind){.prefix = label});
}
