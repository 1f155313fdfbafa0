// SPDX-License-Identifier: Apache-2.0

internal import Glibc
internal import SizerProfile

/// Puts bytes at a path. A file is replaced as a whole: a reader of the path sees the old one or the new one, never half of it.
enum ReportFile {
  /// A new file gets mode 0600: a report names the program's types, files and functions, which are the owner's to show.
  static func write(_ bytes: [UInt8], to path: String) throws(ReportError) {
    do throws(OutputError) {
      let file = try OutputFile(try OutputTarget(path: path), replaces: true, keepsOwner: false)
      try file.write(bytes)
      try file.finish()
    } catch {
      throw ReportError(error)
    }
  }
}

extension ReportError {
  fileprivate init(_ error: OutputError) {
    let code: Code =
      switch error.kind {
      case .invalid, .exists: .invalidPath
      case .system(ENOSPC), .system(EDQUOT), .system(EFBIG): .diskFull
      case .system: .notWritable
      }
    self.init(code: code, message: "The report \(error.reason).", place: error.path)
  }
}
