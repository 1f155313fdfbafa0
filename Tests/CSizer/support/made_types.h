// SPDX-License-Identifier: Apache-2.0
#ifndef MADE_TYPES_H
#define MADE_TYPES_H
#include <stdbool.h>

#include "runtime/runtime.h"
#include "runtime/swift_abi.h"

// Swift metadata made by hand, as the compiler and the runtime would lay it out, and a stand-in for the runtime that
// finds it by name. All of it is in one static array, because relative offsets reach 2 GiB; nothing is given back.
//
// A made type is known to the stand-in by its dotted name, which serves as mangled name too ("Main.Leaf"); fields that
// hold it otherwise than by value write the holding behind it as the compiler does ("Main.LeafXw").

/// Zeroed static memory aligned to 16 bytes.
void *made_room(size_t bytes);

/// All the memory that made_room has given so far, in one piece.
void *made_memory(size_t *ret_bytes);

/// Moves all of it to `to`, pointers included, where there must be room for it; answers by how many bytes addresses
/// have grown. What is made afterwards is where it would have been.
ptrdiff_t made_move(void *to);

/// Makes `at`, which must be in made memory, point at `target`, in made memory too or NULL.
void made_relative(swift_relative *at, const void *target);

/// A copy of the text in made memory.
const char *made_text(const char *text);

/// A context descriptor, big enough for every kind. `flags` as in the ABI; `name` NULL for contexts without one.
swift_descriptor *made_descriptor(uint32_t flags, const char *name, const swift_descriptor *parent);

typedef struct made_field {
  const char *name;
  const char *type;  // mangled; NULL for an enum's case without payload
  uint32_t offset;
  uint32_t flags;
} made_field;

/// A struct. Its size and alignment are those that the fields need unless it says more.
typedef struct made_struct_spec {
  const char *name;
  size_t size;
  uint32_t align_mask;
  size_t field_count;
  const made_field *fields;
  /// As C's structs are imported: fields without records. `not_pod` then says that values are more than bits.
  bool without_records, not_pod;
} made_struct_spec;
const swift_metadata *made_struct(made_struct_spec spec);

/// A struct of so many bytes of data.
const swift_metadata *made_plain(const char *name, size_t size, uint32_t align_mask);

typedef struct made_class_spec {
  const char *name;
  const swift_class *superclass;
  uint32_t size;  // of an instance
  size_t field_count;
  const made_field *fields;
  size_t argument_count;
  const void *const *arguments;
  /// Its superclass is from another module: where its own members start is found at run time.
  bool resilient;
  /// Compiled without reflection metadata: no records, no offsets.
  bool without_records;
} made_class_spec;
const swift_class *made_class(made_class_spec spec);

/// How an enum packs its tag: the value witnesses, written by hand. NULL members for enums that nobody asks.
typedef struct made_tag {
  unsigned (*get)(const void *value, const swift_metadata *type);
  void (*project)(void *value, const swift_metadata *type);
  void (*inject)(void *value, unsigned tag, const swift_metadata *type);
} made_tag;

typedef struct made_enum_spec {
  const char *name;
  size_t size;
  size_t payload_cases, empty_cases;
  const made_field *cases;  // those with a payload first
  made_tag tag;
} made_enum_spec;
const swift_metadata *made_enum(made_enum_spec spec);

const swift_metadata *made_tuple(const char *name, size_t count, const char *const *types);
const swift_metadata *made_function(const char *name, uintptr_t convention);
const swift_metadata *made_existential(const char *name, size_t size, uint32_t flags);
const swift_metadata *made_fixed_array(const char *name, intptr_t count, const char *element);
const swift_metadata *made_opaque(const char *name, size_t size, bool not_pod);

/// Metadata of a kind that has nothing to say but its kind.
const swift_metadata *made_kind(const char *name, uintptr_t kind, size_t size);

/// Heap metadata: `var`s' boxes of generic code, and closures' contexts. `captures` are mangled names; the bindings are
/// metadata of generic parameters that the context begins with, one for each of `parameters`.
const swift_metadata *made_generic_box(const char *type, uint32_t offset);
const swift_metadata *made_context(size_t capture_count, const char *const *captures, size_t parameter_count,
                                   const char *const *parameters);

/// Makes a type known under another mangled name too.
void made_alias(const char *name, const swift_metadata *type);

/// The type made under a name; ends the program when there is none.
const swift_metadata *made_type(const char *name);

/// The stand-in.
extern const csizer_runtime made_runtime;

#endif
