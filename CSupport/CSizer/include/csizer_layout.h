// SPDX-License-Identifier: Apache-2.0
#ifndef CSIZER_LAYOUT_H
#define CSIZER_LAYOUT_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "csizer_status.h"

/// The layout compiler: Swift metadata in, reference maps out.
///
/// A type is compiled once, when the first value or object of it is met, into the list of its words that refer to
/// something. Compiling reads metadata and asks the Swift runtime for the types of fields; it never touches an
/// instance. What the runtime allocates for that (metadata, names) goes to Sizer's own arena. What is compiled stays
/// until the table is destroyed.
///
/// Thread rules: one thread at a time per table.
typedef struct csizer_layouts csizer_layouts;

/// What a table leaves out.
typedef struct csizer_exclusions {
  /// Type metadata: fields of these types and objects of these classes are neither counted nor followed.
  const void *const *types;
  size_t type_count;
  /// The same by fully qualified name; NUL-terminated.
  const char *const *names;
  size_t name_count;
} csizer_exclusions;

/// An empty table. `exclusions` may be NULL; what it names is copied. Free with csizer_layouts_destroy.
csizer_status csizer_layouts_create(const csizer_exclusions *exclusions, csizer_layouts **ret_layouts);

/// Frees the table and all its layouts; NULL is fine.
void csizer_layouts_destroy(csizer_layouts *layouts);

/// How many kinds of block (classes, boxes, contexts, raw blocks) the table knows. Kinds are numbered from 0, for ever.
size_t csizer_layouts_kind_count(const csizer_layouts *layouts);

/// What a kind of block is called: a prefix ("box of ", or "") and a type's name, or all in the prefix ("side table").
typedef struct csizer_kind_name {
  const char *prefix;  // terminated
  const char *type;    // not terminated
  size_t type_length;
} csizer_kind_name;

/// The name of a kind; what it points at lives as long as the table and the runtime. False when there is no such kind.
bool csizer_layouts_kind_name(csizer_layouts *layouts, size_t kind, csizer_kind_name *ret_name);

/// Whether the kind's layout is unknown, so that its blocks are counted and only scanned conservatively.
bool csizer_layouts_kind_unresolved(const csizer_layouts *layouts, size_t kind);

/// Whether all images that what was compiled lies in are still there and still the same; false too when that can't be
/// told. Otherwise the table must not be used any more. Takes the loader's lock; no walk may be under way.
bool csizer_layouts_are_of_loaded_images(csizer_layouts *layouts);

/// Bytes of memory that the table holds.
size_t csizer_layouts_bytes(const csizer_layouts *layouts);

#endif
