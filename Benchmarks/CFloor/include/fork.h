// SPDX-License-Identifier: Apache-2.0

/// The floor of frozen snapshots: a fork whose child does nothing.

#ifndef CSIZER_FLOOR_FORK_H
#define CSIZER_FLOOR_FORK_H

#include <stdint.h>

/// What a fork took, in nanoseconds of a monotonic clock.
typedef struct {
  /// Until fork returned in the parent.
  int64_t pause;
  /// Until the child had ended and was waited for.
  int64_t total;
} csizer_floor_fork_time;

/// Forks a child that ends at once, and waits for it. Returns 0, or the errno of what the system refused, and leaves
/// `*ret` alone then. Any thread may call it.
int csizer_floor_fork(csizer_floor_fork_time *ret);

/// Nanoseconds of processor time that all children took which were waited for.
int64_t csizer_floor_children_time(void);

/// The most resident memory, in bytes, that any child had which was waited for; what it shared with its parent counts.
int64_t csizer_floor_children_peak(void);

#endif
