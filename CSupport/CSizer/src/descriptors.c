// SPDX-License-Identifier: Apache-2.0
#include "descriptors.h"

#include <string.h>

#include "fault_guard.h"
#include "mangling.h"
#include "swift_call.h"

// ---- Finding ----

typedef struct enumeration {
  void (*visit)(void *context, const csizer_elf *elf, const swift_descriptor *descriptor);
  void *context;
} enumeration;

static void visit_type(const enumeration *each, const csizer_elf *elf, const swift_descriptor *descriptor) {
  enum swift_context_kind kind = descriptor->flags & 0x1F;
  if (kind != SWIFT_CONTEXT_CLASS && kind != SWIFT_CONTEXT_STRUCT && kind != SWIFT_CONTEXT_ENUM) return;
  each->visit(each->context, elf, descriptor);
}

// Type records: offsets whose low bits say whether they lead to the descriptor or to a pointer to it. Metadata.h,
// TargetTypeMetadataRecord
static void visit_section(const enumeration *each, const csizer_elf *elf, const char *section) {
  uintptr_t start;
  size_t size;
  if (!csizer_elf_section(elf, section, &start, &size)) return;
  for (const int32_t *record = (const int32_t *)start; size >= sizeof *record; record++, size -= sizeof *record) {
    const char *target = (const char *)record + (*record & ~3);
    switch (*record & 3) {
      case 0: visit_type(each, elf, (const swift_descriptor *)(const void *)target); break;
      case 1: {
        const swift_descriptor *descriptor = *(const swift_descriptor *const *)(const void *)target;
        if (descriptor) visit_type(each, elf, descriptor);  // NULL: linked weakly, and not there
        break;
      }
      default: break;
    }
  }
}

static bool visit_image(uintptr_t address, void *context) {
  csizer_elf elf;
  if (!csizer_elf_open(address, &elf)) return true;
  // The second section holds the types that older runtimes must not find: those that can't be copied.
  visit_section(context, &elf, "swift5_type_metadata");
  visit_section(context, &elf, "swift5_type_metadata_2");
  csizer_elf_close(&elf);
  return true;
}

void csizer_each_descriptor(void (*visit)(void *context, const csizer_elf *elf, const swift_descriptor *descriptor),
                            void *context) {
  enumeration each = {visit, context};
  csizer_elf_each_image(visit_image, &each);
}

typedef struct search {
  const csizer_runtime *runtime;
  const char *name, *last_part, *discriminator;
  const swift_descriptor *found;
  bool is_ambiguous;
} search;

// The symbol of a private type's descriptor tells it from its namesakes in other files. The symbol must be demangled: mangling
// abbreviates, even in the middle of the hash.
static bool has_discriminator(const search *search, const csizer_elf *elf, const swift_descriptor *descriptor) {
  char text[1024];
  const char *symbol = csizer_elf_symbol_at(elf, (uintptr_t)descriptor, "$s");
  return symbol && search->runtime->demangle(symbol, text, sizeof text) && strstr(text, search->discriminator);
}

static void consider(void *context, const csizer_elf *elf, const swift_descriptor *descriptor) {
  search *search = context;
  const char *own = swift_resolve(&descriptor->name);
  if (strcmp(own, search->last_part) != 0) return;
  char name[512];
  csizer_descriptor_name(descriptor, name, sizeof name);
  if (strcmp(name, search->name) != 0 || search->found == descriptor) return;
  if (search->discriminator && !has_discriminator(search, elf, descriptor)) return;
  search->is_ambiguous |= search->found != NULL;
  search->found = descriptor;
}

const swift_descriptor *csizer_descriptor_named(const csizer_runtime *runtime, const char *name, const char *discriminator) {
  const char *dot = strrchr(name, '.');
  search search = {.runtime = runtime, .name = name, .last_part = dot ? dot + 1 : name, .discriminator = discriminator};
  csizer_each_descriptor(consider, &search);
  return search.is_ambiguous ? NULL : search.found;
}

// ---- Instantiating ----

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

static const generic_header *generic_header_of(const swift_descriptor *descriptor) {
  static const size_t fixed[] = {44, 28, 28};  // bytes of a class's, a struct's, an enum's descriptor
  return (const void *)((const char *)descriptor + fixed[(descriptor->flags & 0x1F) - SWIFT_CONTEXT_CLASS]);
}

size_t csizer_generic_argument_count(const swift_descriptor *descriptor) {
  return generic_header_of(descriptor)->key_argument_count;
}

const uint8_t *csizer_generic_parameters(const swift_descriptor *descriptor, size_t *ret_count) {
  const generic_header *header = generic_header_of(descriptor);
  *ret_count = header->parameter_count;
  return (const uint8_t *)(header + 1);
}

static const generic_requirement *requirements_of(const generic_header *header) {
  const char *parameters = (const char *)(header + 1);  // a byte each
  return (const void *)(parameters + swift_round_up(header->parameter_count, 3));
}

bool csizer_generic_is_constrained(const swift_descriptor *descriptor) {
  const generic_header *header = generic_header_of(descriptor);
  const generic_requirement *requirements = requirements_of(header);
  for (uint16_t i = 0; i < header->requirement_count; i++) {
    unsigned kind = requirements[i].flags & REQUIREMENT_KIND;
    if (kind != REQUIRES_PROTOCOL && kind != INVERTS_PROTOCOLS) return true;
  }
  return false;
}

static const void *protocol_of(const generic_requirement *requirement) {
  const char *target = (const char *)&requirement->protocol + (requirement->protocol & ~3);
  return (requirement->protocol & 1) ? *(const void *const *)(const void *)target : target;
}

// `x`, `q_`, `q0_`: parameters of depth 0. Of others, and of associated types, nothing is known here.
static size_t parameter_index(const char *name) {
  if (strcmp(name, "x") == 0) return 0;
  if (strcmp(name, "q_") == 0) return 1;
  return strcmp(name, "q0_") == 0 ? 2 : SIZE_MAX;
}

enum { MOST_ACCESS_ARGUMENTS = 16 };

// The types, then a witness table for each conformance that the type asks for.
static bool access_arguments(const csizer_runtime *runtime, const generic_header *header,
                             const swift_metadata *const *types, size_t count, const void **ret_arguments) {
  if (header->key_argument_count > MOST_ACCESS_ARGUMENTS || count > header->key_argument_count) return false;
  size_t filled = 0;
  for (; filled < count; filled++) ret_arguments[filled] = types[filled];
  const generic_requirement *requirements = requirements_of(header);
  for (uint16_t i = 0; i < header->requirement_count; i++) {
    const generic_requirement *requirement = &requirements[i];
    if (!(requirement->flags & REQUIREMENT_IS_ARGUMENT)) continue;
    const char *parameter = swift_resolve(&requirement->parameter);
    size_t index = parameter ? parameter_index(parameter) : SIZE_MAX;
    bool is_conformance = (requirement->flags & REQUIREMENT_KIND) == REQUIRES_PROTOCOL;
    if (!is_conformance || index >= count || filled == header->key_argument_count) return false;
    ret_arguments[filled] = runtime->conformance(types[index], protocol_of(requirement));
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
  if (!runtime->conformance || !access_arguments(runtime, header, arguments, count, values)) return NULL;
  return call_access((uintptr_t)function, values, header->key_argument_count);
}
