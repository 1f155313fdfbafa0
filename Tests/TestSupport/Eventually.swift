// SPDX-License-Identifier: Apache-2.0
import Glibc

/// Waits until `condition` holds, for a minute at most unless said: a machine may be busy.
public func eventually(within limit: Duration = .seconds(60), _ condition: () throws -> Bool) rethrows -> Bool {
  let end = ContinuousClock.now + limit
  while ContinuousClock.now < end {
    if try condition() { return true }
    usleep(2_000)
  }
  return false
}
