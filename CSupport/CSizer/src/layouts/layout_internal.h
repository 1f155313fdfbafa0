// SPDX-License-Identifier: Apache-2.0
#ifndef CSIZER_LAYOUT_INTERNAL_H
#define CSIZER_LAYOUT_INTERNAL_H
#include "csizer_allocator.h"
#include "csizer_images.h"
#include "csizer_layout.h"
#include "csizer_owning.h"
#include "platform/checked_read.h"
#include "platform/pages.h"
#include "runtime/fields.h"
#include "runtime/runtime.h"

// ---- What a compiled layout is ----

/// Something in a value that is more than a plain reference word. `detail` points at what the comment names.
typedef enum csizer_op_kind {
  OP_REFERENCE,     // a reference word that has no bit in the mask; no detail
  OP_ENUM,          // csizer_enum
  OP_ANY,           // an opaque existential; no detail
  OP_WEAK,          // a weak reference; no detail
  OP_UNOWNED,       // an unowned reference; no detail
  OP_BLOCK,         // a block of libdispatch's, or nil; no detail
  OP_OWNED,         // csizer_owned: a pointer that owns what it leads to
  OP_REPEAT,        // csizer_repeat: an inline array
  OP_VIEW,          // csizer_view: how much of a shared buffer is in use; nothing is referred to
  OP_CONSERVATIVE,  // csizer_extent: words whose type is unknown
  OP_POINTER,       // csizer_pointer: a pointer that no rule explains
} csizer_op_kind;

typedef struct csizer_op {
  csizer_op_kind kind;
  uint32_t offset;
  const void *detail;
} csizer_op;

/// Where the references are in a value of some type, or in an object, offsets counted from its start.
typedef struct csizer_value_layout {
  const swift_metadata *type;
  /// Bit w: the word at 8 * w is a reference: the address of an object held strongly, or something that is no address
  /// of a live object (nil, a small string, a static object), which the walk tells apart.
  uint64_t references;
  const csizer_op *ops;
  uint32_t op_count;
  uint32_t size;
  uint32_t stride;
  uint8_t align_mask;
  /// Some part of it has no metadata: its words are scanned conservatively.
  bool unresolved;
  /// It is more than bits, and that it owns nothing else than what is here is known.
  bool explained;
} csizer_value_layout;

static inline bool csizer_layout_is_plain(const csizer_value_layout *layout) {
  return !layout->references && !layout->op_count && !layout->unresolved;
}

/// How to tell an enum's case from its bits. `words` is the enum's size in words.
typedef struct csizer_enum_pattern {
  const uint64_t *mask;   // bits that tell
  const uint64_t *value;  // what they are
} csizer_enum_pattern;

typedef struct csizer_enum_case {
  const csizer_value_layout *payload;
  csizer_enum_pattern tag;
  /// Bits of the payload's words that hold the tag, to be cleared before the payload is read; NULL when there are none.
  const uint64_t *clear;
} csizer_enum_case;

/// Enums of this many words and more are copied to a room of their own, smaller ones to the stack.
enum { CSIZER_ENUM_COPY_WORDS = 128 };

typedef struct csizer_enum {
  const swift_metadata *type;
  uint32_t size, words;
  uint32_t case_count;  // cases with a payload
  const csizer_enum_case *cases;
  /// A single payload case: the value holds it unless it matches one of these.
  uint32_t empty_count;
  const csizer_enum_pattern *empty;
  /// The patterns don't tell: ask the type's value witnesses.
  bool ask_witness;
  /// Room for a copy of a large value, a word more than it has; an enum never lies in itself, so one is enough.
  uint64_t *scratch;
} csizer_enum;

typedef struct csizer_repeat {
  const csizer_value_layout *element;
  size_t count;
} csizer_repeat;

typedef struct csizer_extent {
  uint32_t bytes;
} csizer_extent;

typedef struct csizer_pointer {
  uint32_t kind;  // the number under which blocks are counted that only such pointers lead to
} csizer_pointer;

