// SPDX-License-Identifier: Apache-2.0

/// A key that was pressed.
package enum Key: Sendable, Hashable {
  case character(Character)
  case enter, tab, backTab, escape, backspace, eraseLine
  case up, down, pageUp, pageDown, home, end
  /// What stands for the end of all input, Control-D.
  case endOfInput
}

/// Makes keys of what a terminal sends, which may come in pieces. What it does not know is no key.
package struct KeyDecoder: Sendable {
  private var waiting: [UInt8] = []

  package init() {}

  /// Whether more must come, soon, before it is known what was pressed: Escape alone, or the start of another key.
  package var isWaiting: Bool { !waiting.isEmpty }

  /// The keys that are complete with these bytes.
  package mutating func feed(_ bytes: some Sequence<UInt8>) -> [Key] {
    waiting += bytes
    var keys: [Key] = []
    while !waiting.isEmpty, let (key, length) = Self.first(of: waiting) {
      waiting.removeFirst(length)
      if let key { keys.append(key) }
    }
    return keys
  }

  /// Nothing came for a while: what waits is all there is.
  package mutating func flush() -> [Key] {
    defer { waiting = [] }
    return waiting == [0x1B] ? [.escape] : []
  }

  /// The first key and how many bytes it has; no key for a sequence that is not known. nil when more must come.
  private static func first(of bytes: [UInt8]) -> (key: Key?, length: Int)? {
    switch bytes[0] {
    case 0x0D, 0x0A: (.enter, 1)
    case 0x09: (.tab, 1)
    case 0x7F, 0x08: (.backspace, 1)
    case 0x15: (.eraseLine, 1)
    case 0x04: (.endOfInput, 1)
    case 0x1B: sequence(bytes)
    case 0x20...0x7E: (.character(Character(Unicode.Scalar(bytes[0]))), 1)
    case 0xC2...0xF4: scalar(bytes)
    default: (nil, 1)
    }
  }

  /// ECMA-48: `ESC [`, parameters, a final byte; `ESC O` and a byte.
  private static func sequence(_ bytes: [UInt8]) -> (key: Key?, length: Int)? {
    guard bytes.count > 1 else { return nil }
    switch bytes[1] {
    case UInt8(ascii: "O"): return bytes.count > 2 ? (named(bytes[2], []), 3) : nil
    case UInt8(ascii: "["):
      guard let end = bytes.dropFirst(2).firstIndex(where: { !(0x20...0x3F ~= $0) }) else {
        // Nobody's key is longer.
        return bytes.count > 32 ? (nil, bytes.count) : nil
      }
      return (named(bytes[end], bytes[2..<end]), end + 1)
    default: return (.escape, 1)
    }
  }

  private static func named(_ end: UInt8, _ parameters: ArraySlice<UInt8>) -> Key? {
    switch (end, parameters.prefix { $0 != UInt8(ascii: ";") }.map { Character(Unicode.Scalar($0)) }) {
    case (UInt8(ascii: "A"), _): .up
    case (UInt8(ascii: "B"), _): .down
    case (UInt8(ascii: "H"), _), (UInt8(ascii: "~"), ["1"]), (UInt8(ascii: "~"), ["7"]): .home
    case (UInt8(ascii: "F"), _), (UInt8(ascii: "~"), ["4"]), (UInt8(ascii: "~"), ["8"]): .end
    case (UInt8(ascii: "~"), ["5"]): .pageUp
    case (UInt8(ascii: "~"), ["6"]): .pageDown
    case (UInt8(ascii: "Z"), _): .backTab
    default: nil
    }
  }

  private static func scalar(_ bytes: [UInt8]) -> (key: Key?, length: Int)? {
    let length = bytes[0] < 0xE0 ? 2 : bytes[0] < 0xF0 ? 3 : 4
    let tail = bytes.dropFirst().prefix(length - 1)
    guard tail.allSatisfy({ 0x80...0xBF ~= $0 }) else { return (nil, 1) }
    guard tail.count == length - 1 else { return nil }
    guard let text = String(validating: bytes.prefix(length), as: UTF8.self), let character = text.first else {
      return (nil, 1)
    }
    return (.character(character), length)
  }
}
