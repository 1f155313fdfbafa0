// SPDX-License-Identifier: Apache-2.0
#ifndef CSIZER_COMPARED_H
#define CSIZER_COMPARED_H
#include "csizer_trace.h"

// For tests: stacks taken in both ways.

extern bool csizer_trace_comparing;  // atomic and relaxed: a switch that publishes nothing
static inline bool trace_is_compared(void) { return __atomic_load_n(&csizer_trace_comparing, __ATOMIC_RELAXED); }

/// Takes the same stack by libunwind and counts whether it is the same. `trace`: what the rules found, 0: nothing.
void csizer_trace_compare_one(uint32_t trace, bool was_known, uint32_t depth, const void *return_address);

#endif
