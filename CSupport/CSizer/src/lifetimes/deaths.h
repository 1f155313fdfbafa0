// SPDX-License-Identifier: Apache-2.0
#ifndef CSIZER_DEATHS_H
#define CSIZER_DEATHS_H
#include "lifetimes/lifetimes_internal.h"

// Deaths: how they are seen, and what the entry point calls.

/// The object's deinit begins, or its memory is given back without one. An object that is not tracked costs one look.
void csizer_lifetimes_ended(void *object);

/// From now on the class's objects are noticed when their deinit begins. Holding all shards. False when the kernel
/// refuses.
bool csizer_class_hook(class_entry *entry);
/// Puts the class's own destroy function back. Holding the shard of the last tracked object, or all.
void csizer_class_unhook(class_entry *entry);
/// Whether it is hooked. Holding a shard.
bool csizer_class_is_hooked(const class_entry *entry);

#endif
