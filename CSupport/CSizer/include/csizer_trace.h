// SPDX-License-Identifier: Apache-2.0
#ifndef CSIZER_TRACE_H
#define CSIZER_TRACE_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// Stack traces: return addresses, interned. On x86-64 they are read by rules that are compiled from the unwind tables,
/// which are complete where frame pointers are not; what these do not cover, and all on AArch64, is captured by
/// libunwind (unw_backtrace(3)), which sees the same; on AArch64 the chain of frame pointers goes on where it can't.
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
/// number under which it is kept. 0 when it could not be captured. On x86-64 some 10 ns for one of the thread's last
/// stacks, 20 ns and 4 ns a call for another, 20 ns and 9 ns a call for one that is left to libunwind, and on AArch64;
/// the first of each thread and of each return address microseconds. The first of each thread allocates (its part of
/// thread-local storage). Of the thread's stack libunwind takes 6 KiB, and on AArch64, where each has 128 KiB at least,
/// 10 KiB; the first time 15.
uint32_t csizer_trace_capture(uint32_t depth, const void *return_address);

/// The calls of a stack, innermost first; they live for ever. 0 for a number that was never given out. Any thread.
size_t csizer_trace_frames(uint32_t trace, const uintptr_t **ret_frames);

/// Bytes of memory that the stacks take, and what is kept to know them again: 128 KiB, and 48 KiB for each thread that
/// made an object with its stack.
size_t csizer_trace_bytes(void);

/// Tests: what came of stacks that were taken in both ways.
typedef struct csizer_trace_comparison {
  uint64_t known, read;  // by rules: the same as one of the thread's last, and others
  uint64_t left;         // to libunwind
  uint64_t unequal;      // of `known` and `read`: libunwind sees another stack
  uint32_t unequal_trace, libunwind_trace;  // the last of these, as either sees it
} csizer_trace_comparison;

/// Tests: from now on each stack that rules read is also taken by libunwind, or no longer. Any thread.
void csizer_trace_compare(bool is_on);
/// Tests: what came of all of these so far. Any thread.
csizer_trace_comparison csizer_trace_compared(void);

#endif
