// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Standard output, in large pieces. After a failure nothing more is written; ``finish()`` tells it.
struct Output: TextOutputStream {
  private var bytes: [UInt8] = []
  private var failure: Int32?

  mutating func write(_ text: String) {
    guard failure == nil else { return }
    bytes.append(contentsOf: text.utf8)
    if bytes.count >= 1 << 16 { flush() }
  }

  /// Writes what is left. To be called at the end.
  mutating func finish() throws(Failure) {
    flush()
    guard let failure else { return }
    throw Failure(
      message: "standard output could not be written: \(String(cString: strerror(failure))); free some room there")
  }

  private mutating func flush() {
    guard failure == nil else { return }
    failure = bytes.withUnsafeBytes { writeAll($0, to: STDOUT_FILENO) }
    bytes.removeAll(keepingCapacity: true)
    if failure == EPIPE { endAsReadersExpect() }
  }

  /// Whoever reads has had enough. The signal has ended us already, unless our parent had us ignore it: then we end as if it had not.
  private func endAsReadersExpect() -> Never {
    signal(SIGPIPE, SIG_DFL)
    raise(SIGPIPE)
    exit(1)
  }
}

/// Standard error, at once.
enum StandardError {
  static func write(_ text: String) {
    var text = text
    // There is nobody left to tell when this fails.
    _ = text.withUTF8 { writeAll(UnsafeRawBufferPointer($0), to: STDERR_FILENO) }
  }
}

/// The number of the error that stopped it; nil when all is written.
private func writeAll(_ buffer: UnsafeRawBufferPointer, to descriptor: Int32) -> Int32? {
  var done = 0
  while done < buffer.count {
    let count = Glibc.write(descriptor, buffer.baseAddress! + done, buffer.count - done)
    if count > 0 {
      done += count
    } else if count < 0, errno == EAGAIN {
      // Somebody else made the descriptor non-blocking.
      var wanted = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
      poll(&wanted, 1, -1)
    } else if count < 0, errno != EINTR {
      return errno
    }
  }
  return nil
}
