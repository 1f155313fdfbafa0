// SPDX-License-Identifier: Apache-2.0
#include <string.h>

#include "layouts/described_type.h"
#include "layouts/compiling.h"
#include "runtime/mangling.h"

// What may own something and does not say so: pointers that no row explains (csizer_owning.h), and values that are more
// than bits without a part that would make them so.

// stdlib/public/core: the pointers that others (buffer pointers, for one) are made of. All are one word, an address.
// `unowned(unsafe)` is none of them: it says that it owns nothing.
static const char *const pointers[] = {
    "Swift.UnsafePointer",           "Swift.UnsafeMutablePointer",
    "Swift.UnsafeRawPointer",        "Swift.UnsafeMutableRawPointer",
    "Swift.OpaquePointer",           "Swift.AutoreleasingUnsafeMutablePointer",
    "Swift.Unmanaged",
};

static bool is_one_of(const char *name, size_t length) {
  for (size_t i = 0; i < sizeof pointers / sizeof *pointers; i++)
    if (strlen(pointers[i]) == length && memcmp(name, pointers[i], length) == 0) return true;
  return false;
}

// swift-atomics 1.3, PointerConformances.swift: a pointer's bits as a number, in a struct that an extension of the
// pointer's type declares. Its descriptor has the same name whatever is extended; the runtime tells which type it is.
static bool is_atomic_pointer(const csizer_layouts *layouts, const swift_metadata *type, const char *name) {
  static const char extension[] = "(extension in Atomics):";
  const size_t prefix = sizeof extension - 1;
  if (strcmp(name, "Atomics.AtomicRepresentation") != 0 && strcmp(name, "Atomics.AtomicOptionalRepresentation") != 0)
    return false;
  if (csizer_described_of(type) || swift_witnesses_of(type)->size != sizeof(void *)) return false;
  const csizer_name whole = layouts->runtime->name_of(type);
  if (whole.length <= prefix || memcmp(whole.text, extension, prefix) != 0) return false;
  const char *extended = whole.text + prefix, *end = whole.text + whole.length;
  size_t length = 0;
  for (unsigned dots = 0; extended + length < end && extended[length] != '<'; length++)
    if (extended[length] == '.' && dots++) break;
  return is_one_of(extended, length);
}

static bool is_pointer(const csizer_layouts *layouts, const swift_metadata *type) {
  char name[64];
  csizer_descriptor_name(csizer_type_descriptor(type), name, sizeof name);
  return is_one_of(name, strlen(name)) || is_atomic_pointer(layouts, type, name);
}

static void add(csizer_builder *builder, csizer_kind kind) {
  csizer_pointer *pointer = csizer_layouts_allocate(builder->layouts, sizeof *pointer);
  if (!pointer) return;
  pointer->kind = csizer_layouts_add_kind(builder->layouts, kind);
  csizer_builder_op(builder, OP_POINTER, 0, pointer);
}

bool csizer_compile_pointer(csizer_builder *builder, const swift_metadata *type) {
  if (!is_pointer(builder->layouts, type)) return false;
  if (csizer_compile_owned_pointer(builder, type)) return true;
  add(builder, (csizer_kind){.type = csizer_described_of(type) ? NULL : type, .prefix = "behind pointer "});
  return true;
}

// Who counts its references, and how, C++ says.
void csizer_compile_foreign_reference(csizer_builder *builder, const swift_metadata *type) {
  add(builder, (csizer_kind){.type = type, .prefix = ""});
}

// The runtime makes the witnesses of a generic type with a raw layout as if its values were bits
// (swift_initRawStructMetadata).
static bool has_raw_layout(const swift_metadata *type) {
  if (swift_kind_of(type) != SWIFT_STRUCT || !(swift_witnesses_of(type)->flags & SWIFT_NOT_COPYABLE)) return false;
  return !csizer_type_descriptor(type)->structure.field_count;
}

// Structs of C++, `@_rawLayout`, and what has a deinit of its own and keeps a handle or a pointer in plain sight. Words
// that are a live object's address are followed all the same. The op stands first: it speaks for the pointers behind
// it.
void csizer_compile_unknown_owner(csizer_builder *builder, const swift_metadata *type) {
  const swift_witnesses *witnesses = swift_witnesses_of(type);
  if (!witnesses->size || !(witnesses->flags & SWIFT_NOT_POD || has_raw_layout(type))) return;
  if (builder->explained || builder->unresolved || builder->references) return;
  for (uint32_t i = 0; i < builder->count; i++)
    if (builder->ops[i].kind != OP_POINTER) return;
  csizer_builder_conservative(builder, 0, witnesses->size);
  if (builder->layouts->failed) return;
  csizer_op last = builder->ops[builder->count - 1];
  memmove(builder->ops + 1, builder->ops, (builder->count - 1) * sizeof last);
  builder->ops[0] = last;
}
