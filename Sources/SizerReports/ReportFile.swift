// SPDX-License-Identifier: Apache-2.0

internal import SizerProfile

/// Puts bytes at a path. A file is replaced as a whole: a reader of the path sees the old one or the new one, never
/// half of it.
enum ReportFile {
  /// A new file gets mode 0600: a report names the program's types, files and functions, which are the owner's to show.
  static func write(_ bytes: [UInt8], to path: String, operation: String) throws(ReportError) {
    do throws(OutputError) {
      let file = try OutputFile(try OutputTarget(path: path), replaces: true, keepsOwner: false)
      try file.write(bytes)
      try file.finish()
    } catch {
      throw ReportError(error, operation)
    }
  }
}

extension ReportError {
  fileprivate init(_ error: OutputError, _ operation: String) {
    let code: Code =
      switch error.kind {
      case .invalid, .exists: .invalidPath
      case .system(let number): SystemRefusal(number: number).isWantOfRoom ? .diskFull : .notWritable
      }
    self.init(code, operation, path: error.path, error.problem, advice: error.advice, cause: error.cause)
  }
}
