// SPDX-License-Identifier: Apache-2.0

/// Combining marks in a row. Swift brings them into an order of its own whenever a text is compared or hashed, in time
/// that grows with the square of their number; no writing has more than a few.
package enum CombiningMarks {
  /// So many are read and written.
  package static let most = 256

  /// Whether UTF-8 has more than that in a row.
  package static func areTooMany(in text: UnsafeBufferPointer<UInt8>) -> Bool {
    // None takes less than two bytes, and all of these lie beyond ASCII: most texts are done here.
    var (stretch, longest) = (0, 0)
    for byte in text {
      stretch = byte < 0x80 ? 0 : stretch + 1
      longest = max(longest, stretch)
    }
    guard longest > 2 * most else { return false }
    var count = 0
    for scalar in String(decoding: text, as: UTF8.self).unicodeScalars {
      count = isMark(scalar) ? count + 1 : 0
      if count > most { return true }
    }
    return false
  }

  /// The text without those that are too many.
  package static func thinned(_ text: String) -> String {
    var text = text
    guard text.withUTF8({ areTooMany(in: $0) }) else { return text }
    var (count, kept) = (0, String.UnicodeScalarView())
    for scalar in text.unicodeScalars {
      count = isMark(scalar) ? count + 1 : 0
      if count <= most { kept.append(scalar) }
    }
    return String(kept)
  }

  private static func isMark(_ scalar: Unicode.Scalar) -> Bool {
    scalar.value >= 0x300 && scalar.properties.canonicalCombiningClass != .notReordered
  }
}
