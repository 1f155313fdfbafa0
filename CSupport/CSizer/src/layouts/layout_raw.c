// SPDX-License-Identifier: Apache-2.0
#include <string.h>

#include "layouts/compiling.h"
#include "runtime/mangling.h"

// Structs with `@_rawLayout`: they are sized like another type, and no field says so. All of the standard libraries'
// are in module Synchronization (stdlib/public/Synchronization in swiftlang/swift).

typedef enum raw_content {
  RAW_DATA,       // bits that own nothing
  RAW_REFERENCE,  // one strong reference
  RAW_ARGUMENT,   // a value of the first generic argument, after `before` bytes
} raw_content;

static const struct raw_struct {
  const char *name;
  raw_content content;
  size_t before;
} raw_structs[] = {
    {"Synchronization.Atomic", RAW_DATA, 0},
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

static bool is_mutable_pointer(const char *name) { return strcmp(name, "Swift.UnsafeMutablePointer") == 0; }

bool csizer_compile_raw_struct(csizer_builder *builder, const swift_metadata *type) {
  char name[64];
  csizer_descriptor_name(csizer_type_descriptor(type), name, sizeof name);
  if (is_mutable_pointer(name)) return csizer_compile_pointer(builder, type);
  if (csizer_compile_handle(builder, name)) return true;
  csizer_compile_view(builder, type, name);  // and its fields
  const struct raw_struct *raw = known(name);
  if (!raw) return false;
  builder->explained = true;
  if (raw->content == RAW_REFERENCE) csizer_builder_reference(builder, 0);
  if (raw->content != RAW_ARGUMENT) return true;
  const swift_metadata *argument = csizer_generic_arguments(type)[0];
  size_t offset = swift_round_up(raw->before, swift_witnesses_of(argument)->flags & SWIFT_ALIGNMENT_MASK);
  csizer_builder_append(builder, offset, csizer_layouts_value(builder->layouts, argument));
  return true;
}
