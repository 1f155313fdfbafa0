// SPDX-License-Identifier: Apache-2.0

/// A place in an executable or library, as a label names it that has no symbol yet: `App@1f0c…+0x2040`.
package struct HeapPlace: Sendable, Hashable {
  /// The file's name, without folders.
  package var file: String
  /// What the linker named the build; empty when it did not.
  package var buildID: [UInt8]
  /// The place, as the file counts addresses.
  package var offset: UInt64

  /// The place that a text names; nil when it is another text.
  package init?(_ text: String) {
    guard let plus = text.lastIndex(of: "+"), text[plus...].hasPrefix("+0x"),
      let offset = UInt64(text[plus...].dropFirst(3), radix: 16)
    else { return nil }
    self.offset = offset
    let build = text[..<plus]
    let at = build.lastIndex(of: "@") ?? build.endIndex
    file = String(build[..<at])
    buildID = []
    var digits = build[at...].dropFirst()
    while let first = digits.first?.hexDigitValue, let second = digits.dropFirst().first?.hexDigitValue {
      buildID.append(UInt8(first * 16 + second))
      digits = digits.dropFirst(2)
    }
    guard digits.isEmpty else { return nil }
  }
}

extension HeapImage {
  /// The places of labels that stand for symbols and functions and have no name yet, by the label's number.
  package var places: [Int: HeapPlace] {
    var places: [Int: HeapPlace] = [:]
    for (number, label) in labels.enumerated() where label.kind == .symbol || label.kind == .function {
      places[number] = HeapPlace(label.text)
    }
    return places
  }

  /// Gives labels the names of symbols. Roots remember how far behind their symbol's begin they are.
  package mutating func nameLabels(_ names: [Int: (text: String, offset: Int)]) {
    if names.isEmpty { return }
    for (number, name) in names { labels[number].text = name.text }
    for root in roots.indices {
      guard let label = roots[root].label, let name = names[label] else { continue }
      roots[root].offset &+= name.offset
    }
  }
}
