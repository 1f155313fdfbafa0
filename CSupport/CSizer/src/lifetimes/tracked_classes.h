// SPDX-License-Identifier: Apache-2.0
#ifndef CSIZER_TRACKED_CLASSES_H
#define CSIZER_TRACKED_CLASSES_H
#include "lifetimes/deaths.h"
#include "lifetimes/lifetimes_internal.h"

// tracked_classes.c: what trackers are told to track of classes.

/// As csizer_lifetimes_track_class, without its checks: of a class, in a process where births are told of.
/// CSIZER_NO_MEMORY when anything was refused; then nothing has changed.
csizer_status csizer_tracked_class_add(csizer_lifetimes *lifetimes, const swift_class *type,
                                       const csizer_tracking *tracking);

/// The same of csizer_lifetimes_track_named, for a pattern that is neither empty nor too long.
csizer_status csizer_tracked_pattern_add(csizer_lifetimes *lifetimes, const char *pattern,
                                         const csizer_tracking *tracking);

// single_objects.c
/// As csizer_lifetimes_track_object, without its checks.
csizer_status csizer_single_object_add(csizer_lifetimes *lifetimes, const void *object,
                                       const csizer_tracking *tracking);

#endif
