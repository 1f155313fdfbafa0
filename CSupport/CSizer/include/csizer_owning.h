// SPDX-License-Identifier: Apache-2.0
#ifndef CSIZER_OWNING_H
#define CSIZER_OWNING_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "csizer_status.h"

/// Pointer fields that own what they point at. No metadata says so: it is knowledge about libraries, which stands in a
/// table. The table has rows for the standard libraries, Foundation and packages that servers are made of
/// (owning_table.c and owning_packages.c say which); users add theirs. Pointers to POSIX's locks and to C's streams
/// need no row: layout_pointer.c.

/// What a field owns.
typedef enum csizer_owning_rule {
  /// The pointer owns a block of the allocator. Its bytes are not looked into.
  CSIZER_OWNS_BLOCK = 0,
  /// The pointer owns a block that holds values of one type, one after the other.
  CSIZER_OWNS_VALUES,
  /// The pointer holds a Swift object strongly, although its type is none of a class.
  CSIZER_OWNS_OBJECT,
  /// The pointer owns an object of a C or C++ library. Its own block is counted; what that leads to is not known, which
  /// counts as one more unresolved.
  CSIZER_OWNS_FOREIGN,
  /// The field is an array or a set of pointers or buffer pointers, each of which owns a block of the allocator.
  CSIZER_OWNS_EACH_BLOCK,
  /// The field is an array or a set of pointers, each of which holds a Swift object strongly.
  CSIZER_OWNS_EACH_OBJECT,
  /// The pointer leads to a task of the concurrency runtime, which runs on when whoever holds the pointer says so.
  CSIZER_OWNS_TASK,
  /// The pointer leads to memory that something else owns, or to none: it is not followed, and nothing is unknown about
  /// it.
  CSIZER_BORROWS,
  /// No pointer: `type` is a subclass of ManagedBuffer, `field` its CSIZER_TAIL_HEADER, and an Int of the header,
  /// `count`, says how many elements there are behind it; NULL: the header itself.
  CSIZER_COUNTS_TAIL,
} csizer_owning_rule;

/// The stored property of ManagedBuffer that stands before its elements.
#define CSIZER_TAIL_HEADER "header"

/// A row. Sibling names are stored properties of the same struct or class; NULL stands for "none".
typedef struct csizer_owning_field {
  /// The type that declares the field, or an enum that has a case of that name with a payload; dotted, without generic
  /// arguments: "Module.Outer.Inner".
  const char *type;
  /// The type itself (Swift metadata) where it is at hand: then only this type and its other specialisations are meant.
  /// Private types of several files can share a name. NULL: every type of that name.
  const void *declared_by;
  const char *field;
  csizer_owning_rule rule;
  /// CSIZER_OWNS_VALUES: the metadata of their type; NULL: generic argument number `argument` of `type`, or with
  /// CSIZER_POINTEE what the field, an UnsafeMutablePointer, says that it points at.
  const void *element;
  unsigned argument;
  /// CSIZER_OWNS_VALUES: the sibling, an Int, that says how many there are. NULL: one.
  const char *count;
  /// CSIZER_OWNS_VALUES: the sibling, an Int, with the index of the first one, when they stand in a ring. The field is
  /// then a buffer pointer, and its own count is the size of the ring.
  const char *first;
  /// The sibling that says whether the memory is owned or only lent: it is lent while one of `lent_bits` of the
  /// sibling's first word is set, or, with `lent_if_clear`, while none is.
  const char *lender;
  uint64_t lent_bits;
  bool lent_if_clear;
  /// While one of these bits of `lender` is set it isn't known who owns the memory: it is not counted, which counts as
  /// one more unresolved.
  uint64_t unknown_bits;
  /// CSIZER_OWNS_FOREIGN: the block begins so many bytes before what the pointer leads to.
  unsigned before;
  /// The pointer may also lead into something that others own, and then owns nothing: it is followed only where the
  /// allocator says that a block starts.
  bool ask_allocator;
  /// While this sibling's first word is not zero the pointer may lead anywhere (memory that a custom deallocator gives
  /// back): it is followed only to what the allocator vouches for.
  const char *doubt;
} csizer_owning_field;

/// Adds a row. Tables of layouts that exist already keep what they compiled. Names are copied; a row for a field that
/// is known already changes nothing. Any thread.
csizer_status csizer_owning_field_register(const csizer_owning_field *row);

/// What a field of a type is to a row.
typedef enum csizer_field_standing {
  CSIZER_FIELD_MISSING = 0,
  /// A stored property that is as large as a pointer, or as a buffer pointer: a row may name it as owner.
  CSIZER_FIELD_POINTER,
  /// An Int: a row may name it as count.
  CSIZER_FIELD_INTEGER,
  CSIZER_FIELD_OTHER,
} csizer_field_standing;

/// Looks a stored property up in a type's metadata (Swift metadata of a struct or class; others have no fields). Any
/// thread.
csizer_field_standing csizer_owning_field_standing(const void *type, const char *field);

/// Room for the longest type name that rows know, its terminator included.
enum { CSIZER_TYPE_NAME_BYTES = 512 };

/// The name under which rows know a type, as csizer_owning_field.type; terminated, cut when `capacity` is too small,
/// empty for types that declare no stored properties. Any thread.
void csizer_owning_type_name(const void *type, char *text, size_t capacity);

/// Which generic argument of `type` the type `element` is, as csizer_owning_field.argument; CSIZER_NO_ARGUMENT when it
/// is none. A row holds for all types that differ only in arguments, so its element should be named by number wherever
/// it can be.
unsigned csizer_owning_argument(const void *type, const void *element);
/// What csizer_owning_argument answers when the element is the same in all of them.
enum { CSIZER_NO_ARGUMENT = UINT32_MAX };
/// csizer_owning_field.argument: the pointee of the field's own type.
enum { CSIZER_POINTEE = UINT32_MAX - 1 };

#endif
