// SPDX-License-Identifier: Apache-2.0
#ifndef CSIZER_HEAPMAP_CHECK_H
#define CSIZER_HEAPMAP_CHECK_H
#ifdef CSIZER_CHECKS
#include "csizer_heapmap.h"

/// What must be true of a heap map at any time, a walk under way or not, and while other threads insert and remove:
/// NULL, or what of it is not. Reads the whole map. No walk by another thread meanwhile.
const char *csizer_heapmap_check(const csizer_heapmap *map);

/// What must be true when no walk is under way, too: nothing is marked. NULL, or what is.
const char *csizer_heapmap_check_unmarked(const csizer_heapmap *map);

#endif
#endif
