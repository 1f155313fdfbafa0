// SPDX-License-Identifier: Apache-2.0
#ifndef CSIZER_WATCHING_H
#define CSIZER_WATCHING_H
#include "lifetimes_internal.h"

// watching.c: which classes are watched, decided for each metadata once.

/// What is known of a metadata that an object was just made with for the first time. Never NULL. Any thread that holds no shard.
class_entry *csizer_watching_meet(const void *metadata);

// births.c
/// Records a birth for one watch; false when there is no room. Holding the address's shard.
bool csizer_lifetimes_record(const class_watch *watch, uintptr_t address, uint64_t birth, uint32_t trace);
/// Sets the object's bit in the heap map's plane of tracked objects. False when the map has no room.
bool csizer_tracked_mark(uintptr_t address);

// destroy_slot.c: how deaths are seen
/// From now on the class's objects are noticed when their deinit begins. Holding all shards. False when the kernel refuses.
bool csizer_class_hook(class_entry *entry);
/// Puts the class's own destroy function back. Holding the shard of the last tracked object, or all.
void csizer_class_unhook(class_entry *entry);

#endif
