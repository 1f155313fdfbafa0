// SPDX-License-Identifier: Apache-2.0
#ifndef CSIZER_CLOCK_INTERNAL_H
#define CSIZER_CLOCK_INTERNAL_H
#include <stdbool.h>
#include <time.h>

#include "csizer_clock.h"

/// Whether ticks are the processor's. Written once by csizer_clock_start, before anything asks for ticks.
extern bool csizer_clock_counts_cycles;

static inline uint64_t clock_monotonic(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static inline uint64_t clock_ticks(void) {
#if defined(__x86_64__)
  if (__builtin_expect(csizer_clock_counts_cycles, 1)) return __builtin_ia32_rdtsc();
#endif
  return clock_monotonic();
}

#endif
