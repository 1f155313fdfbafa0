// SPDX-License-Identifier: Apache-2.0

/// The one gate for text that comes from the program: names, labels, paths, errors. What leaves it has no character
/// that is invisible or that moves others, so that nobody can be shown a name that is not there.
package enum VisibleText {
  /// The text with control, format and other invisible characters written as Swift writes them, `\u{202E}`.
  ///
  /// - Parameter limit: in bytes of UTF-8; of a longer text the beginning and the end are kept, with a mark between
  ///   them.
  package static func of(_ text: String, limit: Int = 300) -> String {
    // Before escaping: a hostile text may be huge, and only what is kept is worth the work.
    let kept = shortened(text, to: limit)
    guard kept.utf8.contains(where: { $0 < 0x20 || $0 >= 0x7F }) else { return kept }
    var result = ""
    for scalar in kept.unicodeScalars {
      if isInvisible(scalar) {
        result += "\\u{\(String(scalar.value, radix: 16, uppercase: true))}"
      } else {
        result.unicodeScalars.append(scalar)
      }
    }
    // Escaped forms are longer, up to three times; cutting once more keeps the promise.
    return shortened(result, to: limit)
  }

  private static func isInvisible(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.properties.generalCategory {
    case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .unassigned, .privateUse: true
    case .spaceSeparator: scalar != " "
    default: scalar.properties.isDefaultIgnorableCodePoint
    }
  }

  /// Cuts between scalars, never inside one.
  private static func shortened(_ text: String, to limit: Int) -> String {
    guard text.utf8.count > limit else { return text }
    let head = boundary(in: text, atOrBefore: limit * 2 / 3)
    let tail = boundary(in: text, atOrBefore: text.utf8.count - limit / 4)
    return "\(text[..<head]) … \(text[tail...])"
  }

  private static func boundary(in text: String, atOrBefore offset: Int) -> String.Index {
    var index = text.utf8.index(text.utf8.startIndex, offsetBy: offset)
    while index.samePosition(in: text.unicodeScalars) == nil { index = text.utf8.index(before: index) }
    return index
  }
}
