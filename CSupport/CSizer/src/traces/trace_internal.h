// SPDX-License-Identifier: Apache-2.0
#ifndef CSIZER_TRACE_INTERNAL_H
#define CSIZER_TRACE_INTERNAL_H
#include "csizer_trace.h"

enum { TRACE_OWN = 8 };  // calls of ours on top of a stack, at most

/// As csizer_trace_capture, and always by libunwind.
uint32_t csizer_trace_unwind(uint32_t depth, const void *return_address);

/// The number under which a stack is kept, whether it is new or not; 0 when the system refuses memory. Any thread;
/// without a lock when the stack is known.
uint32_t csizer_trace_intern(const uintptr_t *frames, uint32_t count);

#endif
