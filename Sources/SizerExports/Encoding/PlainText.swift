// SPDX-License-Identifier: Apache-2.0

/// Without the regular expressions of the standard library, which the agent leaves out for their size.
extension StringProtocol {
  /// With another text in each place of a character.
  func putting(_ text: String, for mark: Unicode.Scalar) -> String {
    guard unicodeScalars.contains(mark) else { return String(self) }
    var result = String.UnicodeScalarView()
    for scalar in unicodeScalars {
      if scalar == mark { result.append(contentsOf: text.unicodeScalars) } else { result.append(scalar) }
    }
    return String(result)
  }
}

extension Substring {
  /// What stands before a mark and behind it, where it stands last; nil when it does not.
  func split(atLast mark: StaticString) -> (head: Substring, tail: Substring)? {
    mark.withUTF8Buffer { mark in
      var end = utf8.endIndex
      while let start = utf8.index(end, offsetBy: -mark.count, limitedBy: utf8.startIndex) {
        if utf8[start..<end].elementsEqual(mark) { return (self[..<start], self[end...]) }
        utf8.formIndex(before: &end)
      }
      return nil
    }
  }
}
