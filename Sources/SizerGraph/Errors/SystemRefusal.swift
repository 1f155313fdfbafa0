// SPDX-License-Identifier: Apache-2.0
import Glibc

/// A number of errno(3), in words.
package struct SystemRefusal {
  package let number: Int32

  package init(number: Int32) { self.number = number }

  /// What the system says.
  package var reason: String {
    withUnsafeTemporaryAllocation(of: CChar.self, capacity: 256) { buffer in
      // Not strerror: that one's text may change under us when another thread asks too.
      guard strerror_r(number, buffer.baseAddress!, buffer.count) == 0 else { return "error \(number)" }
      return String(cString: buffer.baseAddress!)
    }
  }

  /// Whether there is no room: on the disk, in the quota, or below the limit on file sizes.
  package var isWantOfRoom: Bool { [ENOSPC, EDQUOT, EFBIG].contains(number) }

  /// What can be done about it.
  ///
  /// - Parameter other: what is said of numbers that say little by themselves.
  package func advice(or other: String) -> String {
    switch number {
    case _ where isWantOfRoom: "free some room or choose another disk"
    case ENOMEM: "free some memory or raise the limit"
    case EMFILE, ENFILE: "close some files or raise the limit of open files (RLIMIT_NOFILE)"
    case ENXIO: "nothing takes what is written there; start a reader first, or pipe to one"
    case EBUSY: "it can't be replaced by another file where it stands; choose another place"
    case EPIPE, EBADF: "open it for writing"
    case EAGAIN: "end some processes or threads, or raise their limit (RLIMIT_NPROC, pids.max)"
    case EIO: "the disk fails; choose another one"
    default: other
    }
  }
}