/// An owning field, compiled. Siblings are distances in bytes from the field.
typedef struct csizer_owned {
  csizer_owning_rule rule;
  uint32_t kind;                       // the number under which its blocks are counted
  /// CSIZER_OWNS_VALUES. The layout is compiled when the first block is met: a type may own values of its own kind.
  const swift_metadata *element_type;
  int32_t count, first, lender, doubt;
  uint64_t lent_bits, unknown_bits;
  bool lent_if_clear, ask_allocator;
  bool is_registered;  // somebody outside of the engine says so
  uint32_t before;
  size_t most;  // usable bytes; a larger block holds more than the rule knows. 0: no matter how large
} csizer_owned;
enum { CSIZER_NO_SIBLING = INT32_MIN };

/// A value's part of a shared buffer. Offsets in the value, that of the capacity in the storage object. layout_view.c
typedef struct csizer_view {
  uint32_t storage, begin, end;
  uint32_t capacity;
  uint32_t kind;  // the number under which the buffer is counted
} csizer_view;

/// What follows an object's fields.
typedef enum csizer_shape {
  SHAPE_FIELDS,  // nothing
  SHAPE_ARRAY,   // elements, counted by the words after the header
  SHAPE_HASH,    // keys and values, with a bitmap of those that are there
  SHAPE_TAIL,    // a ManagedBuffer's elements, counted by its header
  SHAPE_STRING,  // a string's code units, and its breadcrumbs if it has any
  SHAPE_KEY_PATH,  // a key path's components, and the indices that they captured
  SHAPE_HASH_NODE,  // a hash tree's children and items
  SHAPE_CF,      // an object of CoreFoundation's C code, larger than its class says
  SHAPE_ERROR,   // one value of the type that the box names
  SHAPE_BOUND,   // a generic closure's context: its layout depends on the types it was made with
  SHAPE_TASK,    // unknown words, and slabs of them
  SHAPE_OPAQUE,  // unknown words to the end of the block, behind the fields that are known
} csizer_shape;

enum { CSIZER_NO_COUNT = UINT32_MAX, CSIZER_ONE_ELEMENT = UINT32_MAX - 1 };

/// The layout of a generic closure's context for one list of bindings.
typedef struct csizer_bound_context {
  struct csizer_bound_context *next;
  const struct csizer_object_layout *layout;
  const void *bindings[];
} csizer_bound_context;

typedef struct csizer_object_layout {
  csizer_value_layout fields;
  csizer_shape shape;
  uint32_t kind;
  /// The number under which dead objects are counted, made when the first is met; 0: none was.
  uint32_t dead_kind;
  /// What was asked for with SHAPE_FIELDS; 0 when it isn't known.
  uint32_t requested;
  /// What the allocator sets aside for that; 0 when it isn't known. An object that has more has a tail of which no
  /// metadata tells.
  size_t usable;
  bool excluded;
  /// Its metadata can't be read: nobody may, not even its name.
  bool is_unknown;
  /// SHAPE_ARRAY, SHAPE_TAIL: where the first element is. SHAPE_HASH: where the pointer to the keys is. SHAPE_STRING,
  /// SHAPE_KEY_PATH: where the fields end. SHAPE_OPAQUE: where the unknown words begin; 0: behind the header.
  uint32_t first;
  /// SHAPE_TAIL: where the count is, or CSIZER_NO_COUNT or CSIZER_ONE_ELEMENT; how wide it is (0: it is always 0).
  uint32_t count;
  uint32_t count_bytes;
  /// SHAPE_TAIL: where the first element's slot and the ring's size are; 0: the elements are in no ring.
  uint32_t ring_first, ring_capacity;
  /// SHAPE_CF, SHAPE_TASK: the number under which raw blocks are counted.
  uint32_t raw_kind;
  /// SHAPE_HASH_NODE: items are tuples of key and value.
  uint32_t pair_value, pair_stride;
  const csizer_value_layout *element;  // SHAPE_HASH: the keys
  const csizer_value_layout *value;    // SHAPE_HASH: the values, or NULL in a set
  csizer_bound_context *bound;         // SHAPE_BOUND: those met so far
} csizer_object_layout;

