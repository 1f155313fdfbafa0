// SPDX-License-Identifier: Apache-2.0
// Waiting for a thread that holds something for moments, mostly.
#define _GNU_SOURCE
#include "platform/backoff.h"

#include <sched.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

void csizer_backoff(unsigned tries) {
  if (tries < 64) {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("isb");  // stops for some cycles; most processors pass over a yield
#endif
  } else if (tries < 80) {
    sched_yield();
  } else {
    const struct timespec moment = {0, 50000};
    syscall(SYS_nanosleep, &moment, NULL);  // libc's ends a cancelled thread, and with it the locks it holds
  }
}
