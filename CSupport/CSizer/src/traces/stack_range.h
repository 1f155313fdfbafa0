// SPDX-License-Identifier: Apache-2.0
#ifndef CSIZER_STACK_RANGE_H
#define CSIZER_STACK_RANGE_H
#include <stdbool.h>
#include <stdint.h>

// Which addresses are the calling thread's stack, so that rules that are wrong read nothing else. pthread_getattr_np(3)
// allocates and opens files: here the kernel is asked page by page, once for each.

/// Starts zeroed; of one thread.
typedef struct stack_range {
  uintptr_t low, high;  // readable in between, up to where the thread's stack begins
  uintptr_t hole;       // a page that was found unreadable on the way up from another stack; 0: none
} stack_range;

/// Makes the range hold `sp`. False when that is on no stack that the thread began with: on a signal's own, a fiber's.
bool csizer_stack_range_extend(stack_range *range, uintptr_t sp);

static inline bool stack_range_holds(stack_range *range, uintptr_t sp) {
  return __builtin_expect(sp >= range->low && sp < range->high, 1) || csizer_stack_range_extend(range, sp);
}

#endif
