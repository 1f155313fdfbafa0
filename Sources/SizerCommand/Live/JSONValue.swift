// SPDX-License-Identifier: Apache-2.0

/// What a JSON text says (RFC 8259). Anybody may have written it: what is no JSON, or nested deeper than anything that
/// is asked for, is nothing.
package enum JSONValue: Sendable, Hashable {
  case null
  case bool(Bool)
  case integer(Int)
  /// A number that is no whole one, or too large for it.
  case number(Double)
  case string(String)
  case array([JSONValue])
  case object([Member])

  /// A member of an object. In the text's order, and there may be two of a name.
  package struct Member: Sendable, Hashable {
    package var name: String
    package var value: JSONValue
  }

  /// The value of a text in UTF-8; nil when it is none. Takes time and memory in proportion to the text.
  package init?(_ bytes: [UInt8]) {
    var reader = JSONReader(bytes)
    guard let value = reader.whole() else { return nil }
    self = value
  }

  /// The first member of this name.
  package subscript(_ name: StaticString) -> JSONValue? {
    guard case .object(let members) = self else { return nil }
    // By bytes, not as Swift compares texts: names are the writer's, and may be long.
    return members.first { member in name.withUTF8Buffer { $0.elementsEqual(member.name.utf8) } }?.value
  }

  package var text: String? { if case .string(let text) = self { text } else { nil } }

  package var values: [JSONValue]? { if case .array(let values) = self { values } else { nil } }

  package var real: Double? {
    switch self {
    case .integer(let value): Double(value)
    case .number(let value): value
    default: nil
    }
  }
}

/// Reads a text from its start to its end.
private struct JSONReader {
  /// Deeper than any answer; each level is a call.
  private static let mostDepth = 32

  private let bytes: [UInt8]
  private var place = 0
  private var depth = 0

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  mutating func whole() -> JSONValue? {
    guard let value = value() else { return nil }
    skipSpace()
    return place == bytes.count ? value : nil
  }

  private mutating func value() -> JSONValue? {
    skipSpace()
    switch next {
    case UInt8(ascii: "{"): return nested { $0.object() }
    case UInt8(ascii: "["): return nested { $0.array() }
    case UInt8(ascii: "\""): return string().map { .string($0) }
    case UInt8(ascii: "t"): return takes("true") ? .bool(true) : nil
    case UInt8(ascii: "f"): return takes("false") ? .bool(false) : nil
    case UInt8(ascii: "n"): return takes("null") ? .null : nil
    default: return number()
    }
  }

  private mutating func nested(_ body: (inout JSONReader) -> JSONValue?) -> JSONValue? {
    guard depth < Self.mostDepth else { return nil }
    depth += 1
    place += 1
    defer { depth -= 1 }
    return body(&self)
  }

  private mutating func object() -> JSONValue? {
    var members: [JSONValue.Member] = []
    skipSpace()
    if takes("}") { return .object([]) }
    repeat {
      skipSpace()
      guard let name = string() else { return nil }
      skipSpace()
      guard takes(":"), let value = value() else { return nil }
      members.append(.init(name: name, value: value))
      skipSpace()
    } while takes(",")
    return takes("}") ? .object(members) : nil
  }

  private mutating func array() -> JSONValue? {
    var values: [JSONValue] = []
    skipSpace()
    if takes("]") { return .array([]) }
    repeat {
      guard let value = value() else { return nil }
      values.append(value)
      skipSpace()
    } while takes(",")
    return takes("]") ? .array(values) : nil
  }

  // MARK: Texts

  private mutating func string() -> String? {
    guard takes("\"") else { return nil }
    let start = place
    while let byte = next, byte != UInt8(ascii: "\""), byte != UInt8(ascii: "\\"), byte >= 0x20 { place += 1 }
    // Nearly all texts are done here.
    guard next == UInt8(ascii: "\\") else {
      let text = String(decoding: bytes[start..<place], as: UTF8.self)
      return takes("\"") ? text : nil
    }
    var text = Array(bytes[start..<place])
    while let byte = next, byte >= 0x20 {
      place += 1
      switch byte {
      case UInt8(ascii: "\""): return String(decoding: text, as: UTF8.self)
      case UInt8(ascii: "\\"):
        guard let scalar = escaped() else { return nil }
        text.append(contentsOf: UTF8.encode(scalar)!)
      default: text.append(byte)
      }
    }
    return nil
  }

  private mutating func escaped() -> Unicode.Scalar? {
    guard let byte = next else { return nil }
    place += 1
    switch byte {
    case UInt8(ascii: "n"): return "\n"
    case UInt8(ascii: "r"): return "\r"
    case UInt8(ascii: "t"): return "\t"
    case UInt8(ascii: "b"): return "\u{8}"
    case UInt8(ascii: "f"): return "\u{C}"
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return Unicode.Scalar(byte)
    case UInt8(ascii: "u"): return fourDigits().flatMap { scalar($0) }
    default: return nil
    }
  }

  /// The scalar of a code unit of UTF-16 and, if it is half of one, the unit behind it. A half alone is no text.
  private mutating func scalar(_ unit: UInt32) -> Unicode.Scalar? {
    guard 0xD800...0xDBFF ~= unit else { return Unicode.Scalar(unit) ?? "\u{FFFD}" }
    let before = place
    guard takes("\\u"), let low = fourDigits(), 0xDC00...0xDFFF ~= low else {
      place = before
      return "\u{FFFD}"
    }
    return Unicode.Scalar(0x10000 + (unit - 0xD800) << 10 + (low - 0xDC00))
  }

  private mutating func fourDigits() -> UInt32? {
    guard place + 4 <= bytes.count else { return nil }
    var value: UInt32 = 0
    for byte in bytes[place..<place + 4] {
      guard let digit = Character(Unicode.Scalar(byte)).hexDigitValue else { return nil }
      value = value << 4 | UInt32(digit)
    }
    place += 4
    return value
  }

  // MARK: Numbers

  private mutating func number() -> JSONValue? {
    let start = place
    _ = takes("-")
    let digits = place
    guard skipDigits(), bytes[digits] != UInt8(ascii: "0") || place == digits + 1 else { return nil }
    var isWhole = true
    if takes(".") {
      isWhole = false
      guard skipDigits() else { return nil }
    }
    if takes("e") || takes("E") {
      isWhole = false
      _ = takes("+") || takes("-")
      guard skipDigits() else { return nil }
    }
    let text = String(decoding: bytes[start..<place], as: UTF8.self)
    if isWhole, let value = Int(text) { return .integer(value) }
    return Double(text).flatMap { $0.isFinite ? .number($0) : nil }
  }

  /// Whether there was one at least.
  private mutating func skipDigits() -> Bool {
    let start = place
    while let byte = next, 0x30...0x39 ~= byte { place += 1 }
    return place > start
  }

  // MARK: Bytes

  private var next: UInt8? { place < bytes.count ? bytes[place] : nil }

  private mutating func skipSpace() {
    while let byte = next, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { place += 1 }
  }

  /// Whether this stands here; passes it then.
  private mutating func takes(_ text: StaticString) -> Bool {
    let end = place + text.utf8CodeUnitCount
    guard end <= bytes.count, text.withUTF8Buffer({ $0.elementsEqual(bytes[place..<end]) }) else { return false }
    place = end
    return true
  }
}
