// SPDX-License-Identifier: Apache-2.0
#ifndef CSIZER_DESCRIBED_TYPE_H
#define CSIZER_DESCRIBED_TYPE_H
#include "layouts/compiling.h"

// Types without metadata. An optimised build leaves out the metadata of types that the program never asks for at run
// time, and what closures capture is often of such a type: there only descriptors tell what is inside. The engine
// then lays the type out as the compiler did and makes a stand-in for the metadata, which serves as the key of its
// compiled layout. Stand-ins stay in the engine: the runtime never gets to see one. Source:
// lib/IRGen/{StructLayout,GenEnum}.cpp in swiftlang/swift.

/// What generic parameters stand for, flat, with the cumulative number of parameters for each level of depth.
typedef struct csizer_parameters {
  uint32_t levels;
  const uint16_t *cumulative;
  const void *const *arguments;
  const bool *is_type;  // flat; others are packs and integers. NULL: all are types
} csizer_parameters;

/// The type of a mangled name, part by part: the runtime's metadata where there is any, stand-ins elsewhere. NULL
/// when a part can't be told. To be called when the runtime did not know the name as a whole.
const swift_metadata *csizer_described_type(csizer_layouts *layouts, const char *name, size_t length,
                                       const csizer_parameters *parameters);

// ---- Between described_type.c, described_resolve.c and described_enum.c ----

enum { CSIZER_DESCRIBED_ARGUMENTS = 8 };

/// Where a type keeps the values that an Optional around it uses for nil.
typedef enum csizer_spare {
  CSIZER_SPARE_NONE,
  CSIZER_SPARE_FIELD,    // in the part of type `part` at `offset`, after the first `skip` ones
  CSIZER_SPARE_COUNTER,  // the numbers from `skip` on, of an enum without payloads
  CSIZER_SPARE_TAG,      // in the tag of an enum with several payloads, from all ones downwards
} csizer_spare;

/// A stand-in. Its address is that of `metadata`, as for the runtime's own.
typedef struct csizer_described {
  struct csizer_described *next;
  bool failed;                // it can't be told how it is laid out
  swift_witnesses witnesses;  // size, stride, flags and the number of extra inhabitants; no functions
  csizer_spare spare;
  const swift_metadata *part;
  uint32_t offset, skip;
  const uint64_t *tag;  // CSIZER_SPARE_TAG: the tag's bits
  const swift_descriptor *descriptor;
  size_t argument_count;
  const swift_witnesses *witnesses_of_metadata;
  swift_value_type metadata;  // the arguments follow
} csizer_described;

/// Bit 31 of a stand-in's flags, which the runtime does not use.
#define CSIZER_DESCRIBED_FLAG 0x80000000u

static inline const csizer_described *csizer_described_of(const swift_metadata *type) {
  if (!(swift_witnesses_of(type)->flags & CSIZER_DESCRIBED_FLAG)) return NULL;
  return (const csizer_described *)(const void *)((const char *)type - offsetof(csizer_described, metadata));
}

/// Whether `type`, which has that bit, really is a stand-in of this table: others' bits are not believed.
bool csizer_described_is_ours(const csizer_layouts *layouts, const swift_metadata *type);

/// The stand-in for a struct or an enum with these arguments, or for a tuple of them when `descriptor` is NULL. NULL
/// when it can't be told how the type is laid out.
const swift_metadata *csizer_described_make(csizer_layouts *layouts, const swift_descriptor *descriptor,
                                       const swift_metadata *const *arguments, size_t count);

/// Writes the `index`th extra inhabitant of `type` at `value`. False when it isn't known where these are.
bool csizer_described_store_spare(const swift_metadata *type, char *value, uint32_t index);

/// The type of a field of a stand-in; NULL when it can't be told.
const swift_metadata *csizer_described_field_type(csizer_layouts *layouts, const csizer_described *described,
                                                  const char *name);

/// Lays out an enum and adds its references. False when it can't be told how.
bool csizer_described_enum(csizer_builder *builder, csizer_described *described);

#endif
