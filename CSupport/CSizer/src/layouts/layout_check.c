// SPDX-License-Identifier: Apache-2.0
// The invariants of compiled layouts, for tests and stress: a walk reads a value by its layout and looks at nothing
// else.
#ifdef CSIZER_CHECKS
#include "layouts/layout_check.h"

enum { WORD = sizeof(uintptr_t) };

// How many bytes an op's part takes; 0 where the op says so itself.
static size_t bytes_of(const csizer_op *op) {
  switch (op->kind) {
    case OP_ENUM: return ((const csizer_enum *)op->detail)->size;
    case OP_ANY: return sizeof(swift_any);
    case OP_REPEAT: {
      const csizer_repeat *repeat = op->detail;
      return repeat->count ? (repeat->count - 1) * repeat->element->stride + repeat->element->size : 0;
    }
    case OP_CONSERVATIVE: return ((const csizer_extent *)op->detail)->bytes;
    case OP_VIEW: return 0;
    default: return WORD;
  }
}

static bool has_detail(csizer_op_kind kind) {
  return kind != OP_REFERENCE && kind != OP_ANY && kind != OP_WEAK && kind != OP_UNOWNED && kind != OP_BLOCK;
}

static const char *check_enum(const csizer_enum *type) {
  if (type->words != (type->size + WORD - 1) / WORD) return "an enum's words are not its size";
  if (type->words >= CSIZER_ENUM_COPY_WORDS && !type->scratch) return "a large enum has no room for its copy";
  for (uint32_t i = 0; i < type->case_count; i++)
    if (type->cases[i].payload && type->cases[i].payload->size > type->size) return "a payload is larger than its enum";
  if (type->ask_witness) return NULL;
  for (uint32_t i = 0; i < type->case_count; i++)
    if (type->case_count > 1 && !type->cases[i].tag.mask) return "a case has no pattern and nobody is asked";
  for (uint32_t i = 0; i < type->empty_count; i++)
    if (!type->empty[i].mask || !type->empty[i].value) return "an empty case has no pattern";
  return NULL;
}

static const char *check_owned(const csizer_layouts *layouts, const csizer_owned *owned) {
  if (owned->kind >= layouts->kind_count) return "an owned block has no kind";
  return owned->rule == CSIZER_OWNS_VALUES && owned->lender != CSIZER_NO_SIBLING &&
                 !(owned->lent_bits | owned->unknown_bits)
             ? "a lender has no bit that tells"
             : NULL;
}

static const char *check_op(const csizer_layouts *layouts, const csizer_value_layout *layout, const csizer_op *op,
                            size_t end) {
  if (has_detail(op->kind) && !op->detail) return "an op lacks what it needs";
  if (op->offset > end || bytes_of(op) > end - op->offset) return "an op reads over the end of its value";
  if (op->kind == OP_CONSERVATIVE && !layout->unresolved) return "unknown words, and the value counts as resolved";
  if (op->kind == OP_POINTER && ((const csizer_pointer *)op->detail)->kind >= layouts->kind_count)
    return "a pointer's blocks have no kind";
  if (op->kind == OP_ENUM) return check_enum(op->detail);
  return op->kind == OP_OWNED ? check_owned(layouts, op->detail) : NULL;
}

// `end`: how many bytes of it there are; a class's fields say no size of their own.
static const char *check_fields(const csizer_layouts *layouts, const csizer_value_layout *layout, size_t end) {
  if (layout->references && end < 64 * WORD && layout->references >> (end / WORD))
    return "a reference lies behind the end";
  for (uint32_t i = 0; i < layout->op_count; i++) {
    const char *broken = check_op(layouts, layout, &layout->ops[i], end);
    if (broken) return broken;
  }
  return NULL;
}

static const char *check_value(const csizer_layouts *layouts, const csizer_value_layout *layout) {
  if (layout->align_mask & (layout->align_mask + 1)) return "an alignment is no power of two";
  if (layout->stride < layout->size) return "values would overlap";
  return check_fields(layouts, layout, layout->size);
}

static bool has_elements(csizer_shape shape) {
  return shape == SHAPE_ARRAY || shape == SHAPE_HASH || shape == SHAPE_TAIL || shape == SHAPE_HASH_NODE;
}

static const char *check_object(const csizer_layouts *layouts, const csizer_object_layout *layout) {
  if (layout->kind >= layouts->kind_count) return "an object has no kind";
  if (layouts->kinds[layout->kind].layout != layout) return "a kind is another object's";
  if (has_elements(layout->shape) && !layout->element) return "elements have no layout";
  if (layout->shape == SHAPE_HASH_NODE && (!layout->value || !layout->pair_stride))
    return "a node's pairs have no layout";
  if (layout->usable && layout->usable < layout->requested) return "the allocator sets less aside than is asked for";
  return check_fields(layouts, &layout->fields, layout->requested ? layout->requested : SIZE_MAX);
}

static const char *check_map(const csizer_layouts *layouts, const csizer_layout_map *map, bool are_objects) {
  size_t count = 0;
  for (size_t i = 0; i < map->capacity; i++) {
    const struct csizer_layout_entry *entry = &map->entries[i];
    if (!entry->metadata) continue;
    count++;
    if (csizer_layout_map_find(map, entry->metadata) != entry->layout) return "a layout is not found where it stands";
    if (!entry->layout) return "a type has no layout";
    const char *broken = are_objects ? check_object(layouts, entry->layout) : check_value(layouts, entry->layout);
    if (broken) return broken;
  }
  return count == map->count ? NULL : "a map counts more or less than it holds";
}

const char *csizer_layout_check(const csizer_layouts *layouts) {
  if (layouts->failed) return NULL;  // half compiled: csizer_layouts_recover forgets all
  if (layouts->compiling || layouts->pending_count) return "something is still being compiled";
  const char *broken = check_map(layouts, &layouts->values, false);
  return broken ? broken : check_map(layouts, &layouts->objects, true);
}
#endif
