// SPDX-License-Identifier: Apache-2.0
#ifndef CSIZER_CLOCK_H
#define CSIZER_CLOCK_H
#include <stdint.h>

/// The clock of births and deaths: monotonic in a thread, the same on all processors to some 10 ns, and cheap. Where
/// the kernel keeps its own time by the processor's counter (x86-64: tsc, AArch64: cntvct_el0), a tick is one of that
/// counter's (12 ns a reading instead of 28); otherwise it is a nanosecond of CLOCK_MONOTONIC. (clock_gettime(2); the
/// kernel's Documentation/virt/kvm/x86/timekeeping.rst)

/// Finds out which, and how long a tick is: once in the life of a process, at the first call. It may sleep 2 ms when
/// the process has only just started, for a shorter look at the counter would be inexact. Any thread.
void csizer_clock_start(void);

/// Now, in ticks. Any thread, after csizer_clock_start.
uint64_t csizer_clock_ticks(void);

/// From one reading to another, in nanoseconds; the same pair always gives the same answer. Negative when `later` is
/// before `earlier`. Off CLOCK_MONOTONIC by some 1e-5 of the time that has passed. Any thread, after
/// csizer_clock_start.
int64_t csizer_clock_nanoseconds(uint64_t earlier, uint64_t later);

#endif