// ---- The table ----

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

struct csizer_layouts {
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
  return (size_t)(((uintptr_t)metadata >> 3) * 0x9E3779B97F4A7C15ull >> 32) & (capacity - 1);
}

/// The layout stored for `metadata`, or NULL. Inline: the walk asks for each object.
static inline const void *csizer_layout_map_find(const csizer_layout_map *map, const void *metadata) {
  if (!map->capacity) return NULL;
  for (size_t i = csizer_layout_hash(metadata, map->capacity);; i = (i + 1) & (map->capacity - 1)) {
    if (map->entries[i].metadata == metadata) return map->entries[i].layout;
    if (!map->entries[i].metadata) return NULL;
  }
}

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
  uint32_t count;
  csizer_member_field fields[];
} csizer_member_list;

/// The list of a type, compiled when it is met first; NULL only when memory ran out. member_list.c
const csizer_member_list *csizer_layouts_members(csizer_layouts *layouts, const swift_metadata *type);

/// Compiles the lists of a type and of what it is made of by its declarations, some levels down: a frozen image that
/// meets an unknown one shows nothing of what is below. False only when memory ran out. No object is looked at.
bool csizer_layouts_prepare_members(csizer_layouts *layouts, const swift_metadata *type);

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
/// A value of which nothing is known but its size, if that. layout_value.c
const csizer_value_layout *csizer_layouts_finish_unknown(csizer_layouts *layouts, csizer_value_layout *layout);
void *csizer_layouts_allocate(csizer_layouts *layouts, size_t bytes);
uint32_t csizer_layouts_add_kind(csizer_layouts *layouts, csizer_kind kind);
bool csizer_layouts_excludes(const csizer_layouts *layouts, const swift_metadata *type);

/// The layout of a value of `type`, compiled when it is met first; NULL only when memory ran out. layout_value.c
const csizer_value_layout *csizer_layouts_value(csizer_layouts *layouts, const swift_metadata *type);

/// The layout of objects with this isa; NULL only when memory ran out. layout_object.c
const csizer_object_layout *csizer_layouts_object(csizer_layouts *layouts, const swift_metadata *metadata);

/// The layout of a SHAPE_BOUND object for the bindings that `object` holds; NULL only when memory ran out.
const csizer_object_layout *csizer_layouts_bound(csizer_layouts *layouts, const csizer_object_layout *layout,
                                                 const swift_object *object);

/// The same for bindings that are known without an object.
const csizer_object_layout *csizer_layouts_bind(csizer_layouts *layouts, const csizer_object_layout *layout,
                                                const swift_metadata *metadata, const void *const *bindings);

// ---- Compiling ----

/// Collects the parts of one layout. Lives on the compiling function's stack.
typedef struct csizer_builder {
  csizer_layouts *layouts;
  uint64_t references;
  csizer_op *ops;
  uint32_t count, capacity;
  bool unresolved, explained;
  /// From here on nothing is known, not even how far it reaches; 0: there is no such part.
  uint32_t opaque_from;
  /// Who wants to know where the first captures of a context are; NULL: nobody.
  uint32_t *capture_offsets;
} csizer_builder;
enum { CSIZER_MOST_CAPTURES = 32 };

// builder.c
void csizer_builder_reference(csizer_builder *builder, size_t offset);
void csizer_builder_op(csizer_builder *builder, csizer_op_kind kind, size_t offset, const void *detail);
void csizer_builder_block(csizer_builder *builder, size_t offset);
void csizer_builder_append(csizer_builder *builder, size_t offset, const csizer_value_layout *layout);
void csizer_builder_conservative(csizer_builder *builder, size_t offset, size_t bytes);
/// When a part lies outside of a value of `size` bytes, or would lie between words in an array of such values, forgets
/// all of them: nothing is known of such a value.
void csizer_builder_confine(csizer_builder *builder, size_t size, size_t stride);
/// All that follows `offset` in the object's block is unknown.
void csizer_builder_opaque(csizer_builder *builder, size_t offset);
void csizer_builder_finish(csizer_builder *builder, csizer_value_layout *ret_layout);

