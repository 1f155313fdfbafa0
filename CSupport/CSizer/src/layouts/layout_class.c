// SPDX-License-Identifier: Apache-2.0
#include "layouts/compiling.h"

// Where the fields that follow field `index` begin, or the end of the instance: as far as an unknown field can reach.
static size_t field_end(const swift_class *type, uint32_t index, uint32_t count) {
  return index + 1 < count ? csizer_field_offset((const swift_metadata *)type, index + 1) : type->instance_size;
}

static void compile_own_fields(csizer_builder *builder, const swift_class *type) {
  uint32_t count = csizer_field_count(type->description);
  if (!csizer_field_offsets_are_known((const swift_metadata *)type)) {
    // Compiled without reflection metadata. Only this class's part is unknown: it starts where the superclass ends.
    size_t start = type->superclass ? type->superclass->instance_size : sizeof(swift_object);
    csizer_builder_conservative(builder, start, type->instance_size - start);
    return;
  }
  for (uint32_t i = 0; i < count; i++) {
    csizer_field field;
    if (!csizer_field_read(builder->layouts->runtime, (const swift_metadata *)type, i, &field) || !field.type_name)
      continue;
    size_t offset = csizer_field_offset((const swift_metadata *)type, i);
    if (csizer_owning_field_compile(builder, (const swift_metadata *)type, &field, offset)) continue;
    csizer_builder_held(builder, offset, field_end(type, i, count), field.type_name, field.type);
  }
}

void csizer_compile_class(csizer_builder *builder, const swift_class *type) {
  for (; type; type = type->superclass)
    if (type->description) compile_own_fields(builder, type);
}
