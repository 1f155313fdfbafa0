// SPDX-License-Identifier: Apache-2.0
#include "runtime.h"

#include <stdbool.h>

// Declared weak: CSizer alone, as cmake builds it, links no Swift runtime. Signatures: stdlib/public/runtime/MetadataLookup.cpp
// and Casting.cpp in swiftlang/swift.
#define SWIFT_CALL __attribute__((swiftcall))
#define WEAK __attribute__((weak))

extern SWIFT_CALL WEAK const swift_metadata *swift_getTypeByMangledNameInContext(const char *name, size_t length,
                                                                                 const swift_descriptor *context,
                                                                                 const void *const *arguments);
extern SWIFT_CALL WEAK const swift_metadata *swift_getTypeByMangledNameInEnvironment(const char *name, size_t length,
                                                                                     const void *environment,
                                                                                     const void *const *arguments);
extern SWIFT_CALL WEAK csizer_name swift_getTypeName(const swift_metadata *type, bool qualified);

static const swift_metadata *type_in_context(const char *name, size_t length, const swift_descriptor *context,
                                             const void *const *arguments) {
  return swift_getTypeByMangledNameInContext(name, length, context, arguments);
}

static const swift_metadata *type_in_environment(const char *name, size_t length, const void *environment,
                                                 const void *const *arguments) {
  return swift_getTypeByMangledNameInEnvironment(name, length, environment, arguments);
}

static csizer_name name_of(const swift_metadata *type) { return swift_getTypeName(type, true); }

const csizer_runtime *csizer_runtime_current(void) {
  static const csizer_runtime none = {0};
  static const csizer_runtime current = {type_in_context, type_in_environment, name_of};
  bool complete =
      swift_getTypeByMangledNameInContext && swift_getTypeByMangledNameInEnvironment && swift_getTypeName;
  return complete ? &current : &none;
}
