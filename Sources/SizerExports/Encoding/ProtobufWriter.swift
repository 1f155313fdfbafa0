// SPDX-License-Identifier: Apache-2.0

/// Fields of a message in the wire format of Protocol Buffers (protobuf.dev/programming-guides/encoding).
package struct ProtobufWriter: Sendable {
  package private(set) var bytes: [UInt8] = []

  private enum Kind: UInt64 {
    case varint = 0
    case fixed = 1
    case bytes = 2
  }

  /// A message that goes on behind these fields.
  package init(_ bytes: [UInt8] = []) { self.bytes = bytes }

  private mutating func varint(_ value: UInt64) {
    var rest = value
    while rest > 0x7F {
      bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    bytes.append(UInt8(truncatingIfNeeded: rest))
  }

  private mutating func key(_ field: UInt64, _ kind: Kind) { varint(field << 3 | kind.rawValue) }

  /// A number; 0 is what a reader takes for one that is not there.
  package mutating func number(_ field: UInt64, _ value: UInt64) {
    if value == 0 { return }
    key(field, .varint)
    varint(value)
  }

  package mutating func number(_ field: UInt64, _ value: Int) { number(field, UInt64(bitPattern: Int64(value))) }

  /// Numbers in one field, which is left out when there are none.
  package mutating func numbers(_ field: UInt64, _ values: some Sequence<UInt64>) {
    var packed = ProtobufWriter()
    for value in values { packed.varint(value) }
    if !packed.bytes.isEmpty { message(field, packed) }
  }

  /// A number in eight bytes, as times are written.
  package mutating func fixed(_ field: UInt64, _ value: UInt64) {
    if value == 0 { return }
    key(field, .fixed)
    for shift in stride(from: 0, to: 64, by: 8) { bytes.append(UInt8(truncatingIfNeeded: value >> UInt64(shift))) }
  }

  package mutating func bytes(_ field: UInt64, _ value: some Collection<UInt8>) {
    key(field, .bytes)
    varint(UInt64(value.count))
    bytes.append(contentsOf: value)
  }

  package mutating func text(_ field: UInt64, _ text: String) {
    bytes(field, text.utf8)
  }

  package mutating func message(_ field: UInt64, _ message: ProtobufWriter) {
    bytes(field, message.bytes)
  }
}
