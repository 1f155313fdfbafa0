// SPDX-License-Identifier: Apache-2.0
#ifndef CSIZER_THREAD_H
#define CSIZER_THREAD_H
#include <stdint.h>

#include "csizer_status.h"

/// What Swift's Glibc module does not offer: a named thread, and a wait by the monotonic clock.

/// Runs `body` on a detached thread of that name (at most 15 bytes; /proc/<pid>/task/<tid>/comm shows it) with 8 MiB of
/// stack and with all signals blocked, so that the program's handlers run on the program's threads; all but one that
/// Swift's runtime stops threads with when the process crashes (SIGPROF, SIGUSR2 or SIGUSR1, the first that the caller
/// does not block). CSIZER_NO_MEMORY when the system refuses the thread: `body` never runs. What it returns is not
/// looked at.
csizer_status csizer_thread_start(const char *name, void *(*body)(void *context), void *context);

/// A wakeup: one thread waits, others signal.
typedef struct csizer_wakeup csizer_wakeup;

/// A wakeup that was not signalled. Free with csizer_wakeup_destroy.
csizer_status csizer_wakeup_create(csizer_wakeup **ret_wakeup);

/// Frees it; nobody may wait. NULL is fine.
void csizer_wakeup_destroy(csizer_wakeup *wakeup);

/// Ends the wait under way, or the next one. Any thread.
void csizer_wakeup_signal(csizer_wakeup *wakeup);

/// Returns when the time is over (CLOCK_MONOTONIC), or when the wakeup was signalled since the last wait ended.
void csizer_wakeup_wait(csizer_wakeup *wakeup, uint64_t nanoseconds);

#endif
