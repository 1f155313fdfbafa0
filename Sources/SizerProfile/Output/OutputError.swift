// SPDX-License-Identifier: Apache-2.0
import Glibc

/// Why something could not be written where it should go.
package struct OutputError: Error, Sendable, Hashable {
  /// What stands in the way.
  package enum Kind: Sendable, Hashable {
    /// Nothing can be written to what the path names.
    case invalid
    /// There is something already.
    case exists
    /// The system refused, with a number of errno(3).
    case system(Int32)
  }

  package var kind: Kind
  /// The place, as the caller named it.
  package var path: String
  /// What is said of it: `is a folder; name a file`.
  package var reason: String

  package init(_ kind: Kind, _ path: String, _ reason: String) {
    self.kind = kind
    self.path = path
    self.reason = reason
  }

  /// What the system says, and what can be done about it.
  static func system(_ number: Int32, _ path: String, _ action: String) -> OutputError {
    let reason = String(cString: strerror(number))
    let advice =
      switch number {
      case ENOSPC, EDQUOT, EFBIG: "free some room or choose another disk"
      case ENXIO: "nothing takes what is written there; start a reader first, or pipe to one"
      case EBUSY: "it can't be replaced by another file where it stands; choose another place"
      case EPIPE, EBADF: "open it for writing"
      default: "choose a folder that exists and that you may write to"
      }
    return OutputError(.system(number), path, "\(action): \(reason); \(advice)")
  }
}
