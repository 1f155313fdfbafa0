// SPDX-License-Identifier: Apache-2.0
#ifndef CSIZER_TRACE_H
#define CSIZER_TRACE_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// Stack traces: return addresses, interned. libunwind captures them (unw_backtrace(3)): it reads the unwind tables,
/// which are complete where frame pointers are not, and remembers per thread how each return address is left.
///
/// libunwind.so.8 is loaded privately when the first trace is wanted, not linked: it exports `_Unwind_*` and
/// `backtrace`, and would take the place of libgcc's and libc's in the whole process.
///
/// Equal stacks are kept once, for the life of the process: 8 bytes a call and 16 more.

/// More calls than this are never recorded.
#define CSIZER_TRACE_DEEPEST 256

/// Whether stacks can be captured; loads libunwind when that was not tried yet. Any thread.
bool csizer_trace_is_available(void);

/// Why they can't be, as a static string; empty when they can.
const char *csizer_trace_reason(void);

/// The calling thread's stack from the function on that `return_address` leads back to, at most `depth` calls: the
/// number under which it is kept. 0 when it could not be captured. Some 20 ns and 9 ns a call; the first of each thread
/// and of each return address microseconds. The first of each thread allocates (its part of thread-local storage).
uint32_t csizer_trace_capture(uint32_t depth, const void *return_address);

/// The calls of a stack, innermost first; they live for ever. 0 for a number that was never given out. Any thread.
size_t csizer_trace_frames(uint32_t trace, const uintptr_t **ret_frames);

/// Bytes of memory that the stacks take.
size_t csizer_trace_bytes(void);

#endif
