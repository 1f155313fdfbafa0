// SPDX-License-Identifier: Apache-2.0
#ifndef CSIZER_TYPE_TREE_H
#define CSIZER_TYPE_TREE_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "runtime/swift_abi.h"

// A mangled type taken apart, as far as layouts need it: the runtime takes names only whole, and answers NULL when
// one part of a name has no metadata. Source: docs/ABI/Mangling.rst in swiftlang/swift; the mangling is postfix, so a
// stack reads it.

typedef enum csizer_tree_kind {
  CSIZER_TREE_LEAF,       // `name`, which the runtime knows without anything else: a builtin, an existential, Int, …
  CSIZER_TREE_NOMINAL,    // `descriptor`, or `standard`; its generic arguments are the children
  CSIZER_TREE_PARAMETER,  // `depth`, `index`
  CSIZER_TREE_OPTIONAL,   // one child
  CSIZER_TREE_TUPLE,      // the children; labels are left out
  CSIZER_TREE_FUNCTION,   // code and a context
  CSIZER_TREE_WORD,       // a word that owns nothing: code, a class's metatype (a struct's is an empty tuple)
} csizer_tree_kind;

typedef struct csizer_tree {
  csizer_tree_kind kind;
  const swift_descriptor *descriptor;
  char standard;  // the letter of a generic type of the standard library that has an abbreviation: 'a' for Array, …
  uint32_t depth, index;
  const char *name;
  size_t length;
  struct csizer_tree *child, *next;
} csizer_tree;

enum { CSIZER_TREE_NODES = 48 };

/// Room for the nodes of one tree, on the caller's stack.
typedef struct csizer_tree_room {
  csizer_tree nodes[CSIZER_TREE_NODES];
  size_t count;
  bool has_metatype;
} csizer_tree_room;

/// The tree of a name, in `room`; NULL when the name has a part that this reader does not know, or is too long. How
/// the value is held (weakly, unowned) is not in the tree. Reads only the name and the descriptors that it refers to.
const csizer_tree *csizer_tree_read(const char *name, size_t length, csizer_tree_room *room);

/// "x", "q_", "qd__", …: a generic parameter's place. False when `name` begins with none; `ret_end` is where it ends.
bool csizer_tree_read_parameter(const char *name, uint32_t *ret_depth, uint32_t *ret_index, const char **ret_end);

#endif
