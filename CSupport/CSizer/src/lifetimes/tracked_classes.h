// SPDX-License-Identifier: Apache-2.0
#ifndef CSIZER_TRACKED_CLASSES_H
#define CSIZER_TRACKED_CLASSES_H
#include "lifetimes/deaths.h"
#include "lifetimes/lifetimes_internal.h"

// tracked_classes.c: which classes are tracked, decided for each metadata once.

/// What is known of a metadata that an object was just made with for the first time. Never NULL. Any thread that holds
/// no shard.
class_entry *csizer_tracked_class_meet(const void *metadata);

/// As csizer_lifetimes_track_class, without its checks: of a class, in a process where births are told of.
/// CSIZER_NO_MEMORY when anything was refused; then nothing has changed.
csizer_status csizer_tracked_class_add(csizer_lifetimes *lifetimes, const swift_class *type,
                                       const csizer_tracking *tracking);

/// Counts anew how many tracked objects live of classes that nobody tracks, and puts back the destroy functions of
/// those that have none. Linear in the number of tracked objects. Holding all shards.
void csizer_tracked_classes_settle(void);

// single_objects.c
/// As csizer_lifetimes_track_object, without its checks.
csizer_status csizer_single_object_add(csizer_lifetimes *lifetimes, const void *object,
                                       const csizer_tracking *tracking);

#endif
