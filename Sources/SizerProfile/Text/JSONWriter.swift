// SPDX-License-Identifier: Apache-2.0

/// JSON as bytes that, unless told otherwise, may stand inside a `<script>` element: `<`, `>` and `&` are escaped, so
/// no text can end the element or start a comment in it, and so are U+2028 and U+2029.
package struct JSONWriter {
  package private(set) var bytes: [UInt8] = []
  private var needsComma = false
  private let escapesMarkup: Bool

  /// - Parameter escapesMarkup: false for JSON that stands alone and that people read, too.
  package init(escapesMarkup: Bool = true) { self.escapesMarkup = escapesMarkup }

  package mutating func beginObject() { open("{") }
  package mutating func endObject() { close("}") }
  package mutating func beginArray() { open("[") }
  package mutating func endArray() { close("]") }

  /// A member's name; its value follows. Names are ours.
  package mutating func key(_ name: StaticString) {
    separate()
    bytes.append(UInt8(ascii: "\""))
    name.withUTF8Buffer { bytes.append(contentsOf: $0) }
    bytes.append(contentsOf: [UInt8(ascii: "\""), UInt8(ascii: ":")])
    needsComma = false
  }

  package mutating func integer(_ value: Int) {
    separate()
    // What is larger, a script would round to something else.
    let limit = 9_007_199_254_740_991
    bytes.append(contentsOf: String(min(max(value, -limit), limit)).utf8)
    needsComma = true
  }

  /// A number with three decimals.
  package mutating func thousandths(_ value: Int) {
    let digits = String(value.magnitude % 1_000)
    let decimals = String(repeating: "0", count: 3 - digits.utf8.count) + digits
    separate()
    bytes.append(contentsOf: "\(value < 0 ? "-" : "")\(value.magnitude / 1_000).\(decimals)".utf8)
    needsComma = true
  }

  package mutating func boolean(_ value: Bool) {
    separate()
    bytes.append(contentsOf: (value ? "true" : "false").utf8)
    needsComma = true
  }

  package mutating func integers<Values: Sequence<Int>>(_ values: Values) {
    beginArray()
    for value in values { integer(value) }
    endArray()
  }

  /// Text of any origin, made visible first.
  package mutating func string(_ text: String) {
    separate()
    bytes.append(UInt8(ascii: "\""))
    for scalar in VisibleText.of(text).unicodeScalars { append(scalar) }
    bytes.append(UInt8(ascii: "\""))
    needsComma = true
  }

  package mutating func null() {
    separate()
    bytes.append(contentsOf: "null".utf8)
    needsComma = true
  }

  private mutating func append(_ scalar: Unicode.Scalar) {
    switch scalar {
    case "\"": bytes.append(contentsOf: [UInt8(ascii: "\\"), UInt8(ascii: "\"")])
    case "\\": bytes.append(contentsOf: [UInt8(ascii: "\\"), UInt8(ascii: "\\")])
    case "<" where !escapesMarkup, ">" where !escapesMarkup, "&" where !escapesMarkup:
      bytes.append(UInt8(ascii: scalar))
    case "<", ">", "&", "\u{2028}", "\u{2029}", "\u{0}"..<" ":
      let digits = String(scalar.value, radix: 16)
      bytes.append(contentsOf: "\\u\(String(repeating: "0", count: 4 - digits.utf8.count))\(digits)".utf8)
    default: bytes.append(contentsOf: UTF8.encode(scalar)!)
    }
  }

  private mutating func separate() {
    if needsComma { bytes.append(UInt8(ascii: ",")) }
  }

  private mutating func open(_ bracket: Unicode.Scalar) {
    separate()
    bytes.append(UInt8(ascii: bracket))
    needsComma = false
  }

  private mutating func close(_ bracket: Unicode.Scalar) {
    bytes.append(UInt8(ascii: bracket))
    needsComma = true
  }
}
