// SPDX-License-Identifier: Apache-2.0
#ifndef CSIZER_TYPETEXT_H
#define CSIZER_TYPETEXT_H
#include "runtime/runtime.h"

// From a type's readable name to its metadata. The runtime can do that only for mangled names without private types and
// without types that can't be copied; the descriptors of those are in the images all the same.

/// What the parameters `A`, `B`, … of a name stand for.
typedef struct csizer_type_scope {
  const csizer_runtime *runtime;
  const swift_descriptor *owner;
  const void *const *arguments;
} csizer_type_scope;

/// The type that a demangled name names: structs, enums and classes, private and nested ones too, with generic
/// arguments, optionals, tuples, functions (which stand for all functions: one layout) and parameters of the scope.
/// NULL for anything else, and when a type is not found or not unique. Asks the runtime, so it may make metadata.
const swift_metadata *csizer_type_of_text(const char *text, const csizer_type_scope *scope);

/// The same for a stored property that can't be copied: the compiler leaves its type out of the field's record on Linux
/// (lib/IRGen/GenReflection.cpp, "We want to keep fields of noncopyable type from being exposed"), but the record's
/// symbolic name is a local symbol that spells it: `get_type_metadata <signature><type> noncopyable`. NULL when the
/// image was stripped.
const swift_metadata *csizer_type_of_noncopyable_field(const char *type_name, const csizer_type_scope *scope);

#endif
