// SPDX-License-Identifier: Apache-2.0

/// So many spaces; none for a number below zero.
func spaces(_ count: Int) -> String {
  count < someSpaces.count ? someSpaces[max(0, count)] : String(repeating: " ", count: count)
}

/// Made once: a line has several of them, and there may be millions of lines.
private let someSpaces = (0..<80).map { String(repeating: " ", count: $0) }

/// Text of ASCII with spaces before it.
func padded(left text: String, to width: Int) -> String {
  spaces(width - text.utf8.count) + text
}

/// Text of ASCII with spaces behind it.
func padded(right text: String, to width: Int) -> String {
  text + spaces(width - text.utf8.count)
}

/// A line of these parts, with its end. Copies bytes: joining strings one by one costs several times as much.
func textLine(_ parts: String...) -> String {
  var bytes: [UInt8] = []
  bytes.reserveCapacity(120)
  for part in parts { bytes.append(contentsOf: part.utf8) }
  bytes.append(UInt8(ascii: "\n"))
  return String(decoding: bytes, as: UTF8.self)
}
