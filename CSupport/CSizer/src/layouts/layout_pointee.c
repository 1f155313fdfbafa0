// SPDX-License-Identifier: Apache-2.0
#include <string.h>

#include "csizer_allocator.h"
#include "layouts/compiling.h"
#include "runtime/mangling.h"

// Pointers that say by their pointee's type that they own it. Nobody keeps a lock of POSIX behind a pointer but to have
// it at an address that never changes: who holds the pointer has made the lock, in whatever library. Streams are made
// by their library only, and freed through the pointer. A pointer into something larger, or to static memory, owns
// nothing: the allocator's word is asked for. A lock may be the first member of a larger struct that owns more: in a
// block of another size class than the lock's own what else there is isn't known.

static const struct owned_pointee {
  const char *name;  // C's types have the module "__C"
  csizer_owning_rule rule;
} owned_pointees[] = {
    {"pthread_mutex_t", CSIZER_OWNS_BLOCK},       {"pthread_mutexattr_t", CSIZER_OWNS_BLOCK},
    {"pthread_cond_t", CSIZER_OWNS_BLOCK},        {"pthread_condattr_t", CSIZER_OWNS_BLOCK},
    {"pthread_rwlock_t", CSIZER_OWNS_BLOCK},      {"pthread_rwlockattr_t", CSIZER_OWNS_BLOCK},
    {"pthread_barrier_t", CSIZER_OWNS_BLOCK},     {"pthread_barrierattr_t", CSIZER_OWNS_BLOCK},
    {"pthread_attr_t", CSIZER_OWNS_BLOCK},        {"sem_t", CSIZER_OWNS_BLOCK},
    {"_IO_FILE", CSIZER_OWNS_FOREIGN},            {"FTS", CSIZER_OWNS_FOREIGN},
};

// C's structs of one word that are nothing but such a pointer. OpenCombine 0.14, COpenCombineHelpers.h
static const char *const owned_handles[] = {
    "__C.OpenCombineUnfairLock",
    "__C.OpenCombineUnfairRecursiveLock",
};

static const struct owned_pointee *owned_by(const swift_metadata *pointer) {
  static const char module[] = "__C.";
  const void *const *arguments = csizer_generic_arguments(pointer);
  const swift_metadata *pointee = arguments ? arguments[0] : NULL;
  if (!pointee || swift_kind_of(pointee) != SWIFT_STRUCT) return NULL;
  char name[64];
  csizer_descriptor_name(csizer_type_descriptor(pointee), name, sizeof name);
  if (strncmp(name, module, sizeof module - 1) != 0) return NULL;
  for (size_t i = 0; i < sizeof owned_pointees / sizeof *owned_pointees; i++)
    if (strcmp(name + sizeof module - 1, owned_pointees[i].name) == 0) return &owned_pointees[i];
  return NULL;
}

static void own(csizer_builder *builder, csizer_owning_rule rule, const char *name, size_t most) {
  csizer_owned *owned = csizer_layouts_allocate(builder->layouts, sizeof *owned);
  if (!owned) return;
  *owned = (csizer_owned){
      .rule = rule,
      .most = most,
      .kind = csizer_layouts_add_kind(builder->layouts, (csizer_kind){.prefix = name}),
      .count = CSIZER_NO_SIBLING,
      .first = CSIZER_NO_SIBLING,
      .lender = CSIZER_NO_SIBLING,
      .doubt = CSIZER_NO_SIBLING,
      .ask_allocator = true,
  };
  csizer_builder_op(builder, OP_OWNED, 0, owned);
}

bool csizer_compile_owned_pointer(csizer_builder *builder, const swift_metadata *type) {
  const struct owned_pointee *pointee = owned_by(type);
  if (!pointee) return false;
  const swift_metadata *target = csizer_generic_arguments(type)[0];
  const swift_witnesses *witnesses = swift_witnesses_of(target);
  enum { ALIGN_MASK = 15 };  // the runtime aligns all raw memory so, which for the smallest is another class
  size_t stride = witnesses->stride ? swift_round_up(witnesses->stride, ALIGN_MASK) : 1;
  own(builder, pointee->rule, pointee->name,
      csizer_allocator_usable_size_for(stride, witnesses->flags & SWIFT_ALIGNMENT_MASK));
  return true;
}

bool csizer_compile_handle(csizer_builder *builder, const char *name) {
  for (size_t i = 0; i < sizeof owned_handles / sizeof *owned_handles; i++) {
    if (strcmp(name, owned_handles[i]) != 0) continue;
    own(builder, CSIZER_OWNS_BLOCK, strchr(owned_handles[i], '.') + 1, 0);
    return true;
  }
  return false;
}
