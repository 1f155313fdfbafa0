// SPDX-License-Identifier: Apache-2.0
#ifndef CSIZER_REFERENTS_H
#define CSIZER_REFERENTS_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "csizer_walk.h"

/// Trees of named referents: what a value is made of (csizer_member.h), level by level, with the bytes that each part
/// reaches and no part before it has.
///
/// A part's objects are marked before its own parts are named, so that one that refers back counts them no second time,
/// and followed after, so that what no part names (captures, tasks) is the part's own. Objects that something else has
/// counted are not entered: that ends cycles, and keeps tracked objects out of the trees of those that refer to them.
///
/// Building takes neither locks nor memory of an allocator, so that a frozen image may do it. It recurses as deep as it
/// is asked to name, never as deep as the data is.
typedef struct csizer_referents csizer_referents;

/// The types whose values are named by what they are when they are keys: metadata of Swift's String and Int. NULL:
/// none.
typedef struct csizer_key_types {
  const void *text;
  const void *integer;
} csizer_key_types;

/// These two of the measured program's runtime; NULL what that has not got.
csizer_key_types csizer_referents_target_keys(void);

/// How a part is called.
typedef enum csizer_naming {
  CSIZER_NAMED_FIELD,  // by `name`: a stored property, an enum's case
  CSIZER_NAMED_INDEX,  // by `number`, an element's place
  CSIZER_NAMED_INTEGER_KEY,  // by `number`
  CSIZER_NAMED_TEXT_KEY,  // by the `text_bytes` bytes that follow; the next part begins at a multiple of 8
  CSIZER_NAMED_CUT_KEY,  // the same, of a longer text
  CSIZER_NAMED_CAPTURE,  // by `number`, what a closure captured or a box holds
  CSIZER_NAMED_REST,  // `number` parts that are too small to be listed
} csizer_naming;

/// One part, in the order of a depth-first search; the first is the whole, on level 0.
typedef struct csizer_referent {
  uint64_t bytes;
  uint64_t flat_bytes;
  const void *code;  // of a closure: the function that it calls; NULL: none
  const void *type;  // metadata, existentials and Optionals looked through; NULL when it can't be told
  union {
    const char *name;
    int64_t number;
  };
  uint32_t level;
  uint16_t naming;  // csizer_naming
  uint16_t text_bytes;
} csizer_referent;

/// An empty builder. Free with csizer_referents_destroy.
csizer_status csizer_referents_create(csizer_key_types keys, csizer_referents **ret_referents);

/// Frees the builder and its tree; NULL is fine.
void csizer_referents_destroy(csizer_referents *referents);

/// Builds the tree of a value of type `type`, which the walk has not counted yet.
csizer_status csizer_referents_of_value(csizer_referents *referents, csizer_walk *walk, const void *value,
                                        const void *type, uint32_t depth);

/// Builds the tree, without parts that have nothing, of an object that is marked (csizer_walk_skip) and not counted
/// yet. `ret_bytes` is all that it reaches.
csizer_status csizer_referents_of_marked(csizer_referents *referents, csizer_walk *walk, const void *object,
                                         uint32_t depth, uint64_t *ret_bytes);

/// Writes the tree that was built last: parts, each with its text behind it. Answers how many bytes that takes; nothing
/// is written when there are fewer in `room`. With `fold`, of each part's parts those that have no more than a
/// thousandth of the whole become one: an object with a million elements would otherwise be recorded a million times
/// over.
size_t csizer_referents_write(const csizer_referents *referents, bool fold, void *room, size_t bytes);

#endif
