// SPDX-License-Identifier: Apache-2.0
#ifndef CSIZER_TRACE_INTERNAL_H
#define CSIZER_TRACE_INTERNAL_H
#include "csizer_trace.h"

/// The number under which a stack is kept, whether it is new or not; 0 when the system refuses memory. Any thread;
/// without a lock when the stack is known.
uint32_t csizer_trace_intern(const uintptr_t *frames, uint32_t count);

#endif
