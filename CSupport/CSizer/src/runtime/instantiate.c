// SPDX-License-Identifier: Apache-2.0
#include <string.h>

#include "platform/fault_guard.h"
#include "runtime/descriptors.h"
#include "runtime/generics.h"
#include "runtime/mangling.h"
#include "runtime/swift_call.h"
#include "runtime/type_tree.h"

// From a generic type's descriptor and arguments to its metadata.

size_t csizer_generic_argument_count(const swift_descriptor *descriptor) {
  return generic_header_of(descriptor)->key_argument_count;
}

const uint8_t *csizer_generic_parameters(const swift_descriptor *descriptor, size_t *ret_count) {
  const generic_header *header = generic_header_of(descriptor);
  *ret_count = header->parameter_count;
  return (const uint8_t *)(header + 1);
}

bool csizer_generic_is_constrained(const swift_descriptor *descriptor) {
  const generic_header *header = generic_header_of(descriptor);
  const generic_requirement *requirements = generic_requirements_of(header);
  for (uint16_t i = 0; i < header->requirement_count; i++) {
    unsigned kind = requirements[i].flags & REQUIREMENT_KIND;
    if (kind != REQUIRES_PROTOCOL && kind != INVERTS_PROTOCOLS) return true;
  }
  return false;
}

static bool is_generic_type(const swift_descriptor *descriptor) {
  return (descriptor->flags & 0x1F) >= SWIFT_CONTEXT_CLASS && (descriptor->flags & SWIFT_DESCRIPTOR_GENERIC);
}

// How many parameters stand before those of a level of depth: all that the types outside have. Levels without
// parameters of their own are none.
static size_t parameters_before(const swift_descriptor *descriptor, uint32_t depth) {
  enum { MOST_LEVELS = 8 };
  size_t counts[MOST_LEVELS], levels = 0;  // cumulative, innermost first
  for (const swift_descriptor *at = descriptor; at && levels < MOST_LEVELS; at = csizer_descriptor_parent(at)) {
    if (!is_generic_type(at)) continue;
    size_t count = generic_header_of(at)->parameter_count;
    if (!levels || counts[levels - 1] != count) counts[levels++] = count;
  }
  if (!depth) return 0;
  return depth < levels ? counts[levels - depth] : SIZE_MAX;
}

// `x`, `q_`, `qd__`: the parameter's number among all. Of associated types nothing is known here.
static size_t parameter_index(const swift_descriptor *descriptor, const char *name) {
  uint32_t depth, index;
  const char *end;
  if (!csizer_tree_read_parameter(name, &depth, &index, &end) || *end) return SIZE_MAX;
  size_t before = parameters_before(descriptor, depth);
  return before == SIZE_MAX ? SIZE_MAX : before + index;
}

enum { MOST_ACCESS_ARGUMENTS = 16 };

// The types, then a witness table for each conformance that the type asks for. A parameter that is known to be one
// type, in an extension, is no argument.
static bool access_arguments(const csizer_runtime *runtime, const swift_descriptor *descriptor,
                             const swift_metadata *const *types, size_t count, const void **ret_arguments) {
  enum { IS_ARGUMENT = 0x80 };
  const generic_header *header = generic_header_of(descriptor);
  const uint8_t *parameters = (const uint8_t *)(header + 1);
  if (header->key_argument_count > MOST_ACCESS_ARGUMENTS || count != header->parameter_count) return false;
  size_t filled = 0;
  for (size_t i = 0; i < count; i++) {
    if (!(parameters[i] & IS_ARGUMENT)) continue;
    if (filled == header->key_argument_count) return false;
    ret_arguments[filled++] = types[i];
  }
  const generic_requirement *requirements = generic_requirements_of(header);
  for (uint16_t i = 0; i < header->requirement_count; i++) {
    const generic_requirement *requirement = &requirements[i];
    if (!(requirement->flags & REQUIREMENT_IS_ARGUMENT)) continue;
    const char *parameter = swift_resolve(&requirement->parameter);
    size_t index = parameter ? parameter_index(descriptor, parameter) : SIZE_MAX;
    bool is_conformance = (requirement->flags & REQUIREMENT_KIND) == REQUIRES_PROTOCOL;
    if (!is_conformance || index >= count || filled == header->key_argument_count) return false;
    ret_arguments[filled] = runtime->conformance(types[index], generic_protocol_of(requirement));
    if (!ret_arguments[filled++]) return false;
  }
  return filled == header->key_argument_count;
}

typedef struct metadata_response {
  const swift_metadata *type;
  size_t state;
} metadata_response;
// Up to three arguments go in registers, more of them in an array. The first is the request: 0, a complete type.
typedef SWIFT_CALL metadata_response (*access_few)(size_t, const void *, const void *, const void *);
typedef SWIFT_CALL metadata_response (*access_many)(size_t, const void *const *);

// The runtime is behind these functions, and takes locks: no guard may jump out of it (fault_guard.h).
static const swift_metadata *call_access(uintptr_t function, const void *const *values, size_t count) {
  void *guard = csizer_guard_pause();
  const swift_metadata *type = count > 3 ? ((access_many)function)(0, values).type
                                         : ((access_few)function)(0, values[0], values[1], values[2]).type;
  csizer_guard_resume(guard);
  return type;
}

const swift_metadata *csizer_descriptor_instantiate(const csizer_runtime *runtime, const swift_descriptor *descriptor,
                                                    const swift_metadata *const *arguments, size_t count) {
  const void *values[MOST_ACCESS_ARGUMENTS] = {NULL};
  const void *function = swift_resolve(&descriptor->access_function);
  bool is_generic = descriptor->flags & SWIFT_DESCRIPTOR_GENERIC;
  if (!function || is_generic != (count > 0)) return NULL;
  if (!is_generic) return call_access((uintptr_t)function, values, 0);
  const generic_header *header = generic_header_of(descriptor);
  if (!runtime->conformance || !access_arguments(runtime, descriptor, arguments, count, values)) return NULL;
  return call_access((uintptr_t)function, values, header->key_argument_count);
}

size_t csizer_protocol_refines(const swift_descriptor *protocol, const swift_descriptor **ret_protocols, size_t room) {
  // ABI/Metadata.h, TargetProtocolDescriptor: flags, parent, name, the number of requirements in the signature, that of
  // all requirements, the associated types' names; then the signature.
  const uint32_t *words = (const uint32_t *)protocol;
  const generic_requirement *requirements = (const generic_requirement *)(words + 6);
  size_t count = 0;
  for (uint32_t i = 0; i < words[3] && count < room; i++) {
    const char *parameter = swift_resolve(&requirements[i].parameter);
    bool is_own = parameter && strcmp(parameter, "x") == 0;
    bool is_conformance = (requirements[i].flags & REQUIREMENT_KIND) == REQUIRES_PROTOCOL;
    if (is_own && is_conformance) ret_protocols[count++] = generic_protocol_of(&requirements[i]);
  }
  return count;
}
