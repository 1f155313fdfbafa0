// SPDX-License-Identifier: Apache-2.0
#ifndef CSIZER_BACKOFF_H
#define CSIZER_BACKOFF_H

/// Waits before the next try of something that another thread must give up first, the longer the more tries there were:
/// a moment, a turn of the scheduler, 50 µs. May set errno; is no cancellation point. Any thread.
void csizer_backoff(unsigned tries);

#endif
