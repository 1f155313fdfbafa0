// SPDX-License-Identifier: Apache-2.0

import Foundation

/// When something began or ended, in nanoseconds: of a clock that never jumps, and of the processor time of the whole
/// process.
struct Moment {
  var clock: Int64
  var processor: Int64

  static var now: Moment {
    Moment(clock: monotonicNanoseconds, processor: nanoseconds(CLOCK_PROCESS_CPUTIME_ID))
  }
}

/// Of a clock that never jumps.
var monotonicNanoseconds: Int64 { nanoseconds(CLOCK_MONOTONIC) }

private func nanoseconds(_ clock: clockid_t) -> Int64 {
  var now = timespec()
  clock_gettime(clock, &now)
  return Int64(now.tv_sec) * 1_000_000_000 + Int64(now.tv_nsec)
}
