// SPDX-License-Identifier: Apache-2.0
import SizerProfile

/// HTML as bytes. Text goes in through ``text(_:)`` only; ``raw(_:)`` takes literals of our own, which `StaticString`
/// enforces.
package struct Markup {
  package private(set) var bytes: [UInt8] = []

  package init() {}

  /// Markup of our own.
  package mutating func raw(_ markup: StaticString) {
    markup.withUTF8Buffer { bytes.append(contentsOf: $0) }
  }

  /// Text of any origin, made visible and escaped for content and for quoted attributes.
  package mutating func text(_ text: String) {
    for byte in VisibleText.of(text).utf8 {
      switch byte {
      case UInt8(ascii: "<"): raw("&lt;")
      case UInt8(ascii: ">"): raw("&gt;")
      case UInt8(ascii: "&"): raw("&amp;")
      case UInt8(ascii: "\""): raw("&quot;")
      case UInt8(ascii: "'"): raw("&#39;")
      default: bytes.append(byte)
      }
    }
  }

  /// Bytes that are safe where they go: the page's own style and script, and JSON from ``JSONWriter``.
  package mutating func trusted(_ content: [UInt8]) { bytes.append(contentsOf: content) }
}
