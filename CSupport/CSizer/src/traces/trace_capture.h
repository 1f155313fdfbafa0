// SPDX-License-Identifier: Apache-2.0
#ifndef CSIZER_TRACE_CAPTURE_H
#define CSIZER_TRACE_CAPTURE_H
#include "traces/by_libunwind.h"
#include "traces/caller_rules.h"
#include "traces/callers.h"

/// As csizer_trace_capture.
static inline __attribute__((always_inline)) uint32_t trace_capture(uint32_t depth, const void *return_address) {
  // Where there is no libunwind no stack is told, not even one that could be read without.
  if (!csizer_unwind_backtrace()) return 0;
#ifdef CALLERS_ARE_READ
  const uint32_t deepest = depth < CSIZER_TRACE_DEEPEST ? depth : CSIZER_TRACE_DEEPEST;
  const uint32_t trace = csizer_callers_trace(__builtin_frame_address(0), deepest, return_address);
  if (__builtin_expect(trace != 0, 1)) return trace;
#endif
  return trace_by_libunwind(depth, return_address);
}

#endif
