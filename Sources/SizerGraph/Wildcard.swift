// SPDX-License-Identifier: Apache-2.0

/// A name or a path in which `*` stands for any characters, none too.
package struct Wildcard: Sendable {
  private let parts: [[UInt8]]

  package init(_ text: String) {
    parts = text.utf8.split(separator: UInt8(ascii: "*"), omittingEmptySubsequences: false).map(Array.init)
  }

  /// Whether the text is meant, from begin to end, byte for byte. O(text * pattern).
  package func matches(_ text: String) -> Bool {
    var rest = Array(text.utf8)[...]
    guard let first = parts.first, rest.starts(with: first) else { return false }
    rest = rest.dropFirst(first.count)
    guard parts.count > 1 else { return rest.isEmpty }
    for part in parts.dropFirst().dropLast() {
      // The first place that fits leaves most for the others.
      guard
        let place = rest.indices.first(where: { rest[$0...].starts(with: part) })
          ?? (part.isEmpty ? rest.endIndex : nil)
      else { return false }
      rest = rest[place...].dropFirst(part.count)
    }
    let last = parts[parts.count - 1]
    return rest.count >= last.count && rest.suffix(last.count).elementsEqual(last)
  }
}
