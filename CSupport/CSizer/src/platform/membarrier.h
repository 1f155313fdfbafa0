// SPDX-License-Identifier: Apache-2.0
#ifndef CSIZER_MEMBARRIER_H
#define CSIZER_MEMBARRIER_H
#include <stdbool.h>

// membarrier(2), private and expedited: every thread of this process passes a full barrier before the call returns. So
// one side of a pair of barriers costs a system call, and the other, which is passed all the time, nothing.

/// Whether the system has it, asked once: that takes its time when there are threads, so it is asked first while there
/// is one. Any thread.
bool csizer_membarrier_is_there(void);

/// Makes all threads pass one. False when the system refuses, a filter that came later, say: from then on there is
/// none. May set errno.
bool csizer_membarrier_pass(void);

#endif
