// SPDX-License-Identifier: Apache-2.0
#ifndef CSIZER_SPIN_H
#define CSIZER_SPIN_H
#include <errno.h>

#include "platform/backoff.h"

// A lock for what is short and rare, in cache lines of its own: who waits for it must not slow down who reads what lies
// beside it. errno stays the program's, which called nothing that may set it.

typedef struct csizer_spin {
  int taken;  // atomic
} __attribute__((aligned(128))) csizer_spin;

// Relaxed: a look that spares the others' cache a store. What takes it acquires.
static inline void csizer_spin_take(csizer_spin *spin) {
  if (!__atomic_exchange_n(&spin->taken, 1, __ATOMIC_ACQUIRE)) return;
  int error_before = errno;
  for (unsigned tries = 0; __atomic_load_n(&spin->taken, __ATOMIC_RELAXED) ||
                           __atomic_exchange_n(&spin->taken, 1, __ATOMIC_ACQUIRE); tries++)
    csizer_backoff(tries);
  errno = error_before;
}

static inline void csizer_spin_give(csizer_spin *spin) { __atomic_store_n(&spin->taken, 0, __ATOMIC_RELEASE); }

#endif
