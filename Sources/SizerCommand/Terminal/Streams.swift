// SPDX-License-Identifier: Apache-2.0

import Glibc
import SizerProfile

/// Standard output, or what `-o` names, in large pieces. After a failure nothing more is written; ``finish()`` tells
/// it.
struct Output: TextOutputStream {
  private var bytes: [UInt8] = []
  private var failure: (any Error)?
  /// nil for standard output.
  private let file: OutputFile?

  init(_ file: OutputFile? = nil) { self.file = file }

  /// Whether nothing more is written.
  var hasFailed: Bool { failure != nil }

  mutating func write(_ text: String) { write(text.utf8) }

  /// Bytes as they are.
  mutating func write(_ more: some Sequence<UInt8>) {
    guard failure == nil else { return }
    bytes.append(contentsOf: more)
    if bytes.count >= 1 << 16 { flush() }
  }

  /// Writes what is left. To be called at the end; a file is there then, and not before.
  mutating func finish() throws {
    flush()
    if let failure { throw failure }
    try file?.finish()
  }

  private mutating func flush() {
    guard failure == nil else { return }
    do {
      if let file { try file.write(bytes) } else { try writeToStandardOutput() }
    } catch {
      if isBrokenPipe(error) { endAsReadersExpect() }
      failure = error
    }
    bytes.removeAll(keepingCapacity: true)
  }

  private func writeToStandardOutput() throws {
    guard let failure = bytes.withUnsafeBytes({ writeAll($0, to: STDOUT_FILENO) }) else { return }
    if failure == EPIPE { endAsReadersExpect() }
    throw OutputError.system(failure, "standard output", "can't be written")
  }
}

/// Whether whoever reads has had enough.
func isBrokenPipe(_ error: any Error) -> Bool { (error as? OutputError)?.kind == .system(EPIPE) }

/// Whoever reads has had enough: ends as the signal does that says so, also when our parent had us ignore it.
func endAsReadersExpect() -> Never {
  signal(SIGPIPE, SIG_DFL)
  raise(SIGPIPE)
  exit(1)
}

/// Standard error, at once.
enum StandardError {
  static func write(_ text: String) {
    var text = text
    // There is nobody left to tell when this fails.
    _ = text.withUTF8 { writeAll(UnsafeRawBufferPointer($0), to: STDERR_FILENO) }
  }
}

/// Prepares the process for writing, before anything is opened.
func prepareDescriptors() {
  // A file that is opened gets the lowest number that is free: if that were standard output's, what is printed would go
  // there. These are open the wrong way round, so that reading and writing fail as if they were closed.
  for descriptor in STDIN_FILENO...STDERR_FILENO where fcntl(descriptor, F_GETFD) < 0 {
    _ = open("/dev/null", descriptor == STDIN_FILENO ? O_WRONLY : O_RDONLY)
  }
  // A limit on file sizes is told, as a full disk is.
  signal(SIGXFSZ, SIG_IGN)
}
