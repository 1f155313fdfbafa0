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

// The processor's counter, and the kernel's name for it.
#if defined(__x86_64__)
#define CLOCK_COUNTER "tsc"
static inline uint64_t clock_counter(void) { return __builtin_ia32_rdtsc(); }
#elif defined(__aarch64__)
#define CLOCK_COUNTER "arch_sys_counter"
static inline uint64_t clock_counter(void) {
  uint64_t count;
  __asm__ volatile("mrs %0, cntvct_el0" : "=r"(count));
  return count;
}
#endif

static inline uint64_t clock_ticks(void) {
#ifdef CLOCK_COUNTER
  // Plain: a birth asks while it holds a shard, which whoever called csizer_clock_start has held since.
  if (__builtin_expect(csizer_clock_counts_cycles, 1)) return clock_counter();
#endif
  return clock_monotonic();
}

#endif
