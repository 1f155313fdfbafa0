// SPDX-License-Identifier: Apache-2.0

import Foundation

/// One line on standard error that says what is being measured, rewritten as it changes. Silent where standard error is
/// not a terminal.
struct Progress {
  private let isShown = isatty(STDERR_FILENO) == 1

  func show(_ text: String) { write(text + " …") }

  func clear() { write("") }

  private func write(_ text: String) {
    guard isShown else { return }
    let clearToEndOfLine = "\u{1B}[K"
    FileHandle.standardError.write(Data("\r\(text)\(clearToEndOfLine)".utf8))
  }
}
