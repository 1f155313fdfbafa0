// SPDX-License-Identifier: Apache-2.0
import CSizer

/// Looks whether a memory limit of the process's control groups is near.
struct LimitWatch: ~Copyable, Sendable {
  // unsafe: owned, and used by one thread after the other.
  nonisolated(unsafe) private let handle: OpaquePointer

  /// nil when the system refuses memory.
  init?() {
    var made: OpaquePointer?
    guard csizer_limit_watch_open(&made) == CSIZER_OK else { return nil }
    handle = made!
  }

  deinit {
    csizer_limit_watch_close(handle)
  }

  /// Bytes in use of a limit of which so many millionths are; nil when there is none. Some microseconds.
  func look(millionths: UInt32) -> (used: Int, limit: Int)? {
    var use = csizer_limit_use()
    guard csizer_limit_watch_look(handle, millionths, &use) else { return nil }
    return (Int(clamping: use.used), Int(clamping: use.limit))
  }
}
