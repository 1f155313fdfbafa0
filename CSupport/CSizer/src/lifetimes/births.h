// SPDX-License-Identifier: Apache-2.0
#ifndef CSIZER_BIRTHS_H
#define CSIZER_BIRTHS_H
#include "lifetimes/lifetimes_internal.h"

// Births: what the entry point calls, and what it records.

/// An object was made, while some class is tracked; `return_address`: where a trace starts. Any thread.
void csizer_lifetimes_born(void *object, const void *metadata, const void *return_address);
/// The same, for who has found the class already (class_find); it need not be told of one that births can pass by.
void csizer_lifetimes_born_of(class_entry *entry, void *object, const void *metadata, const void *return_address);
/// Records a birth for one tracking; false when there is no room. Holding the address's shard.
bool csizer_lifetimes_record(const class_tracking *tracking, uintptr_t address, uint64_t birth, uint32_t trace);
/// Notes in the census's map that the object is tracked. False when the map has no room. Holding its shard.
bool csizer_tracked_mark(uintptr_t address);

#endif
