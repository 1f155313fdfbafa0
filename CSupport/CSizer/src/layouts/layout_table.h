// SPDX-License-Identifier: Apache-2.0
#ifndef CSIZER_LAYOUT_TABLE_H
#define CSIZER_LAYOUT_TABLE_H
#include "csizer_allocator.h"
#include "csizer_images.h"
#include "layouts/layout.h"
#include "platform/checked_read.h"
#include "platform/hash.h"
#include "platform/pages.h"
#include "runtime/runtime.h"

// From metadata to compiled layouts. What is not there is compiled when it is asked for.

/// A map from metadata to layout: open addressing, grown at three quarters.
typedef struct csizer_layout_map {
  struct csizer_layout_entry {
    const void *metadata;
    const void *layout;
  } *entries;
  size_t capacity, count;
} csizer_layout_map;

/// A kind of block: a heap metadata's objects, or the raw blocks of an owning field.
typedef struct csizer_kind {
  const csizer_object_layout *layout;  // NULL for raw blocks
  const swift_metadata *type;          // named by the runtime, or NULL
  const char *prefix;                  // text before the type's name, or the whole name
} csizer_kind;

/// Values that lie in one another deeper than this are not compiled: each level takes some of a thread's stack.
enum { CSIZER_DEEPEST_TYPE = 100 };

/// A segment of an image that something compiled lies in, and some bytes of it. layout_images.c
typedef struct csizer_used_image {
  struct csizer_used_image *next;
  uintptr_t start, end;
  const void *sample;  // a descriptor; NULL: none was met in it
  uint64_t hash;       // of the sample's bytes
} csizer_used_image;

/// What compiles a type that is met in the middle of compiling another. Set once, where the table is made: compilers.c.
typedef struct csizer_compilers {
  const csizer_value_layout *(*value)(csizer_layouts *layouts, const swift_metadata *type);
  const csizer_object_layout *(*object)(csizer_layouts *layouts, const swift_metadata *metadata);
  const swift_metadata *(*described)(csizer_layouts *layouts, const swift_descriptor *descriptor,
                                     const swift_metadata *const *arguments, size_t count);
} csizer_compilers;

struct csizer_layouts {
  const csizer_compilers *compilers;
  csizer_pool pool;
  csizer_layout_map values, objects;
  csizer_layout_map members;  // csizer_member_list
  struct csizer_described *described_types;  // described_type.h
  csizer_kind *kinds;
  size_t kind_count, kind_capacity;
  const csizer_runtime *runtime;
  csizer_exclusions exclusions;
  uint32_t side_table_kind;
  uint32_t block_kind;  // 0: none is known yet
  uint32_t slice_kinds[SLICE_FORMS];  // what views are called, by form; 0: none is known yet
  csizer_used_image *used_images;
  /// Where images are mapped, as of the last walk.
  csizer_images images;
  /// The memory of the walk before, for the next one: small walks would spend their time in the kernel.
  struct csizer_walk *spare_walk;
  void (*free_spare_walk)(struct csizer_walk *walk);  // the walk's own: layouts know nothing of walks
  /// While types are compiled, and these compile the types of their fields, the runtime allocates apart.
  unsigned compiling, pending_count;
  csizer_checked_pages checked;  // while types are compiled
  /// Values whose types are being compiled, the outermost first.
  struct csizer_value_layout *pending[CSIZER_DEEPEST_TYPE + 1];
  /// Compiling has faulted and is done once more, with all that it meets taken for unknown.
  bool believes_nothing;
  csizer_allocator_scope scope;
  /// Set when memory ran out; layouts compiled since are not to be used.
  bool failed;
  /// Where types are noted instead of compiled: in a frozen image the runtime can't be asked. NULL: they are compiled.
  struct csizer_unknown_types *unknown;
};

static inline size_t csizer_layout_hash(const void *metadata, size_t capacity) {
  return hash_first(hash_address(metadata), capacity);
}

/// The layout stored for `metadata`, or NULL. Inline: the walk asks for each object.
static inline const void *csizer_layout_map_find(const csizer_layout_map *map, const void *metadata) {
  if (!map->capacity) return NULL;
  for (size_t i = csizer_layout_hash(metadata, map->capacity);; i = hash_next(i, map->capacity)) {
    if (map->entries[i].metadata == metadata) return map->entries[i].layout;
    if (!map->entries[i].metadata) return NULL;
  }
}

/// Whether something was compiled of the type: it is one.
bool csizer_layouts_know(const csizer_layouts *layouts, const void *type);

/// Notes in which images a type is and is described. layout_images.c
void csizer_layouts_note_images(csizer_layouts *layouts, const swift_metadata *type);

// layouts.c: the table
bool csizer_layout_map_insert(csizer_layouts *layouts, csizer_layout_map *map, const void *metadata,
                              const void *layout);
/// What the system refused once it may grant now: after a failure, forgets what was compiled. No walk may be under way.
void csizer_layouts_recover(csizer_layouts *layouts);
void csizer_layouts_begin(csizer_layouts *layouts);
void csizer_layouts_end(csizer_layouts *layouts);

/// Compiles between begin and end, behind a fault guard (compile_guard.c): what faults is unknown. Answers what
/// `compile` answers.
typedef const void *(*csizer_compilation)(csizer_layouts *layouts, const void *type, const void *detail);
const void *csizer_layouts_compile(csizer_layouts *layouts, csizer_compilation compile, const void *type,
                                   const void *detail);
void *csizer_layouts_allocate(csizer_layouts *layouts, size_t bytes);
uint32_t csizer_layouts_add_kind(csizer_layouts *layouts, csizer_kind kind);
/// Says what views of this form are called. layout_slice.c
void csizer_layouts_name_slices(csizer_layouts *layouts, csizer_slice_form form, const char *label);
bool csizer_layouts_excludes(const csizer_layouts *layouts, const swift_metadata *type);

/// The layout of a value of `type`, compiled when it is met first; NULL only when memory ran out.
const csizer_value_layout *csizer_layouts_value(csizer_layouts *layouts, const swift_metadata *type);

/// The layout of objects with this isa; NULL only when memory ran out.
const csizer_object_layout *csizer_layouts_object(csizer_layouts *layouts, const swift_metadata *metadata);

/// The layout of a SHAPE_BOUND object for the bindings that `object` holds; NULL only when memory ran out.
const csizer_object_layout *csizer_layouts_bound(csizer_layouts *layouts, const csizer_object_layout *layout,
                                                 const swift_object *object);

/// The same for bindings that are known without an object.
const csizer_object_layout *csizer_layouts_bind(csizer_layouts *layouts, const csizer_object_layout *layout,
                                                const swift_metadata *metadata, const void *const *bindings);

#endif
