// SPDX-License-Identifier: Apache-2.0
#ifndef CSIZER_UNKNOWN_TYPES_H
#define CSIZER_UNKNOWN_TYPES_H
#include <stdbool.h>
#include <stdint.h>

#include "layouts/compiling.h"

// Types that a walk met and may not compile: in a frozen image the runtime can't be asked.

enum { UNKNOWN_ROOM = 512, UNKNOWN_BINDINGS = 16 };

typedef enum unknown_role { UNKNOWN_OBJECT, UNKNOWN_VALUE, UNKNOWN_BOUND, UNKNOWN_MEMBERS } unknown_role;

typedef struct unknown_type {
  unknown_role role;
  const void *type;  // of a bound context: its metadata
  uint32_t binding_count;
  const void *bindings[UNKNOWN_BINDINGS];
} unknown_type;

typedef struct csizer_unknown_types {
  uint32_t count;
  unknown_type types[UNKNOWN_ROOM];
} csizer_unknown_types;

/// Remembers one, once. What has no room is met again next time.
void csizer_unknown_note(csizer_unknown_types *unknown, unknown_role role, const void *type,
                         const void *const *bindings, uint32_t binding_count);

/// What a walk goes on with: an object that is scanned conservatively, a value in which there is nothing.
extern const csizer_object_layout csizer_unknown_object;
extern const csizer_value_layout csizer_unknown_value;

/// Drops those that are no metadata: memory that is not a value yet can look like one. How many are left. Takes no
/// lock.
uint32_t csizer_unknown_keep_types(csizer_unknown_types *unknown, const csizer_images *images);

/// Compiles them, but for those that are no metadata. How many were compiled.
uint32_t csizer_unknown_compile(const csizer_unknown_types *unknown, csizer_layouts *layouts);

/// Whether a context may be bound to this word: metadata, a witness table, or an integer that is a generic argument.
bool csizer_may_be_binding(const csizer_images *images, const void *word);

/// Whether there is metadata of a type at `type`: readable, of a known kind, with a descriptor in some image. It may be
/// any word.
bool csizer_is_metadata(const csizer_images *images, const void *type);

#endif
