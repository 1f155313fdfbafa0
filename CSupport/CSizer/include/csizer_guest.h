// SPDX-License-Identifier: Apache-2.0
#ifndef CSIZER_GUEST_H
#define CSIZER_GUEST_H
#include <stdbool.h>

/// The engine as a guest: in a library that is preloaded into a program that knows nothing of Sizer, and that brings a
/// Swift runtime of its own, hidden. That runtime is not the one that is measured. A library like that is built with
/// CSIZER_GUEST defined: then the engine does not begin when it is loaded, but here.

/// What came of it.
typedef enum csizer_guest_outcome {
  /// The program's runtime and allocator are found, and the census is kept.
  CSIZER_GUEST_STARTED = 0,
  /// The program is none of Swift's. Nothing was changed.
  CSIZER_GUEST_NO_SWIFT = 1,
  /// It can't be measured. Nothing of it was changed, and nothing else of the engine may be called.
  CSIZER_GUEST_REFUSED = 2,
} csizer_guest_outcome;

/// Begins: finds the program's Swift runtime and allocator, leaves the image that this function is in out of the
/// program's, and takes the census from now on. `ret_reason` says in words why not, as a static string; empty when it
/// did. Once, right before `main`, while there is one thread. Time: some milliseconds, linear in the program's symbols
/// where it links the standard library statically.
csizer_guest_outcome csizer_guest_start(const char **ret_reason);

/// Whether this engine was built as a guest.
bool csizer_is_guest(void);

#endif
