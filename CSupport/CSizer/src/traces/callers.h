// SPDX-License-Identifier: Apache-2.0
#ifndef CSIZER_CALLERS_H
#define CSIZER_CALLERS_H
#include <stdint.h>

// Stacks read by rules of our own. Whatever these do not cover is left to libunwind: what a signal interrupted,
// functions without entry in .eh_frame or with a frame that has to be computed, libraries that may be closed again,
// stacks other than the thread's own.

/// The number of the calling thread's stack from `return_address` on, `depth` calls at most; 0: it is left to
/// libunwind. `frame`: __builtin_frame_address(0) of a function of ours, less than TRACE_OWN calls above
/// `return_address`. Some 10 ns when the stack is the same as one of the thread's last, and 4 ns a call when it is not.
/// No lock, unless the stack is new to the process.
uint32_t csizer_callers_trace(const uintptr_t *frame, uint32_t depth, const void *return_address);

#endif
