// SPDX-License-Identifier: Apache-2.0

/// Whole numbers as a JSON array, `[48,-3,64]`: the one form of a list that is both short and open to SQL.
struct NumberListWriter {
  /// The text so far, without the bracket that closes it.
  private var text: [UInt8] = [UInt8(ascii: "[")]

  /// Bytes so far.
  var count: Int { text.count }
  var isEmpty: Bool { text.count == 1 }

  mutating func append(_ value: Int64) {
    if !isEmpty { text.append(UInt8(ascii: ",")) }
    if value < 0 { text.append(UInt8(ascii: "-")) }
    let start = text.count
    var rest = value.magnitude
    repeat {
      text.append(UInt8(ascii: "0") + UInt8(rest % 10))
      rest /= 10
    } while rest > 0
    text[start...].reverse()
  }

  /// The whole text; the next list begins.
  mutating func finish() -> [UInt8] {
    text.append(UInt8(ascii: "]"))
    defer { text = [UInt8(ascii: "[")] }
    return text
  }
}

/// Reads what ``NumberListWriter`` writes, and nothing else.
struct NumberListReader {
  // Points into a column's text, so that millions of sizes cost no copy; a reader never leaves the closure that got the
  // text.
  private let text: UnsafeBufferPointer<UInt8>
  private var position = 1
  /// Whether the list was read to its end, and was one.
  private(set) var isComplete = false

  /// nil when it has no brackets.
  init?(_ text: UnsafeBufferPointer<UInt8>) {
    guard text.count >= 2, text[0] == UInt8(ascii: "["), text[text.count - 1] == UInt8(ascii: "]") else { return nil }
    self.text = text
  }

  /// The next number, at most 18 digits long; nil after the last, or where there should be one and is something else.
  mutating func next() -> Int64? {
    let end = text.count - 1
    guard position < end else {
      // Behind a comma there must be a number.
      isComplete = end == 1 || text[end - 1] != UInt8(ascii: ",")
      return nil
    }
    let isNegative = text[position] == UInt8(ascii: "-")
    if isNegative { position += 1 }
    let start = position
    var value: Int64 = 0
    while position < end, case let digit = text[position] &- UInt8(ascii: "0"), digit < 10 {
      // Wraps around when there are too many digits, which the count below finds out.
      value = value &* 10 &+ Int64(digit)
      position += 1
    }
    guard position > start, position - start <= 18 else { return nil }
    if position < end {
      guard text[position] == UInt8(ascii: ",") else { return nil }
      position += 1
    }
    return isNegative ? -value : value
  }
}
