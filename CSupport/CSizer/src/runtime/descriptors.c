// SPDX-License-Identifier: Apache-2.0
#include "runtime/descriptors.h"

#include <string.h>

#include "runtime/mangling.h"

// ---- Finding ----

typedef struct enumeration {
  void (*visit)(void *context, const csizer_elf *elf, const swift_descriptor *descriptor);
  void *context;
  bool of_protocols;
} enumeration;

static void visit_type(const enumeration *each, const csizer_elf *elf, const swift_descriptor *descriptor) {
  enum swift_context_kind kind = descriptor->flags & 0x1F;
  bool is_type = kind == SWIFT_CONTEXT_CLASS || kind == SWIFT_CONTEXT_STRUCT || kind == SWIFT_CONTEXT_ENUM;
  if (is_type != each->of_protocols) each->visit(each->context, elf, descriptor);
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
  if (((const enumeration *)context)->of_protocols) {
    visit_section(context, &elf, "swift5_protocols");
  } else {
    // The second section holds the types that older runtimes must not find: those that can't be copied.
    visit_section(context, &elf, "swift5_type_metadata");
    visit_section(context, &elf, "swift5_type_metadata_2");
  }
  csizer_elf_close(&elf);
  return true;
}

void csizer_each_descriptor(void (*visit)(void *context, const csizer_elf *elf, const swift_descriptor *descriptor),
                            void *context) {
  enumeration each = {.visit = visit, .context = context};
  csizer_elf_each_image(visit_image, &each);
}

typedef struct search {
  const csizer_runtime *runtime;
  // `name` NULL: what is local to a function is told by the discriminator alone
  const char *name, *last_part, *discriminator;
  const swift_descriptor *found;
  bool is_ambiguous;
} search;

// The symbol of a private type's descriptor tells it from its namesakes in other files. The symbol must be demangled:
// mangling abbreviates, even in the middle of the hash.
static bool has_discriminator(const search *search, const csizer_elf *elf, const swift_descriptor *descriptor) {
  char text[1024];
  const char *symbol = csizer_elf_symbol_at(elf, (uintptr_t)descriptor, "$s");
  return symbol && search->runtime->demangle(symbol, text, sizeof text) && strstr(text, search->discriminator);
}

static void consider(void *context, const csizer_elf *elf, const swift_descriptor *descriptor) {
  search *search = context;
  const char *own = swift_resolve(&descriptor->name);
  if (!own || strcmp(own, search->last_part) != 0 || search->found == descriptor) return;
  char name[512];
  if (search->name) csizer_descriptor_name(descriptor, name, sizeof name);
  if (search->name && strcmp(name, search->name) != 0) return;
  if (search->discriminator && !has_discriminator(search, elf, descriptor)) return;
  search->is_ambiguous |= search->found != NULL;
  search->found = descriptor;
}

static const swift_descriptor *find(search search, bool of_protocols) {
  enumeration each = {consider, &search, of_protocols};
  csizer_elf_each_image(visit_image, &each);
  return search.is_ambiguous ? NULL : search.found;
}

static search search_for(const csizer_runtime *runtime, const char *name, const char *discriminator) {
  const char *dot = strrchr(name, '.');
  return (search){.runtime = runtime, .name = name, .last_part = dot ? dot + 1 : name, .discriminator = discriminator};
}

const swift_descriptor *csizer_descriptor_named(const csizer_runtime *runtime, const char *name,
                                                const char *discriminator) {
  return find(search_for(runtime, name, discriminator), false);
}

const swift_descriptor *csizer_protocol_named(const csizer_runtime *runtime, const char *name,
                                              const char *discriminator) {
  return find(search_for(runtime, name, discriminator), true);
}

const swift_descriptor *csizer_descriptor_local(const csizer_runtime *runtime, const char *name, const char *text) {
  return find((search){.runtime = runtime, .last_part = name, .discriminator = text}, false);
}
