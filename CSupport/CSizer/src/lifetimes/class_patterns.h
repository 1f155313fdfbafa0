// SPDX-License-Identifier: Apache-2.0
#ifndef CSIZER_CLASS_PATTERNS_H
#define CSIZER_CLASS_PATTERNS_H
#include "lifetimes/lifetimes_internal.h"

// class_patterns.c: the names by which a tracker tracks classes. Holding all shards.

/// Whether a pattern means the class: by the name that its descriptor has, without generic arguments and without the
/// scopes that it is private to. Not one without a descriptor, not one whose name is longer than any pattern, and none
/// of Sizer's own. Asks neither the runtime nor the loader.
bool csizer_pattern_means(const char *pattern, const swift_class *type);

/// How a tracker tracks the class for its name's sake, by the pattern that was set last of those that mean it; NULL: it
/// does not.
const csizer_tracking *csizer_patterns_find(const csizer_lifetimes *lifetimes, const swift_class *type);

/// Room for one more pattern; false when the system refuses memory.
bool csizer_patterns_reserve(csizer_lifetimes *lifetimes);

/// Sets a pattern, for which there is room; one that was set before is the last now.
void csizer_patterns_set(csizer_lifetimes *lifetimes, const char *pattern, const csizer_tracking *tracking);

/// Takes a pattern away; whether it was set.
bool csizer_patterns_remove(csizer_lifetimes *lifetimes, const char *pattern);

#endif
