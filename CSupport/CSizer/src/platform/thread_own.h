// SPDX-License-Identifier: Apache-2.0
#ifndef CSIZER_THREAD_OWN_H
#define CSIZER_THREAD_OWN_H
#include "platform/regions_internal.h"

// Where a thread's own things are, reckoned from its list of robust mutexes, of which the kernel knows: that is in the
// control block of the C library (glibc and musl alike), on top of the stack; the main thread's is elsewhere. A
// thread's own variables stand below the block, on AArch64 above (ELF Handling For Thread-Local Storage, variants II
// and I), and what libraries keep by pthread_setspecific(3) is in it.

#if defined(__aarch64__)
enum { THREAD_VARIABLES_ARE_ABOVE = true };
#else
enum { THREAD_VARIABLES_ARE_ABOVE = false };
#endif

/// Bytes that the own variables of each thread take at most, in all images that are loaded. Asks the loader.
size_t csizer_thread_variables(void);

/// Where a thread's own things begin and end in the mapping in which its control block is. A mapping goes on behind
/// them when the kernel has joined it with a neighbour.
uintptr_t csizer_thread_own_start(const csizer_mapping *mapping, uintptr_t control, size_t variables);
uintptr_t csizer_thread_own_end(const csizer_mapping *mapping, uintptr_t control, size_t variables);

#endif
