// SPDX-License-Identifier: Apache-2.0
#ifndef CSIZER_STACK_H
#define CSIZER_STACK_H
#include <stddef.h>

#include "csizer_status.h"

/// A stack of the profiler's own. Threads of the program may have 16 KiB of stack; libdw alone wants a multiple of
/// that.
///
/// Only the stack is another one. The thread stays the caller's: locks that it holds (the loader's, say) stay its own,
/// a forked child that may use Sizer has nothing to miss, and a process of one thread stays one.

/// Runs `body` on a stack of 8 MiB, and returns when it has returned. On such a stack already, or on a thread that
/// csizer_thread_start has made, it is simply called. No code of the program's should run in it, for that may want the
/// stack that it knows. CSIZER_NO_MEMORY when the system refuses memory for the stack, CSIZER_UNSUPPORTED on a
/// processor whose stack this can't switch: `body` has not run.
csizer_status csizer_stack_call(void (*body)(void *context), void *context);

/// The same; where that is not possible `body` runs on the caller's stack.
void csizer_stack_prefer(void (*body)(void *context), void *context);

/// From now on the calling thread's stack counts as large enough: the thread is Sizer's.
void csizer_stack_suffices(void);

#endif
