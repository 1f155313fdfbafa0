// SPDX-License-Identifier: Apache-2.0
#ifndef CSIZER_OWN_STACK_H
#define CSIZER_OWN_STACK_H
#include <stddef.h>
#include <stdint.h>

/// Where the calling thread's own stack ends while it works on a stack of Sizer's: from there up stands what the
/// program's functions keep, their registers too. 0: the thread is on its own stack.
uintptr_t csizer_stack_caller(void);

/// Bytes of memory behind the stack that is kept between calls. Any thread.
size_t csizer_stack_bytes(void);

#endif
