// SPDX-License-Identifier: Apache-2.0
#ifndef CSIZER_MEMBER_H
#define CSIZER_MEMBER_H
#include <stdbool.h>
#include <stddef.h>

#include "csizer_layout.h"

/// What a value is made of, by name: stored properties, elements, a dictionary's values, an enum's payload, what a
/// closure captured. Optionals, existentials, boxes and what a mutex keeps its value in are looked through; the
/// standard library's collections show their elements, not their storage. Only memory is read: no accessor, no
/// description, no hashing runs.

/// One part of a value.
typedef struct csizer_member {
  /// The stored property's or the case's name, terminated; NULL for elements.
  const char *name;
  /// Elements: which one. Captures: which one, from 1 on.
  size_t index;
  /// A closure captured it, or it is what is in a box.
  bool is_capture;
  /// A dictionary's values: the key and its type; NULL otherwise.
  const void *key;
  const void *key_type;
  /// Where the member is and what it is. Lives as long as what it is a part of.
  const void *value;
  const void *type;
} csizer_member;

/// Calls `visit` for each member of the value at `value`, in order of declaration or of place, but not for members that
/// can't refer to anything. Thread rules as for csizer_layouts.
csizer_status csizer_members_visit(csizer_layouts *layouts, const void *value, const void *type,
                                   void (*visit)(void *context, const csizer_member *member), void *context);

/// The object whose members csizer_members_visit lists for the value, NULL when they are the value's own: who names
/// each object's members once ends at cycles.
const void *csizer_member_object(csizer_layouts *layouts, const void *value, const void *type);

/// The type that a value has when existentials and optionals are looked through: an object's class, the type in an
/// `Any`. The type itself for nil.
const void *csizer_member_dynamic_type(csizer_layouts *layouts, const void *value, const void *type);

/// The function that a closure calls; NULL when the value is none.
const void *csizer_member_code(csizer_layouts *layouts, const void *value, const void *type);

#endif
