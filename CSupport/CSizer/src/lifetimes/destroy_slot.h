// SPDX-License-Identifier: Apache-2.0
#ifndef CSIZER_DESTROY_SLOT_H
#define CSIZER_DESTROY_SLOT_H
#include "lifetimes/class_table.h"

// The destroy slot of class metadata: what swift_release calls when the last strong reference is gone. Two words before
// the address point (Metadata.h: TypeMetadataHeader, HeapMetadataHeaderPrefix), swiftcall, the object in the context
// register.

static inline class_destroyer *class_slot_of(const swift_class *type) {
  return (class_destroyer *)((uintptr_t)type - 2 * sizeof(void *));
}

/// What the loader did with the page that the slot at `address` is in.
slot_protection csizer_slot_protection(uintptr_t address);

/// Writes the class's slot, whose protection its entry knows. False when the kernel refuses.
bool csizer_slot_write(const class_entry *entry, class_destroyer function);

#endif
