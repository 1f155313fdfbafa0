// SPDX-License-Identifier: Apache-2.0
import Glibc

/// What is being written, to a file or to whatever else a path leads to. A file is there when ``finish()`` returns, and
/// not before; if it is not called, nothing is. Not for several threads.
package final class OutputFile {
  private let target: OutputTarget
  private let replaces: Bool
  private let keepsOwner: Bool
  private let draft: OutputDraft?
  private var descriptor: Int32

  /// Begins to write.
  ///
  /// - Parameters:
  ///   - replaces: Whether what is there may be replaced.
  ///   - keepsOwner: Whether a file keeps the owner and the rights of the one that it replaces. Others are their
  ///     owner's alone.
  package init(_ target: OutputTarget, replaces: Bool, keepsOwner: Bool) throws(OutputError) {
    guard replaces || !target.destroys else { throw target.taken }
    self.target = target
    self.replaces = replaces
    self.keepsOwner = keepsOwner
    let draft = target.isFile ? try OutputDraft(for: target) : nil
    self.draft = draft
    if case .descriptor(let number) = target.kind {
      // Not opened anew: that would begin at the start of the file that standard output goes to.
      descriptor = fcntl(number, F_DUPFD_CLOEXEC, 3)
    } else {
      // To the end of what somebody else has open. O_NOCTTY: a terminal must not become ours.
      let behind = draft == nil && target.kind != .disk ? O_APPEND : 0
      descriptor = open(draft?.path ?? target.path, O_WRONLY | O_CLOEXEC | O_NOCTTY | behind)
    }
    guard descriptor >= 0 else { throw .system(errno, target.path, "can't be opened") }
  }

  deinit {
    if descriptor >= 0 { close(descriptor) }
  }

  /// Writes all of it, or throws.
  package func write(_ bytes: some Collection<UInt8>) throws(OutputError) {
    let failure =
      bytes.withContiguousStorageIfAvailable { writeAll(UnsafeRawBufferPointer($0), to: descriptor) }
      ?? Array(bytes).withUnsafeBytes { writeAll($0, to: descriptor) }
    if let failure { throw .system(failure, target.path, "can't be written") }
  }

  /// To be called at the end: a file is put in its place.
  package func finish() throws(OutputError) {
    let status = close(descriptor)
    descriptor = -1
    guard status == 0 else { throw .system(errno, target.path, "can't be written") }
    try draft?.put(replaces: replaces, keepsOwner: keepsOwner)
  }
}

/// Writes to a descriptor, whatever signals and limits there are. The number of the error that stopped it; nil when all
/// is written.
///
/// Neither a reader that is gone (SIGPIPE) nor a limit of the process on file sizes (SIGXFSZ) ends the program: both
/// are told.
package func writeAll(_ bytes: UnsafeRawBufferPointer, to descriptor: Int32) -> Int32? {
  holdingSignals([SIGPIPE, SIGXFSZ]) {
    var done = 0
    while done < bytes.count {
      let count = write(descriptor, bytes.baseAddress! + done, bytes.count - done)
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
}
