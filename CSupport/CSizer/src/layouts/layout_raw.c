// SPDX-License-Identifier: Apache-2.0
#include <string.h>

#include "layouts/compiling.h"
#include "runtime/mangling.h"

// Structs with `@_rawLayout`: they are sized like another type, and no field says so. All of the standard libraries'
// are in module Synchronization (stdlib/public/Synchronization in swiftlang/swift).

typedef enum raw_content {
  RAW_ATOMIC,     // the bits of a number or a pointer
  RAW_REFERENCE,  // one strong reference
  RAW_ARGUMENT,   // a value of the first generic argument, after `before` bytes
} raw_content;

static const struct raw_struct {
  const char *name;
  raw_content content;
  size_t before;
} raw_structs[] = {
    {"Synchronization.Atomic", RAW_ATOMIC, 0},
    {"Synchronization.AtomicLazyReference", RAW_REFERENCE, 0},
    {"Synchronization._Cell", RAW_ARGUMENT, 0},
    {"Synchronization.Mutex", RAW_ARGUMENT, sizeof(uint32_t)},  // Mutex.swift, LinuxImpl.swift: a futex, then the value
};

static const struct raw_struct *known(const char *name) {
  static const char module[] = "Synchronization.";
  if (strncmp(name, module, sizeof module - 1) != 0) return NULL;
  for (size_t i = 0; i < sizeof raw_structs / sizeof *raw_structs; i++)
    if (strcmp(name, raw_structs[i].name) == 0) return &raw_structs[i];
  return NULL;
}

const swift_metadata *csizer_raw_content(const swift_metadata *type) {
  char name[64];
  csizer_descriptor_name(csizer_type_descriptor(type), name, sizeof name);
  const struct raw_struct *raw = known(name);
  const bool is_value = raw && raw->content != RAW_ATOMIC && !raw->before;
  return is_value ? csizer_generic_arguments(type)[0] : NULL;
}

static bool is_mutable_pointer(const char *name) { return strcmp(name, "Swift.UnsafeMutablePointer") == 0; }

// Whether nothing but a pointer is in a value, perhaps with a number behind it, as in buffer pointers.
static bool is_one_pointer(const csizer_value_layout *value) {
  if (value->references || value->unresolved || value->op_count != 1 || value->ops[0].offset) return false;
  if (value->ops[0].kind == OP_POINTER) return true;
  if (value->ops[0].kind != OP_OWNED) return false;
  // One that asks what stands beside it is of a struct whose other fields may be anywhere.
  const csizer_owned *owned = value->ops[0].detail;
  return owned->count == CSIZER_NO_SIBLING && owned->first == CSIZER_NO_SIBLING && owned->lender == CSIZER_NO_SIBLING &&
         owned->doubt == CSIZER_NO_SIBLING;
}

// One of them if all that is in a value are pointers that no rule explains.
static const csizer_op *some_pointer(const csizer_value_layout *value) {
  if (value->references || value->unresolved) return NULL;
  for (uint32_t i = 0; i < value->op_count; i++)
    if (value->ops[i].kind != OP_POINTER) return NULL;
  return value->ops;
}

// The bits of an atomic are those of its value where that is a pointer (AtomicPointers.swift), or a number. A type of
// the program's may be encoded in any way: its pointers may be any of the words, and of what else it owns nothing is
// known.
static void compile_atomic(csizer_builder *builder, const swift_metadata *value, size_t size) {
  const bool is_optional = swift_kind_of(value) == SWIFT_OPTIONAL;
  const csizer_value_layout *layout =
      csizer_layouts_value(builder->layouts, is_optional ? csizer_generic_arguments(value)[0] : value);
  if (!layout || csizer_layout_is_plain(layout) || size < sizeof(void *)) return;
  const csizer_op *pointer = some_pointer(layout);
  if (is_one_pointer(layout)) {
    csizer_builder_append(builder, 0, layout);
  } else if (pointer) {
    for (size_t offset = 0; offset + sizeof(void *) <= size; offset += sizeof(void *))
      csizer_builder_op(builder, OP_POINTER, offset, pointer->detail);
  } else {
    csizer_builder_conservative(builder, 0, size);
  }
}

bool csizer_compile_raw_struct(csizer_builder *builder, const swift_metadata *type) {
  char name[64];
  csizer_descriptor_name(csizer_type_descriptor(type), name, sizeof name);
  if (is_mutable_pointer(name)) return csizer_compile_pointer(builder, type);
  if (csizer_compile_handle(builder, name)) return true;
  csizer_compile_view(builder, type, name);  // and its fields
  csizer_compile_slice(builder, type, name);
  const struct raw_struct *raw = known(name);
  if (!raw) return false;
  builder->explained = true;
  if (raw->content == RAW_REFERENCE) csizer_builder_reference(builder, 0);
  const void *const *arguments = csizer_generic_arguments(type);
  if (raw->content == RAW_ATOMIC && arguments) compile_atomic(builder, arguments[0], swift_witnesses_of(type)->size);
  if (raw->content != RAW_ARGUMENT) return true;
  const swift_metadata *argument = arguments[0];
  size_t offset = swift_round_up(raw->before, swift_witnesses_of(argument)->flags & SWIFT_ALIGNMENT_MASK);
  csizer_builder_append(builder, offset, csizer_layouts_value(builder->layouts, argument));
  return true;
}
