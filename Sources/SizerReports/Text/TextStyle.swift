// SPDX-License-Identifier: Apache-2.0

/// How text is to look: where it goes decides.
package struct TextStyle: Sendable, Hashable {
  /// The columns that a line may have.
  package var width: Int
  /// Whether there may be colours: escape sequences of ECMA-48 (`ESC [ 1 m`).
  package var hasColours: Bool

  /// Without colours and 79 columns wide unless told otherwise. A width below 40 counts as 40: narrower than that there
  /// are no tables.
  package init(width: Int = 79, hasColours: Bool = false) {
    self.width = max(40, width)
    self.hasColours = hasColours
  }

  package enum Emphasis: String, Sendable {
    case heading = "1"
    case more = "31"
    case less = "32"
  }

  /// The text, with colours if there may be any; for text that takes its place in columns already.
  package func emphasised(_ text: String, _ emphasis: Emphasis?) -> String {
    guard hasColours, let emphasis else { return text }
    return "\u{1B}[\(emphasis.rawValue)m\(text)\u{1B}[0m"
  }
}
