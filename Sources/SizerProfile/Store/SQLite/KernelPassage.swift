// SPDX-License-Identifier: Apache-2.0
import CSQLite
import Glibc

/// Copies memory by the kernel, which says when it can't be read or written, where this process would get a signal:
/// through a pipe, for that works everywhere and no limit on file sizes counts.
final class KernelPassage {
  /// The pipe's ends, for reading and for writing; both are the same file.
  private var ends: (Int32, Int32) = (-1, -1)
  private var identity: FileIdentity?

  deinit { close() }

  /// Closes what is still ours: a program that closes descriptors it does not know has files of its own there by now.
  private func close() {
    for end in [ends.0, ends.1] where identity != nil && FileIdentity(descriptor: end) == identity { Glibc.close(end) }
    (ends, identity) = ((-1, -1), nil)
  }

  private func open() -> Bool {
    if let identity {
      guard FileIdentity(descriptor: ends.0) != identity || FileIdentity(descriptor: ends.1) != identity else {
        return true
      }
      close()
    }
    var pair: [Int32] = [-1, -1]
    // In one call: a program that another thread starts meanwhile must not inherit it.
    guard pipe2(&pair, O_CLOEXEC | O_NONBLOCK) == 0 else { return false }
    ends = (pair[0], pair[1])
    identity = FileIdentity(descriptor: pair[0])
    return identity != nil
  }

  /// False when either can't be accessed, or there are no descriptors left.
  func copy(from source: UnsafeRawPointer, to target: UnsafeMutableRawPointer, _ length: Int) -> Bool {
    guard open() else { return false }
    var done = 0
    while done < length {
      // As much as the pipe takes, 64 KiB at most and a page at least.
      let written = write(ends.1, source + done, length - done)
      var taken = 0
      while taken < written {
        let count = read(ends.0, target + done + taken, written - taken)
        guard count > 0 else { break }
        taken += count
      }
      guard written > 0, taken == written else {
        // What is left in the pipe must not be taken for what comes next.
        close()
        return false
      }
      done += written
    }
    return true
  }
}
