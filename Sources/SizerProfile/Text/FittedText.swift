// SPDX-License-Identifier: Apache-2.0

/// Text on one line that takes no more columns than it may: cut, with `...` where something is missing.
package struct FittedText: Sendable, Hashable {
  /// Which part of a text that is too long stays.
  package enum Kept: Sendable, Hashable, CaseIterable {
    case start, end, both
  }

  package var text: String
  /// The columns that a terminal gives it.
  package var width: Int

  package init(_ text: String, in room: Int, keeping kept: Kept = .start) {
    let ellipsis = String(repeating: ".", count: min(3, max(room, 0)))
    let left = max(room, 0) - ellipsis.utf8.count
    let (start, end) =
      switch kept {
      case .start: (left, 0)
      case .end: (0, left)
      case .both: (left / 2, left - left / 2)
      }
    // Nearly all names are ASCII, where a byte is a column: a million of them must not be taken apart.
    let bytes = text.utf8
    if bytes.allSatisfy({ 0x20...0x7E ~= $0 }) {
      self.text =
        bytes.count <= room
        ? text : String(text.unicodeScalars.prefix(start)) + ellipsis + String(text.unicodeScalars.suffix(end))
      self.width = min(bytes.count, max(room, 0))
      return
    }
    let whole = GlyphRun(text, room: room)
    if whole.isComplete {
      self.text = whole.glyphs.map(\.text).joined()
      self.width = whole.width
    } else {
      let first = GlyphRun(text, room: start).glyphs
      let last = GlyphRun(text.reversed(), room: end).glyphs.reversed()
      self.text = first.map(\.text).joined() + ellipsis + last.map(\.text).joined()
      self.width = (first + last).reduce(ellipsis.utf8.count) { $0 + $1.width }
    }
  }

  /// With spaces behind it.
  package func leading(in columns: Int) -> String { text + spaces(columns - width) }
}

/// As many of the first characters of a text as there is room for. Looks at no more of the text than that.
private struct GlyphRun {
  var glyphs: [Glyph] = []
  var width = 0
  /// Whether these are all.
  var isComplete = true

  init(_ text: some Sequence<Character>, room: Int) {
    for character in text {
      let glyph = Glyph(character)
      guard width + glyph.width <= room else {
        isComplete = false
        return
      }
      glyphs.append(glyph)
      width += glyph.width
    }
  }
}
