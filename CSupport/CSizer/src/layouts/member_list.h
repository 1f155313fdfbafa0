// SPDX-License-Identifier: Apache-2.0
#ifndef CSIZER_MEMBER_LIST_H
#define CSIZER_MEMBER_LIST_H
#include "layouts/layout_table.h"

// What a type declares, by name.

/// A stored property or an enum's payload that may refer to something.
typedef struct csizer_member_field {
  const char *name;  // terminated
  const swift_metadata *type;
  uint32_t offset;
  uint32_t number;  // an enum's: of the case
} csizer_member_field;

/// What a struct, an enum or one class of a chain declares. Known before a frozen image is taken: in there nobody can
/// be asked.
typedef struct csizer_member_list {
  const csizer_enum *enumeration;  // enums: which of the payloads is there
  bool is_library;                 // of the standard library
  const swift_metadata *content;   // structs that show a value of this type in their place; NULL: others
  uint32_t count;
  csizer_member_field fields[];
} csizer_member_list;

/// The list of a type, compiled when it is met first; NULL only when memory ran out. member_list.c
const csizer_member_list *csizer_layouts_members(csizer_layouts *layouts, const swift_metadata *type);

/// Compiles the lists of a type and of what it is made of by its declarations, some levels down: a frozen image that
/// meets an unknown one shows nothing of what is below. False only when memory ran out. No object is looked at.
bool csizer_layouts_prepare_members(csizer_layouts *layouts, const swift_metadata *type);

#endif
