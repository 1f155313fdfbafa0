// SPDX-License-Identifier: Apache-2.0

/// Writes sections one after the other, each through one buffer that becomes a frame when it is full.
struct FrameWriter {
  private static let frameBytes = 1 << 16

  private(set) var file: [UInt8] = []
  private var section = Section.info
  // As long as a frame: a byte is put in its place, nothing is appended.
  private var buffer = [UInt8](repeating: 0, count: frameBytes)
  private var filled = 0

  init() {
    file = Format.magic
    append(Format.majorVersion)
    append(Format.minorVersion)
    append(UInt32(0))
  }

  private mutating func append<Integer: FixedWidthInteger>(_ value: Integer) {
    withUnsafeBytes(of: value.littleEndian) { file.append(contentsOf: $0) }
  }

  /// From here on everything belongs to this section.
  mutating func begin(_ next: Section) {
    flush()
    section = next
  }

  mutating func flush() {
    guard filled > 0 else { return }
    let head = file.count
    file.append(section.rawValue)
    file.append(contentsOf: [0, 0, 0])
    append(UInt32(filled))
    file.append(contentsOf: buffer[..<filled])
    let sum = file.withUnsafeBytes { Checksum.crc32c(UnsafeRawBufferPointer(rebasing: $0[head...])) }
    append(sum)
    filled = 0
  }

  mutating func byte(_ value: UInt8) {
    if filled == Self.frameBytes { flush() }
    buffer[filled] = value
    filled += 1
  }

  @inline(__always)
  mutating func varint(_ value: UInt64) {
    guard value > 0x7F else { return byte(UInt8(truncatingIfNeeded: value)) }
    longVarint(value)
  }

  private mutating func longVarint(_ value: UInt64) {
    var rest = value
    while rest > 0x7F {
      byte(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    byte(UInt8(truncatingIfNeeded: rest))
  }

  mutating func varint(_ value: Int) { varint(UInt64(value)) }

  /// An index + 1, or 0 for none.
  mutating func optionalIndex(_ index: Int?) { varint(index.map { $0 + 1 } ?? 0) }

  static func folded(_ value: Int) -> UInt64 { UInt64(bitPattern: Int64(value << 1 ^ value >> 63)) }

  mutating func signed(_ value: Int) { varint(Self.folded(value)) }

  /// Cut between characters when it is too long.
  mutating func text(_ text: String) {
    var count = text.utf8.count
    if count > Format.longestText {
      let utf8 = Array(text.utf8)
      count = Format.longestText
      while count > 0, utf8[count] & 0xC0 == 0x80 { count -= 1 }
    }
    varint(count)
    for next in text.utf8.prefix(count) { byte(next) }
  }

  mutating func eightBytes(_ value: UInt64) {
    for shift in stride(from: 0, to: 64, by: 8) { byte(UInt8(truncatingIfNeeded: value >> UInt64(shift))) }
  }
}
