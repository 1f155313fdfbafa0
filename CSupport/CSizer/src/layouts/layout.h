// SPDX-License-Identifier: Apache-2.0
#ifndef CSIZER_COMPILED_LAYOUT_H
#define CSIZER_COMPILED_LAYOUT_H
#include "csizer_layout.h"
#include "csizer_owning.h"
#include "runtime/swift_abi.h"

// What a compiled layout is: what walks read.

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
  OP_SLICE,         // csizer_slice: the value shows a part of a buffer; nothing more is referred to
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
  /// Which of these are what a function has captured: the word before is the function.
  uint64_t contexts;
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
  uint32_t upper;  // where the view ends
  uint32_t capacity;
  uint32_t kind;  // the number under which the buffer is counted
} csizer_view;

/// A value that shows a part of a buffer. layout_slice.c
typedef enum csizer_slice_form {
  SLICE_OF_ARRAY,
  SLICE_OF_STRING,
  SLICE_OF_DATA,        // Foundation's, with a range of 32 bits
  SLICE_OF_LARGE_DATA,  // with a range in an object
  SLICE_OF_VIEW,        // csizer_view
  SLICE_FORMS,
} csizer_slice_form;
typedef struct csizer_slice {
  csizer_slice_form form;
  uint32_t length;  // Foundation's: where in the storage its length is
} csizer_slice;

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

/// Something that a closure's context or a box captured.
typedef struct csizer_capture {
  /// What is there: of a box a reference of type AnyObject, of a function one of type () -> (). NULL: what holds
  /// nothing strongly, or is not known.
  const swift_metadata *type;
  uint32_t offset;
} csizer_capture;
enum { CSIZER_MOST_CAPTURES = 32 };

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
  const csizer_capture *captures;      // of contexts and boxes: the first of them, in order of their place
  uint32_t capture_count;
} csizer_object_layout;

#endif
