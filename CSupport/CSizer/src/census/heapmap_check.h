// SPDX-License-Identifier: Apache-2.0
#ifndef CSIZER_HEAPMAP_CHECK_H
#define CSIZER_HEAPMAP_CHECK_H
#ifdef CSIZER_CHECKS
#include "csizer_heapmap.h"

/// What must be true of a heap map at any time, while other threads insert, remove and walk: NULL, or what of it is
/// not. Reads the whole map.
const char *csizer_heapmap_check(const csizer_heapmap *map);

/// The same, and what must be true when no walk is under way: nothing is marked. NULL, or what is.
const char *csizer_heapmap_check_unmarked(const csizer_heapmap *map);

#endif
#endif
