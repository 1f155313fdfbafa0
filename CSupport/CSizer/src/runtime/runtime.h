// SPDX-License-Identifier: Apache-2.0
#ifndef CSIZER_RUNTIME_H
#define CSIZER_RUNTIME_H
#include <stdbool.h>
#include <stddef.h>

#include "runtime/swift_abi.h"

/// A name as the runtime gives it: not terminated, lives for ever.
typedef struct csizer_name {
  const char *text;
  size_t length;
} csizer_name;

/// What the layout compiler asks of the Swift runtime. A table, so that C tests can stand in for a runtime they do not
/// link.
typedef struct csizer_runtime {
  /// The type that a mangled name means inside `context` with these generic arguments; NULL when there is none.
  const swift_metadata *(*type_in_context)(const char *name, size_t length, const swift_descriptor *context,
                                           const void *const *arguments);
  /// The same inside a generic environment, as closures' captures are written.
  const swift_metadata *(*type_in_environment)(const char *name, size_t length, const void *environment,
                                               const void *const *arguments);
  /// The type's fully qualified name. Allocates on first use.
  csizer_name (*name_of)(const swift_metadata *type);
  /// The readable form of a mangled symbol, terminated, into `text`. False when it isn't one or when there is no room.
  bool (*demangle)(const char *symbol, char *text, size_t room);
  /// The witness table of a type's conformance to a protocol, or NULL.
  const void *(*conformance)(const swift_metadata *type, const void *protocol);
  /// The tuple type of these elements, without labels.
  const swift_metadata *(*tuple_of)(const swift_metadata *const *elements, size_t count);
} csizer_runtime;

/// The runtime of this process. Its members are NULL when there is none (plain C programs).
const csizer_runtime *csizer_runtime_current(void);

#endif
