// SPDX-License-Identifier: Apache-2.0
#ifndef CSIZER_GENERICS_H
#define CSIZER_GENERICS_H
#include "runtime/swift_abi.h"

// What a generic type's descriptor says of its parameters, and what it demands of them.

// What follows a generic type's descriptor: GenericContext.h, TargetTypeGenericContextDescriptorHeader and so on.
typedef struct generic_header {
  swift_relative cache, pattern;
  uint16_t parameter_count, requirement_count, key_argument_count, flags;
} generic_header;

typedef struct generic_requirement {
  uint32_t flags;
  swift_relative parameter;  // mangled
  swift_relative protocol;   // with REQUIRES_PROTOCOL; low bits: indirect, Objective-C
} generic_requirement;
enum { REQUIREMENT_KIND = 0x1F, REQUIRES_PROTOCOL = 0, INVERTS_PROTOCOLS = 5, REQUIREMENT_IS_ARGUMENT = 0x80 };

static inline const generic_header *generic_header_of(const swift_descriptor *descriptor) {
  static const size_t fixed[] = {44, 28, 28};  // bytes of a class's, a struct's, an enum's descriptor
  return (const void *)((const char *)descriptor + fixed[(descriptor->flags & 0x1F) - SWIFT_CONTEXT_CLASS]);
}

static inline const generic_requirement *generic_requirements_of(const generic_header *header) {
  const char *parameters = (const char *)(header + 1);  // a byte each
  return (const void *)(parameters + swift_round_up(header->parameter_count, 3));
}

static inline const void *generic_protocol_of(const generic_requirement *requirement) {
  const char *target = (const char *)&requirement->protocol + (requirement->protocol & ~3);
  return (requirement->protocol & 1) ? *(const void *const *)(const void *)target : target;
}

#endif
