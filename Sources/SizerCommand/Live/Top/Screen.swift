// SPDX-License-Identifier: Apache-2.0

/// What a terminal shows, so that only lines that changed are sent to it.
package struct Screen: Sendable, Hashable {
  private var size: ScreenSize?
  private var shown: [String] = []

  package init() {}

  /// What to send so that these lines are shown; empty when they are.
  package mutating func update(to lines: [String], size: ScreenSize) -> String {
    var text = ""
    if self.size != size {
      text = "\u{1B}[0m\u{1B}[2J"
      shown = []
      self.size = size
    }
    for (row, line) in lines.enumerated() where row >= shown.count ? !line.isEmpty : shown[row] != line {
      // Erased first: behind a full line some terminals would erase its last column.
      text += "\u{1B}[\(row + 1);1H\u{1B}[2K\(line)"
    }
    shown = lines
    return text
  }

  /// Nothing is known of what is shown: all is sent next.
  package mutating func forget() { self = Screen() }
}
