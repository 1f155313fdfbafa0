// SPDX-License-Identifier: Apache-2.0
#ifndef CSIZER_MANGLING_H
#define CSIZER_MANGLING_H
#include <stdbool.h>
#include <stddef.h>

#include "runtime/swift_abi.h"

// The little that the engine reads of mangled names by itself: how long one is and what its end says about how a
// reference is held. All else is left to the runtime. Source: docs/ABI/Mangling.rst.

/// How a stored property or a capture holds what it refers to.
typedef enum csizer_holding {
  CSIZER_HOLDS_VALUE,         // by the type itself: a class strongly, a struct inline, …
  CSIZER_HOLDS_WEAK,          // a word that refers to a side table
  CSIZER_HOLDS_UNOWNED,       // an object's address; keeps the block, not the object
  CSIZER_HOLDS_UNMANAGED,     // an object's address; keeps nothing
  CSIZER_HOLDS_BOX,           // a captured variable's box, strongly
  CSIZER_HOLDS_METATYPE,      // a type, existential or not
  CSIZER_HOLDS_THIN_METATYPE, // no bytes at all
  CSIZER_HOLDS_FUNCTION,      // two words: code, context held strongly
  CSIZER_HOLDS_LENT_FUNCTION, // two words, context not held
  CSIZER_HOLDS_CODE,          // one word: code
  CSIZER_HOLDS_BLOCK,         // one word: a block of libdispatch's, or nil
} csizer_holding;

/// Bytes of the name that starts at `name`, symbolic references included, the terminator not.
size_t csizer_mangled_length(const char *name);

/// Bytes of the symbol at `at`: a character, or a symbolic reference.
size_t csizer_mangled_step(const char *at);

/// Whether the name is no name, but leads to a function that answers the type.
bool csizer_mangled_is_accessor(const char *name);

/// What the end of the name says. Names of ordinary types answer CSIZER_HOLDS_VALUE.
csizer_holding csizer_mangled_holding(const char *name, size_t length);

/// Whether the name expands a pack (`Qp`): the runtime must not be asked for such a type without its pack.
bool csizer_mangled_expands_pack(const char *name, size_t length);

/// Whether a metatype in it is one that the compiler lowered to nothing (`XMt`), which the runtime takes for a word.
bool csizer_mangled_has_thin_metatype(const char *name, size_t length);

/// A lowered function type, from behind its `I` on.
typedef struct csizer_lowered_function {
  size_t length;        // of its attributes, with the underscore that ends them
  uint32_t type_count;  // of parameters and results, which stand before the `I`
  bool is_thin;         // a word of code; else code and a context that is held strongly
} csizer_lowered_function;

/// False for one whose context is lent, and for what is none.
bool csizer_mangled_lowered_function(const char *at, size_t length, csizer_lowered_function *ret);

/// The context that a type or context is declared in, or NULL for a module.
const swift_descriptor *csizer_descriptor_parent(const swift_descriptor *descriptor);

/// The dotted name of a type's descriptor, without generic arguments: "Swift._ContiguousArrayStorage". Contexts without
/// a name (extensions, private scopes) are passed over. Always terminated; false when it was cut, because `capacity` is
/// too small or the contexts are too many.
bool csizer_descriptor_name(const swift_descriptor *descriptor, char *text, size_t capacity);

#endif
