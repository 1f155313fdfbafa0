// SPDX-License-Identifier: Apache-2.0
#ifndef CSIZER_ALLOCATOR_INTERNAL_H
#define CSIZER_ALLOCATOR_INTERNAL_H
#include "csizer_allocator.h"

/// jemalloc's number of Sizer's own arena; false when there is none.
bool csizer_allocator_own_arena(unsigned *ret_arena);

#endif
