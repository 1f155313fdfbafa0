// SPDX-License-Identifier: Apache-2.0
#ifndef CSIZER_PROBES_INTERNAL_H
#define CSIZER_PROBES_INTERNAL_H
#include <stdint.h>

#include "csizer_probes.h"

/// The switch, read at each birth and death of a tracked object; relaxed, for it publishes nothing.
extern bool csizer_probes_on;
/// How many observers there are: whoever attaches counts these up, from outside.
extern volatile uint16_t csizer_probe_alloc_semaphore, csizer_probe_free_semaphore;

static inline bool probes_tell_births(void) {
  return __builtin_expect(__atomic_load_n(&csizer_probes_on, __ATOMIC_RELAXED) && csizer_probe_alloc_semaphore, 0);
}
static inline bool probes_tell_deaths(void) {
  return __builtin_expect(__atomic_load_n(&csizer_probes_on, __ATOMIC_RELAXED) && csizer_probe_free_semaphore, 0);
}

#ifdef CSIZER_CHECKS
/// Tests only: how often the probe was passed. Atomic.
extern uint64_t csizer_probe_frees;
#endif

void csizer_probe_alloc(uintptr_t address, uint64_t bytes, uint64_t weight);
void csizer_probe_free(uintptr_t address);

#endif
