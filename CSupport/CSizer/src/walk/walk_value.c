// SPDX-License-Identifier: Apache-2.0
#include "layouts/enum_case.h"
#include "walk/walk_internal.h"

// The parts of a value that are more than a plain reference. Nesting here is that of types, never of data.

static void walk_enum_copy(csizer_walk *walk, const char *base, const csizer_enum *type, uint32_t number) {
  uint64_t room[CSIZER_ENUM_COPY_WORDS];
  uint64_t *copy = type->scratch ? type->scratch : room;
  enum_copy_payload(type, number, base, copy);
  walk_copy outer = walk_sink_copy(walk->sink, (const char *)copy, type->words * sizeof *copy, base);
  walk_value(walk, (const char *)copy, type->cases[number].payload);
  walk_sink_uncopy(walk->sink, outer);
}

static void walk_enum(csizer_walk *walk, const char *base, const csizer_enum *type) {
  uint32_t number = enum_case_of(type, base);
  if (number == ENUM_NO_PAYLOAD || !type->cases[number].payload) return;
  if (type->ask_witness || type->cases[number].clear) walk_enum_copy(walk, base, type, number);
  else walk_value(walk, base, type->cases[number].payload);
}

static void walk_any(csizer_walk *walk, const swift_any *any) {
  if ((uintptr_t)any->type < WALK_FLOOR) return;  // an Optional existential that is nil
  if (swift_witnesses_of(any->type)->flags & SWIFT_NOT_INLINE) {
    walk_reference(walk, (uintptr_t)any->buffer[0], &any->buffer[0]);
    return;
  }
  const csizer_value_layout *layout = csizer_layouts_value(walk->layouts, any->type);
  if (layout) walk_value(walk, (const char *)any, layout);
  else walk->status = CSIZER_NO_MEMORY;
}

// A weak reference holds the side table, not the object. While the object lives the table is counted with it;
// afterwards the weak reference is all that keeps it.
static void walk_weak(csizer_walk *walk, uintptr_t side_table_address, const char *at) {
  if (side_table_address < WALK_FLOOR || side_table_address >= WALK_CEILING || side_table_address & 7) return;
  if (!csizer_holds(CSIZER_ASSUMES_SIDE_TABLES)) {
    walk_unresolved(walk);  // what is there is not known
    return;
  }
  const swift_side_table *side_table = (const swift_side_table *)side_table_address;
  const swift_object *object = side_table->object;
  uint64_t expected = SWIFT_SLOW_REFERENCES | SWIFT_SIDE_TABLE_MARK | (uint64_t)side_table_address >> 3;
  bool is_alive = csizer_heapmap_contains(walk->map, object) && object->references == expected &&
                  !(side_table->references & SWIFT_DEINITING);
  if (is_alive && walk->sink) walk->sink->weak(walk->sink, (uintptr_t)object, at);
  if (!is_alive) csizer_walk_raw_block(walk, side_table_address, walk->layouts->side_table_kind, true);
}

// An unowned reference to a dead object keeps its block, which is then this reference's to count.
static void walk_unowned(csizer_walk *walk, uintptr_t address, const char *at) {
  if (!csizer_holds(CSIZER_ASSUMES_COUNTS) && walk_may_be_object(address)) walk_unresolved(walk);
  if (walk->sink) walk->sink->unowned(walk->sink, address, at);
  else if (walk_is_dead(walk, address)) csizer_walk_dead(walk, address);
  else if (walk->options.follow_unowned) walk_reference(walk, address, at);
}

void csizer_walk_ops(csizer_walk *walk, const char *base, const csizer_value_layout *layout) {
  for (uint32_t i = 0; i < layout->op_count; i++) {
    const csizer_op *op = &layout->ops[i];
    const char *at = base + op->offset;
    switch (op->kind) {
      case OP_REFERENCE: walk_reference(walk, *(const uintptr_t *)(const void *)at, at); break;
      case OP_ENUM: walk_enum(walk, at, op->detail); break;
      case OP_ANY: walk_any(walk, (const swift_any *)(const void *)at); break;
      case OP_WEAK: walk_weak(walk, *(const uintptr_t *)(const void *)at, at); break;
      case OP_UNOWNED: walk_unowned(walk, *(const uintptr_t *)(const void *)at, at); break;
      case OP_BLOCK: csizer_walk_block(walk, *(const uintptr_t *)(const void *)at, at); break;
      case OP_OWNED: csizer_walk_owned(walk, at, op->detail); break;
      case OP_VIEW: csizer_walk_view(walk, at, op->detail); break;
      case OP_SLICE: csizer_walk_slice(walk, at, op->detail); break;
      case OP_POINTER: csizer_walk_pointer(walk, at, op->detail); break;
      case OP_REPEAT: {
        const csizer_repeat *repeat = op->detail;
        for (size_t j = 0; j < repeat->count; j++) walk_value(walk, at + j * repeat->element->stride, repeat->element);
        break;
      }
      case OP_CONSERVATIVE:
        walk_unresolved(walk);  // a part of a value that no metadata describes
        csizer_walk_conservative(walk, at, ((const csizer_extent *)op->detail)->bytes);
        break;
    }
  }
}
