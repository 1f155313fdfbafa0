// SPDX-License-Identifier: Apache-2.0

/// Text on one line that takes no more columns than it may: cut, with `...` where something is missing. However long a
/// text is, no more of it is looked at than could be shown.
package struct FittedText: Sendable, Hashable {
  /// Which part of a text that is too long stays.
  package enum Kept: Sendable, Hashable, CaseIterable {
    case start, end, both
  }

  package var text: String
  /// The columns that a terminal gives it.
  package var width: Int

  package init(_ text: String, in room: Int, keeping kept: Kept = .start) {
    let room = max(room, 0)
    let ellipsis = String(repeating: ".", count: min(3, room))
    let left = room - ellipsis.utf8.count
    let (start, end) =
      switch kept {
      case .start: (left, 0)
      case .end: (0, left)
      case .both: (left / 2, left - left / 2)
      }
    let window = Self.window(room)
    let isSeenWhole = text.utf8.count <= 2 * window
    // Nearly all names are ASCII, where a byte is a column: a million of them must not be taken apart.
    if isSeenWhole
      ? Self.isPlain(text[...]) : Self.isPlain(text.prefix(bytes: start)) && Self.isPlain(text.suffix(bytes: end))
    {
      let fits = isSeenWhole && text.utf8.count <= room
      self.text = fits ? text : String(text.prefix(bytes: start)) + ellipsis + String(text.suffix(bytes: end))
      self.width = fits ? text.utf8.count : room
      return
    }
    let head = isSeenWhole ? text : String(text.prefix(bytes: window))
    let tail = isSeenWhole ? text : String(text.suffix(bytes: window))
    if isSeenWhole {
      let whole = GlyphRun(firstOf: text, room: room)
      guard !whole.isComplete else {
        self.text = whole.text
        self.width = whole.width
        return
      }
    }
    let first = GlyphRun(firstOf: head, room: start)
    let last = GlyphRun(lastOf: tail, room: end, isCut: !isSeenWhole)
    self.text = first.text + ellipsis + last.text
    self.width = first.width + ellipsis.utf8.count + last.width
  }

  /// With spaces behind it.
  package func leading(in columns: Int) -> String { text + spaces(columns - width) }

  /// The end of a text, as far as it could be shown in so many columns: for what is put together of parts before it is
  /// fitted.
  static func end(of text: String, in room: Int) -> String {
    let window = window(max(room, 0))
    return text.utf8.count <= window ? text : "..." + text.suffix(bytes: window)
  }

  /// How many bytes can be shown in so many columns: of each character 16 scalars of four bytes. Not too few, so that a
  /// name with marks that are not shown counts as whole.
  private static func window(_ room: Int) -> Int { max(1_024, 64 * min(room, 1 << 24)) }

  private static func isPlain(_ text: Substring) -> Bool { text.utf8.allSatisfy { 0x20...0x7E ~= $0 } }
}

/// As many of the first or the last characters of a text as there is room for.
private struct GlyphRun {
  var text = ""
  var width = 0
  /// Whether these are all.
  var isComplete = true

  /// Looks at no more of the text than that.
  init(firstOf text: String, room: Int) {
    for character in text {
      let glyph = Glyph(character)
      guard width + glyph.width <= room else {
        isComplete = false
        return
      }
      self.text += glyph.text
      width += glyph.width
    }
  }

  /// From the front, too: going backwards, each of many marks looks for the letter that it stands on.
  ///
  /// - Parameter isCut: Whether the text may begin within a character.
  init(lastOf text: String, room: Int, isCut: Bool) {
    guard room > 0 else { return }
    var glyphs: [Glyph] = []
    for character in text.dropFirst(isCut ? 1 : 0) { glyphs.append(Glyph(character)) }
    var start = glyphs.endIndex
    while start > 0, width + glyphs[start - 1].width <= room {
      start -= 1
      width += glyphs[start].width
    }
    isComplete = start == 0
    self.text = glyphs[start...].map(\.text).joined()
  }
}
