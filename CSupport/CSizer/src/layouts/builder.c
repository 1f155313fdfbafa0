// SPDX-License-Identifier: Apache-2.0
// Collects the parts of a layout: references, ops, unknown words.
#include <string.h>

#include "layouts/compiling.h"
#include "runtime/mangling.h"

enum { WORD = 8, MASK_WORDS = 64 };

void csizer_builder_op(csizer_builder *builder, csizer_op_kind kind, size_t offset, const void *detail) {
  if (builder->count == builder->capacity) {
    uint32_t capacity = builder->capacity ? builder->capacity * 2 : 8;
    csizer_op *ops = csizer_layouts_allocate(builder->layouts, capacity * sizeof *ops);
    if (!ops) return;
    if (builder->count) memcpy(ops, builder->ops, builder->count * sizeof *ops);
    builder->ops = ops;
    builder->capacity = capacity;
  }
  builder->ops[builder->count++] = (csizer_op){kind, (uint32_t)offset, detail};
}

void csizer_builder_reference(csizer_builder *builder, size_t offset) {
  if (offset % WORD == 0 && offset / WORD < MASK_WORDS) builder->references |= (uint64_t)1 << (offset / WORD);
  else csizer_builder_op(builder, OP_REFERENCE, offset, NULL);
}

static void note_context(csizer_builder *builder, size_t offset) {
  if (offset % WORD == 0 && offset / WORD < MASK_WORDS) builder->contexts |= (uint64_t)1 << (offset / WORD);
}

void csizer_builder_function(csizer_builder *builder, size_t offset) {
  csizer_builder_reference(builder, offset + WORD);
  note_context(builder, offset + WORD);
}

void csizer_builder_block(csizer_builder *builder, size_t offset) {
  csizer_layouts *layouts = builder->layouts;
  if (!layouts->block_kind) layouts->block_kind = csizer_layouts_add_kind(layouts, (csizer_kind){.prefix = "block"});
  csizer_builder_op(builder, OP_BLOCK, offset, NULL);
}

void csizer_builder_append(csizer_builder *builder, size_t offset, const csizer_value_layout *layout) {
  if (!layout) return;
  builder->unresolved |= layout->unresolved;
  builder->explained |= layout->explained;
  for (uint64_t words = layout->references; words; words &= words - 1)
    csizer_builder_reference(builder, offset + (size_t)__builtin_ctzll(words) * WORD);
  for (uint64_t words = layout->contexts; words; words &= words - 1)
    note_context(builder, offset + (size_t)__builtin_ctzll(words) * WORD);
  for (uint32_t i = 0; i < layout->op_count; i++)
    csizer_builder_op(builder, layout->ops[i].kind, offset + layout->ops[i].offset, layout->ops[i].detail);
}

void csizer_builder_conservative(csizer_builder *builder, size_t offset, size_t bytes) {
  builder->unresolved = true;
  csizer_extent *extent = csizer_layouts_allocate(builder->layouts, sizeof *extent);
  if (!extent) return;
  extent->bytes = (uint32_t)bytes;
  csizer_builder_op(builder, OP_CONSERVATIVE, offset, extent);
}

void csizer_builder_opaque(csizer_builder *builder, size_t offset) {
  builder->unresolved = true;
  builder->opaque_from = (uint32_t)offset;
}

void csizer_builder_held(csizer_builder *builder, size_t offset, size_t end, const char *name,
                         const swift_metadata *type) {
  switch (csizer_mangled_holding(name, csizer_mangled_length(name))) {
    case CSIZER_HOLDS_WEAK: csizer_builder_op(builder, OP_WEAK, offset, NULL); return;
    case CSIZER_HOLDS_UNOWNED: csizer_builder_op(builder, OP_UNOWNED, offset, NULL); return;
    case CSIZER_HOLDS_BOX: csizer_builder_reference(builder, offset); return;
    case CSIZER_HOLDS_BLOCK: csizer_builder_block(builder, offset); return;
    case CSIZER_HOLDS_FUNCTION: csizer_builder_function(builder, offset); return;
    case CSIZER_HOLDS_UNMANAGED:
    case CSIZER_HOLDS_METATYPE:
    case CSIZER_HOLDS_THIN_METATYPE:
    case CSIZER_HOLDS_LENT_FUNCTION:
    case CSIZER_HOLDS_CODE: return;
    case CSIZER_HOLDS_VALUE: break;
  }
  if (type) csizer_builder_append(builder, offset, csizer_layouts_value(builder->layouts, type));
  else csizer_builder_conservative(builder, offset, end - offset);
}

static size_t op_size(const csizer_op *op) {
  switch (op->kind) {
    case OP_ENUM: return ((const csizer_enum *)op->detail)->size;
    case OP_ANY: return sizeof(swift_any);
    case OP_REPEAT: {
      const csizer_repeat *repeat = op->detail;  // the last element has no padding behind it
      return (repeat->count - 1) * repeat->element->stride + repeat->element->size;
    }
    case OP_CONSERVATIVE: return ((const csizer_extent *)op->detail)->bytes;
    default: return WORD;
  }
}

static bool lies_inside(const csizer_builder *builder, size_t size, size_t stride) {
  if (builder->references && stride % WORD) return false;
  if (builder->references && (MASK_WORDS - (size_t)__builtin_clzll(builder->references)) * WORD > size) return false;
  for (uint32_t i = 0; i < builder->count; i++) {
    const csizer_op *op = &builder->ops[i];
    if (op->kind != OP_CONSERVATIVE && (op->offset | stride) % WORD) return false;
    if (op->offset > size || op_size(op) > size - op->offset) return false;
  }
  return true;
}

void csizer_builder_confine(csizer_builder *builder, size_t size, size_t stride) {
  if (lies_inside(builder, size, stride)) return;
  builder->references = builder->contexts = 0;
  builder->count = 0;
  csizer_builder_conservative(builder, 0, size);
}

void csizer_builder_finish(csizer_builder *builder, csizer_value_layout *ret_layout) {
  ret_layout->references = builder->references;
  ret_layout->contexts = builder->contexts;
  ret_layout->ops = builder->ops;
  ret_layout->op_count = builder->count;
  ret_layout->unresolved = builder->unresolved;
  ret_layout->explained = builder->explained;
}

const csizer_value_layout *csizer_builder_finish_unknown(csizer_layouts *layouts, csizer_value_layout *layout) {
  csizer_builder builder = {.layouts = layouts};
  csizer_builder_conservative(&builder, 0, layout->size);
  csizer_builder_finish(&builder, layout);
  return layouts->failed ? NULL : layout;
}
