// SPDX-License-Identifier: Apache-2.0

/// A text byte for byte: to Swift, é is é, whether it is one scalar or two.
package struct ExactText: Hashable, Sendable {
  package let text: String

  package init(_ text: String) { self.text = text }

  package static func == (left: ExactText, right: ExactText) -> Bool { left.text.isSameText(as: right.text) }
  package func hash(into hasher: inout Hasher) { text.withBytes { hasher.combine(bytes: UnsafeRawBufferPointer($0)) } }
}

/// Where a long text's bytes lie in memory, by which it is known again without a look at it; as long as it is kept.
struct TextPlace: Hashable {
  let start: UInt
  let count: Int

  /// nil for a text of no more than `length` bytes. Up to 15 lie in the value itself, which may be anywhere.
  init?(_ text: String, longerThan length: Int) {
    guard text.utf8.count > length else { return nil }
    (start, count) = text.withBytes { (UInt(bitPattern: $0.baseAddress), $0.count) }
  }
}
