// SPDX-License-Identifier: Apache-2.0
#include "runtime/runtime.h"

#include <string.h>

#include "csizer_images.h"
#include "platform/fault_guard.h"
#include "runtime/mangling.h"
#include "runtime/swift_call.h"

// Declared weak: CSizer alone, as cmake builds it, links no Swift runtime. Signatures:
// stdlib/public/runtime/MetadataLookup.cpp and Casting.cpp in swiftlang/swift.
#define WEAK __attribute__((weak))

extern SWIFT_CALL WEAK const swift_metadata *swift_getTypeByMangledNameInContext(const char *name, size_t length,
                                                                                 const swift_descriptor *context,
                                                                                 const void *const *arguments);
extern SWIFT_CALL WEAK const swift_metadata *swift_getTypeByMangledNameInEnvironment(const char *name, size_t length,
                                                                                     const void *environment,
                                                                                     const void *const *arguments);
extern SWIFT_CALL WEAK csizer_name swift_getTypeName(const swift_metadata *type, bool qualified);
extern WEAK const void *swift_conformsToProtocol(const swift_metadata *type, const void *protocol);
extern WEAK char *swift_demangle(const char *symbol, size_t length, char *buffer, size_t *buffer_size, uint32_t flags);
typedef struct metadata_response {
  const swift_metadata *type;
  size_t state;
} metadata_response;
extern SWIFT_CALL WEAK metadata_response swift_getTupleTypeMetadata(size_t request, size_t count,
                                                                    const swift_metadata *const *elements,
                                                                    const char *labels, const void *witnesses);

// A type that stands in the name by its own name, not by a reference, is looked for among the types of all images that
// the runtime has ever seen (csizer_images_have_lost_swift).
static bool may_ask(const char *name, size_t length) {
  if (!csizer_images_have_lost_swift()) return true;
  for (const char *at = name; at < name + length; at += csizer_mangled_step(at))
    if (*at >= '0' && *at <= '9') return false;
  return true;
}

// The runtime takes locks: no guard may jump out of it (fault_guard.h).

static const swift_metadata *type_in_context(const char *name, size_t length, const swift_descriptor *context,
                                             const void *const *arguments) {
  if (!may_ask(name, length)) return NULL;
  void *guard = csizer_guard_pause();
  const swift_metadata *type = swift_getTypeByMangledNameInContext(name, length, context, arguments);
  csizer_guard_resume(guard);
  return type;
}

static const swift_metadata *type_in_environment(const char *name, size_t length, const void *environment,
                                                 const void *const *arguments) {
  if (!may_ask(name, length)) return NULL;
  void *guard = csizer_guard_pause();
  const swift_metadata *type = swift_getTypeByMangledNameInEnvironment(name, length, environment, arguments);
  csizer_guard_resume(guard);
  return type;
}

static csizer_name name_of(const swift_metadata *type) {
  void *guard = csizer_guard_pause();
  csizer_name name = swift_getTypeName(type, true);
  csizer_guard_resume(guard);
  return name;
}

static bool demangle(const char *symbol, char *text, size_t room) {
  size_t size = room;
  if (!swift_demangle) return false;
  void *guard = csizer_guard_pause();
  bool is_symbol = swift_demangle(symbol, strlen(symbol), text, &size, 0) != NULL;
  csizer_guard_resume(guard);
  return is_symbol && strlen(text) + 1 < room;  // a longer text was cut
}

static const void *conformance(const swift_metadata *type, const void *protocol) {
  if (!swift_conformsToProtocol || csizer_images_have_lost_swift()) return NULL;
  void *guard = csizer_guard_pause();
  const void *witnesses = swift_conformsToProtocol(type, protocol);
  csizer_guard_resume(guard);
  return witnesses;
}

static const swift_metadata *tuple_of(const swift_metadata *const *elements, size_t count) {
  if (!swift_getTupleTypeMetadata) return NULL;
  void *guard = csizer_guard_pause();
  const swift_metadata *type = swift_getTupleTypeMetadata(0, count, elements, NULL, NULL).type;
  csizer_guard_resume(guard);
  return type;
}

const csizer_runtime *csizer_runtime_current(void) {
  static const csizer_runtime none = {0};
  static const csizer_runtime current = {type_in_context, type_in_environment, name_of,
                                         demangle,        conformance,         tuple_of};
  bool complete = SWIFT_CALL_IS_KNOWN && swift_getTypeByMangledNameInContext &&
                  swift_getTypeByMangledNameInEnvironment && swift_getTypeName;
  return complete ? &current : &none;
}