/// Something held as a mangled name's end says. `end` bounds what is scanned when the type is unknown.
void csizer_builder_held(csizer_builder *builder, size_t offset, size_t end, const char *name,
                         const swift_metadata *type);

/// Adds an enum's references. layout_enum.c
void csizer_compile_enum(csizer_builder *builder, const swift_metadata *type);

/// How to tell an enum's cases apart. NULL when it has no payloads or, unless `even_plain`, none that refers to
/// anything; and when its metadata does not tell. A payload of unknown type is scanned conservatively in values that
/// hold it.
const csizer_enum *csizer_enum_describe(csizer_builder *builder, const swift_metadata *type, bool even_plain);

/// Compiles a class that keeps more than its fields, if `type` or a superclass is one; false when not. layout_storage.c
bool csizer_compile_storage(csizer_builder *builder, csizer_object_layout *layout, const swift_class *type);

/// Adds a struct whose bits no field describes, if the engine knows it; false when it does not. layout_raw.c
bool csizer_compile_raw_struct(csizer_builder *builder, const swift_metadata *type);

/// Adds a pointer whose pointee's type says that it owns it; false when it does not. layout_pointee.c
bool csizer_compile_owned_pointer(csizer_builder *builder, const swift_metadata *type);

/// Adds a C struct of this name that is nothing but a pointer which owns its block; false when it is none.
/// layout_pointee.c
bool csizer_compile_handle(csizer_builder *builder, const char *name);

/// Adds how much of a shared buffer a value uses, if the engine knows the type, a struct of this name. layout_view.c
void csizer_compile_view(csizer_builder *builder, const swift_metadata *type, const char *name);

/// Adds one of the standard library's pointers, if the type is one; false when it isn't. layout_pointer.c
bool csizer_compile_pointer(csizer_builder *builder, const swift_metadata *type);
/// Adds a reference to an object of C++.
void csizer_compile_foreign_reference(csizer_builder *builder, const swift_metadata *type);
/// A value that is more than bits, has a size, and in which nothing was found that owns: what it owns is unknown.
void csizer_compile_unknown_owner(csizer_builder *builder, const swift_metadata *type);

/// If the type is a buffer's header that the engine knows: where it keeps its numbers. False when it isn't.
/// layout_tail.c
bool csizer_compile_tail_header(csizer_object_layout *layout, const swift_metadata *header, size_t offset);
void csizer_compile_cf_object(csizer_builder *builder, csizer_object_layout *layout, const swift_class *type);
void csizer_compile_hash_node(csizer_builder *builder, csizer_object_layout *layout, const swift_class *type);

/// Adds the fields of a class and its superclasses. layout_class.c
void csizer_compile_class(csizer_builder *builder, const swift_class *type);

/// Adds what a box or a closure's context captures; answers the bytes asked for, 0 when they are unknown: then
/// `opaque_from` says what is known. `bindings` are the context's first words where the compiler put the metadata of
/// its generic parameters. layout_context.c
uint32_t csizer_compile_context(csizer_builder *builder, const swift_local_variable *metadata,
                                const void *const *bindings);

// owning.c
/// If a field of `type` owns what it points at: the op for it. False when it doesn't.
bool csizer_owning_field_compile(csizer_builder *builder, const swift_metadata *type, const csizer_field *field,
                                 size_t offset);

/// The same for the payload of an enum's case, whose layout is then not its type's.
bool csizer_owning_payload(csizer_builder *builder, const swift_metadata *type, const csizer_field *field,
                           const csizer_value_layout **ret_payload);

/// Where the number stands that counts the elements behind a buffer of this class, if somebody has said so. `header` is
/// at `offset`.
bool csizer_owning_tail_count(const swift_metadata *type, const swift_metadata *header, size_t offset,
                              uint32_t *ret_count);

#endif
