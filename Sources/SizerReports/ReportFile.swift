// SPDX-License-Identifier: Apache-2.0

internal import Glibc

/// Puts bytes at a path, all or none: a reader of the path sees the old file or the new one, never half of it.
enum ReportFile {
  /// Writes through a temporary file beside `path`, with mode 0600: a report names the program's types, files and functions, which
  /// are the owner's to show.
  static func write(_ bytes: [UInt8], to path: String) throws(ReportError) {
    try check(path)
    let (descriptor, temporary) = try makeTemporary(beside: path)
    var failure = writeAll(bytes, to: descriptor)
    // The last moment at which a network file system may say that the disk is full.
    if close(descriptor) != 0, failure == nil { failure = errno }
    if failure == nil, rename(temporary, path) != 0 { failure = errno }
    if let failure {
      unlink(temporary)
      throw error(failure, doing: "written", path)
    }
  }

  /// Refuses what rename would replace by surprise: a device or a pipe, such as `/dev/stdout`.
  private static func check(_ path: String) throws(ReportError) {
    guard !path.isEmpty, !path.utf8.contains(0) else {
      throw ReportError(
        code: .invalidPath, message: "A path must not be empty nor hold a zero byte; give the path of a file.",
        place: path)
    }
    var status = stat()
    guard stat(path, &status) == 0 else { return }
    guard status.st_mode & S_IFMT == S_IFREG else {
      throw ReportError(
        code: .invalidPath, message: "This is there already and is no regular file; give the path of a file.",
        place: path)
    }
  }

  private static func makeTemporary(beside path: String) throws(ReportError) -> (descriptor: Int32, path: String) {
    var generator = SystemRandomNumberGenerator()
    while true {
      let temporary = "\(path).\(String(generator.next(), radix: 36))"
      let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
      if descriptor >= 0 { return (descriptor, temporary) }
      // Of 2^64 names, one that is taken is another report's that is being written.
      guard errno == EEXIST || errno == EINTR else { throw error(errno, doing: "made", path) }
    }
  }

  /// The error number of the write that failed; nil when all is written.
  private static func writeAll(_ bytes: [UInt8], to descriptor: Int32) -> Int32? {
    bytes.withUnsafeBytes { buffer in
      var done = 0
      while done < buffer.count {
        let count = Glibc.write(descriptor, buffer.baseAddress! + done, buffer.count - done)
        if count > 0 {
          done += count
        } else if count < 0, errno != EINTR {
          return errno
        }
      }
      return nil
    }
  }

  private static func error(_ number: Int32, doing verb: String, _ path: String) -> ReportError {
    let reason = String(cString: strerror(number))
    let isFull = number == ENOSPC || number == EDQUOT
    return ReportError(
      code: isFull ? .diskFull : .notWritable,
      message: "The report could not be \(verb): \(reason); "
        + (isFull
          ? "free some space or choose another disk." : "choose a folder that exists and that you may write to."),
      place: path)
  }
}
