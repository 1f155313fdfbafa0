// SPDX-License-Identifier: Apache-2.0
// Takes stacks by libunwind.
#include "traces/by_libunwind.h"

int csizer_trace_own_calls = TRACE_OWN;

__attribute__((noinline)) uint32_t csizer_trace_unwind(uint32_t depth, const void *return_address) {
  return trace_by_libunwind(depth, return_address);
}
