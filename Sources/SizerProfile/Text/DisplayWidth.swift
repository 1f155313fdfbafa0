// SPDX-License-Identifier: Apache-2.0

/// A part of a text that is shown as a whole, and the columns that a terminal gives it.
struct Glyph {
  var text: String
  var width: Int
}

extension Glyph {
  /// A character as it is safe to show: what controls a terminal, ends a line or turns the direction of writing is
  /// spelled out.
  init(_ character: Character) {
    // Hundreds of marks on one letter paint over the lines around it; no script stacks that many.
    let scalars = character.unicodeScalars.prefix(16)
    let isCluster = scalars.count > 1
    // By scalars: comparing characters brings both into one form, which is quadratic in the number of marks.
    if scalars.count == 2, scalars.first == "\r", scalars.last == "\n" {
      self.init(spelled: "\\r\\n")
    } else if scalars.allSatisfy({ isHarmless($0, inCluster: isCluster) }) {
      var text = String.UnicodeScalarView()
      text.append(contentsOf: scalars)
      self.init(text: String(text), width: columns(of: scalars))
    } else {
      self.init(spelled: scalars.map(spelling).joined())
    }
  }

  private init(spelled text: String) {
    self.init(text: text, width: text.utf8.count)
  }
}

private func isHarmless(_ scalar: Unicode.Scalar, inCluster: Bool) -> Bool {
  switch scalar.properties.generalCategory {
  case .control, .lineSeparator, .paragraphSeparator, .surrogate, .unassigned: return false
  // Joiners hold emoji and some scripts together, tags spell flags; alone they are invisible.
  case .format: return inCluster && (0x200C...0x200D ~= scalar.value || 0xE0020...0xE007F ~= scalar.value)
  default: return true
  }
}

private func spelling(_ scalar: Unicode.Scalar) -> String {
  switch scalar {
  case "\n": return "\\n"
  case "\r": return "\\r"
  case "\t": return "\\t"
  case _ where isHarmless(scalar, inCluster: false): return String(Character(scalar))
  default: return "\\u{" + String(scalar.value, radix: 16) + "}"
  }
}

/// The widest of the scalars decides: marks have no width of their own, a joined emoji is as wide as its first.
private func columns(of scalars: String.UnicodeScalarView.SubSequence) -> Int {
  var width = 0
  for scalar in scalars {
    switch scalar.properties.generalCategory {
    case .nonspacingMark, .enclosingMark, .format:
      // U+FE0F asks for the coloured form of the symbol before it, which is wide.
      if scalar.value == 0xFE0F { width = 2 }
    default: width = max(width, isWide(scalar) ? 2 : 1)
    }
  }
  return width
}

/// Whether a scalar takes two columns: wide and full-width ones of Unicode's EastAsianWidth.txt, gaps closed, and
/// emoji.
private func isWide(_ scalar: Unicode.Scalar) -> Bool {
  guard scalar.value >= 0x1100 else { return false }
  return scalar.properties.isEmojiPresentation || wideRanges.contains { $0 ~= scalar.value }
}

private let wideRanges: [ClosedRange<UInt32>] = [
  0x1100...0x115F, 0x2329...0x232A, 0x2E80...0x303E, 0x3040...0xA4CF, 0xA960...0xA97F, 0xAC00...0xD7A3,
  0xF900...0xFAFF, 0xFE10...0xFE1F, 0xFE30...0xFE6F, 0xFF00...0xFF60, 0xFFE0...0xFFE6, 0x16FE0...0x1B2FF,
  0x1F200...0x1F265, 0x20000...0x3FFFD,
]
