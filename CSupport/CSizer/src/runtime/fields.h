// SPDX-License-Identifier: Apache-2.0
#ifndef CSIZER_FIELDS_H
#define CSIZER_FIELDS_H
#include "runtime/runtime.h"
#include "runtime/swift_abi.h"

// Stored properties and cases as the metadata lists them.

/// A stored property or a case as the metadata lists it.
typedef struct csizer_field {
  const char *name;
  const char *type_name;         // mangled
  size_t type_name_length;
  uint32_t flags;
  const swift_metadata *type;    // NULL when the runtime can't tell
} csizer_field;

const swift_descriptor *csizer_type_descriptor(const swift_metadata *type);
const void *const *csizer_generic_arguments(const swift_metadata *type);
uint32_t csizer_field_count(const swift_descriptor *descriptor);
/// Field `index` as the descriptor alone tells it, without its type; false when there is none.
bool csizer_field_record(const swift_descriptor *descriptor, uint32_t index, csizer_field *ret);

/// The number of the stored property with this name that the type itself declares, or CSIZER_NO_FIELD.
uint32_t csizer_field_index(const swift_descriptor *descriptor, const char *name);
enum { CSIZER_NO_FIELD = UINT32_MAX };

bool csizer_field_read(const csizer_runtime *runtime, const swift_metadata *type, uint32_t index, csizer_field *ret);

/// Whether there are as many offsets as records of fields: not without reflection metadata, nor in C's types.
bool csizer_field_offsets_are_known(const swift_metadata *type);

/// Where the offsets of stored properties are: words in a class, 32 bits in a struct.
const void *csizer_field_offsets(const swift_metadata *type);

/// Where stored property `index` of a struct or of one class of the chain is.
size_t csizer_field_offset(const swift_metadata *type, uint32_t index);

#endif
