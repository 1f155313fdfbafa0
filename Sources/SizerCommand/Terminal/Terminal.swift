// SPDX-License-Identifier: Apache-2.0

import Glibc
import SizerReports

/// What the program knows of where its text goes.
enum Terminal {
  /// Whether a descriptor is a terminal that obeys escape sequences.
  static func isCapable(_ descriptor: Int32) -> Bool {
    guard isatty(descriptor) == 1 else { return false }
    let kind = environment("TERM") ?? ""
    return !kind.isEmpty && kind != "dumb"
  }

  /// Whether standard output is one, of any kind.
  static var isOutput: Bool { isatty(STDOUT_FILENO) == 1 }

  /// As wide as the user says (COLUMNS), as the terminal is, or 79 columns; colours on a terminal only, and not with
  /// NO_COLOR (no-color.org).
  static var style: TextStyle {
    let hasColours = isCapable(STDOUT_FILENO) && (environment("NO_COLOR") ?? "").isEmpty
    return TextStyle(width: declaredWidth ?? measuredWidth ?? 79, hasColours: hasColours)
  }

  /// Whether anything says how wide lines may be.
  static var hasWidth: Bool { declaredWidth != nil || measuredWidth != nil }

  private static var declaredWidth: Int? {
    environment("COLUMNS").flatMap { Int($0) }.flatMap { $0 > 0 ? $0 : nil }
  }

  private static var measuredWidth: Int? {
    var size = winsize()
    guard isOutput, ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return nil }
    return Int(size.ws_col)
  }

  private static func environment(_ name: String) -> String? {
    getenv(name).map { String(cString: $0) }
  }
}
