// SPDX-License-Identifier: Apache-2.0
#ifndef CSIZER_BY_LIBUNWIND_H
#define CSIZER_BY_LIBUNWIND_H
#include "traces/frame_chain.h"
#include "traces/trace_internal.h"
#include "traces/unwind.h"

/// How many calls of ours were on top the last time: always the same, in a program that is built once. Shared by all
/// that inline what follows.
extern int csizer_trace_own_calls;

/// The return addresses of the calls under way, innermost first. On AArch64 libunwind 1.8 tells some of them less one,
/// and of the same call not always: an instruction has four bytes, so the next multiple of four is the address.
static inline __attribute__((always_inline)) int trace_unwind(csizer_backtrace backtrace, void **frames, int most) {
  int found = backtrace(frames, most);
#if defined(FRAMES_ARE_CHAINED)
  for (int i = 0; i < found; i++)
    frames[i] = (void *)frame_chain_unsigned(((uintptr_t)frames[i] + 3) & ~(uintptr_t)3);
  if (__builtin_expect(!frame_chain_is_whole(frames, found, most), 0))
    found = csizer_frame_chain_complete(__builtin_frame_address(0), frames, found, most);
#endif
  return found;
}

/// Whether libunwind tells this return address, or one less, as 1.3 does on x86-64 (Ubuntu 22.04).
static inline bool trace_is_caller(const void *frame, const void *return_address) {
  return frame == return_address || (const char *)frame + 1 == return_address;
}

/// Return addresses from such that were told less one. What a signal has interrupted is told as it is.
void csizer_trace_add_one(void **frames, int count);

/// As csizer_trace_unwind. Inline: every call of ours on the stack is one more that has to be unwound, at some 10 ns.
static inline __attribute__((always_inline)) uint32_t trace_by_libunwind(uint32_t depth, const void *return_address) {
  void *frames[CSIZER_TRACE_DEEPEST + TRACE_OWN];
  csizer_backtrace backtrace = csizer_unwind_backtrace();
  unwind_cell *cell;
  if (!backtrace || !unwind_enter(&cell)) return 0;
  if (depth > CSIZER_TRACE_DEEPEST) depth = CSIZER_TRACE_DEEPEST;
  // Relaxed, both: a guess, which the frames themselves prove right or wrong.
  int own = __atomic_load_n(&csizer_trace_own_calls, __ATOMIC_RELAXED);
  int found = trace_unwind(backtrace, frames, (int)depth + own), first = own;
  if (first >= found || !trace_is_caller(frames[first], return_address)) {
    if (own != TRACE_OWN) found = trace_unwind(backtrace, frames, (int)depth + TRACE_OWN);
    for (first = 0; first < found && first < TRACE_OWN && !trace_is_caller(frames[first], return_address);) first++;
    if (first < found && first < TRACE_OWN) __atomic_store_n(&csizer_trace_own_calls, first, __ATOMIC_RELAXED);
  }
  unwind_leave(cell);
  if (first == found || first == TRACE_OWN) first = 0;
  else if (__builtin_expect(frames[first] != return_address, 0)) csizer_trace_add_one(&frames[first], found - first);
  uint32_t count = found > first ? (uint32_t)(found - first) : 0;
  if (count > depth) count = depth;
  return count ? csizer_trace_intern((const uintptr_t *)(const void *)&frames[first], count) : 0;
}

#endif
