// SPDX-License-Identifier: Apache-2.0
// For tests: whether the rules and libunwind see the same stacks.
#include "traces/compared.h"

#include "traces/trace_internal.h"

bool csizer_trace_comparing;
static csizer_trace_comparison all;  // atomic and relaxed, each number for itself

void csizer_trace_compare(bool is_on) { __atomic_store_n(&csizer_trace_comparing, is_on, __ATOMIC_RELAXED); }

csizer_trace_comparison csizer_trace_compared(void) {
  return (csizer_trace_comparison){
      .known = __atomic_load_n(&all.known, __ATOMIC_RELAXED),
      .read = __atomic_load_n(&all.read, __ATOMIC_RELAXED),
      .left = __atomic_load_n(&all.left, __ATOMIC_RELAXED),
      .unequal = __atomic_load_n(&all.unequal, __ATOMIC_RELAXED),
      .unequal_trace = __atomic_load_n(&all.unequal_trace, __ATOMIC_RELAXED),
      .libunwind_trace = __atomic_load_n(&all.libunwind_trace, __ATOMIC_RELAXED),
  };
}

__attribute__((noinline)) void csizer_trace_compare_one(uint32_t trace, bool was_known, uint32_t depth,
                                                        const void *return_address) {
  uint64_t *count = !trace ? &all.left : was_known ? &all.known : &all.read;
  if (trace) {
    const uint32_t other = csizer_trace_unwind(depth, return_address);
    if (!other) return;  // a fork is under way: nothing to compare with
    if (other != trace) {  // equal stacks have one number
      __atomic_fetch_add(&all.unequal, 1, __ATOMIC_RELAXED);
      __atomic_store_n(&all.unequal_trace, trace, __ATOMIC_RELAXED);
      __atomic_store_n(&all.libunwind_trace, other, __ATOMIC_RELAXED);
    }
  }
  __atomic_fetch_add(count, 1, __ATOMIC_RELAXED);
}
