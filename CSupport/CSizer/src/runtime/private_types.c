// SPDX-License-Identifier: Apache-2.0
// The names of types that are private to a file.
#include "csizer_private_types.h"

#include "runtime/descriptors.h"
#include "runtime/mangling.h"

typedef struct visitor {
  void (*visit)(const csizer_declared_type *type, void *context);
  void *context;
} visitor;

static void visit_descriptor(void *context, const csizer_elf *elf, const swift_descriptor *descriptor) {
  (void)elf;
  const visitor *visitor = context;
  char dotted[1024];
  csizer_descriptor_name(descriptor, dotted, sizeof dotted);
  const swift_descriptor *parent = csizer_descriptor_parent(descriptor);
  bool is_scoped = parent && (parent->flags & 0x1F) == SWIFT_CONTEXT_ANONYMOUS;
  csizer_declared_type type = {is_scoped ? parent : NULL, swift_resolve(&descriptor->name), dotted};
  visitor->visit(&type, visitor->context);
}

void csizer_declared_types_visit(void (*visit)(const csizer_declared_type *type, void *context), void *context) {
  visitor visitor = {visit, context};
  csizer_each_descriptor(visit_descriptor, &visitor);
}
