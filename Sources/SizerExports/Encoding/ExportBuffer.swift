// SPDX-License-Identifier: Apache-2.0

/// Bytes on their way into a text stream, in large pieces: a million small writes cost more than what they say.
package struct ExportBuffer {
  package private(set) var bytes: [UInt8] = []

  package init() {}

  package mutating func add(_ text: StaticString) {
    text.withUTF8Buffer { bytes.append(contentsOf: $0) }
  }

  package mutating func add(_ text: String) { bytes.append(contentsOf: text.utf8) }

  package mutating func add(_ more: [UInt8]) { bytes += more }

  package mutating func add(_ byte: UInt8) { bytes.append(byte) }

  package mutating func add(_ number: Int) { add(String(number)) }

  /// Numbers with commas between them.
  package mutating func list(_ numbers: Int...) {
    for (place, number) in numbers.enumerated() {
      if place > 0 { add(UInt8(ascii: ",")) }
      add(number)
    }
  }

  /// Seconds with all nine decimals, exactly: what is read as decimal numbers are the nanoseconds that were recorded.
  package mutating func addSeconds(_ duration: Duration) {
    let (seconds, attoseconds) = duration.components
    if seconds < 0 || attoseconds < 0 { add("-") }
    add(String(seconds.magnitude))
    add(".")
    let digits = String(attoseconds.magnitude / 1_000_000_000)
    for _ in digits.utf8.count..<9 { add("0") }
    add(digits)
  }

  /// Hands over what is there if that is much, or in any case.
  package mutating func flush<Output: TextOutputStream>(to output: inout Output, always: Bool = false) {
    guard always || bytes.count >= 1 << 15 else { return }
    output.write(String(decoding: bytes, as: UTF8.self))
    bytes.removeAll(keepingCapacity: true)
  }
}
