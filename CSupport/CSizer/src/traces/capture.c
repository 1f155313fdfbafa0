// SPDX-License-Identifier: Apache-2.0
// Takes stacks, for whoever does not take them inline.
#include "traces/trace_capture.h"

bool csizer_trace_is_available(void) { return csizer_unwind_backtrace() != NULL; }
const char *csizer_trace_reason(void) { return csizer_unwind_reason(); }

uint32_t csizer_trace_capture(uint32_t depth, const void *return_address) {
  return trace_capture(depth, return_address);
}
