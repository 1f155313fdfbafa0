// SPDX-License-Identifier: Apache-2.0
#include "runtime/runtime.h"

#include <string.h>

#include "csizer_images.h"
#include "platform/fault_guard.h"
#include "runtime/mangling.h"
#include "runtime/target.h"

// What the layout compiler asks, through the table of the target's runtime (target.h).

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
  const swift_metadata *type = csizer_target.type_in_context(name, length, context, arguments);
  csizer_guard_resume(guard);
  return type;
}

static const swift_metadata *type_in_environment(const char *name, size_t length, const void *environment,
                                                 const void *const *arguments) {
  if (!csizer_target.type_in_environment || !may_ask(name, length)) return NULL;
  void *guard = csizer_guard_pause();
  const swift_metadata *type = csizer_target.type_in_environment(name, length, environment, arguments);
  csizer_guard_resume(guard);
  return type;
}

static csizer_name name_of(const swift_metadata *type) {
  void *guard = csizer_guard_pause();
  csizer_name name = csizer_target.type_name(type, true);
  csizer_guard_resume(guard);
  return name;
}

static bool demangle(const char *symbol, char *text, size_t room) {
  size_t size = room;
  if (!csizer_target.demangle) return false;
  void *guard = csizer_guard_pause();
  bool is_symbol = csizer_target.demangle(symbol, strlen(symbol), text, &size, 0) != NULL;
  csizer_guard_resume(guard);
  return is_symbol && strlen(text) + 1 < room;  // a longer text was cut
}

static const void *conformance(const swift_metadata *type, const void *protocol) {
  if (!csizer_target.conforms_to_protocol || csizer_images_have_lost_swift()) return NULL;
  void *guard = csizer_guard_pause();
  const void *witnesses = csizer_target.conforms_to_protocol(type, protocol);
  csizer_guard_resume(guard);
  return witnesses;
}

static const swift_metadata *tuple_of(const swift_metadata *const *elements, size_t count) {
  if (!csizer_target.tuple_type) return NULL;
  void *guard = csizer_guard_pause();
  const swift_metadata *type = csizer_target.tuple_type(0, count, elements, NULL, NULL).type;
  csizer_guard_resume(guard);
  return type;
}

const csizer_runtime *csizer_runtime_current(void) {
  static const csizer_runtime none = {0};
  static const csizer_runtime current = {type_in_context, type_in_environment, name_of,
                                         demangle,        conformance,         tuple_of};
  bool is_there = SWIFT_CALL_IS_KNOWN && csizer_target.type_in_context && csizer_target.type_name;
  return is_there ? &current : &none;
}

const char *csizer_target_type_name(const void *type, size_t *ret_length) {
  const csizer_runtime *runtime = csizer_runtime_current();
  csizer_name name = {0};
  if (runtime->name_of) name = runtime->name_of(type);
  *ret_length = name.length;
  return name.text;
}
