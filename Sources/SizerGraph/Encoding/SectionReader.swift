// SPDX-License-Identifier: Apache-2.0

/// Reads numbers and texts from a section's bytes, none of which it believes.
struct SectionReader {
  // Unsafe for speed: an image has millions of varints. Every read is behind a comparison with `end`, and a reader
  // never leaves the
  // closure that got the bytes.
  private let bytes: UnsafeRawBufferPointer
  private let section: Section
  private(set) var position = 0

  init(_ bytes: UnsafeRawBufferPointer, of section: Section) {
    self.bytes = bytes
    self.section = section
  }

  var isAtEnd: Bool { position == bytes.count }
  /// Bytes that are left: no count of records can be larger.
  var remaining: Int { bytes.count - position }

  func damage(_ message: String) -> HeapImageError {
    .damage(message, at: "\(section.name), byte \(position)")
  }

  mutating func byte() throws(HeapImageError) -> UInt8 {
    guard position < bytes.count else { throw damage("ends too early") }
    defer { position += 1 }
    return bytes[position]
  }

  @inline(__always)
  mutating func varint() throws(HeapImageError) -> UInt64 {
    // Most numbers have one byte.
    if position < bytes.count {
      let first = bytes[position]
      if first < 0x80 {
        position += 1
        return UInt64(first)
      }
    }
    return try longVarint()
  }

  @inline(never)
  private mutating func longVarint() throws(HeapImageError) -> UInt64 {
    var value: UInt64 = 0
    var shift: UInt64 = 0
    while true {
      let next = try byte()
      let bits = UInt64(next & 0x7F)
      guard shift < 63 || (shift == 63 && bits <= 1) else { throw damage("a number has more than 64 bits") }
      value |= bits << shift
      if next < 0x80 { return value }
      shift += 7
    }
  }

  @inline(__always)
  mutating func signed() throws(HeapImageError) -> Int64 { Self.unfolded(try varint()) }

  /// The signed number that was folded into an unsigned one.
  @inline(__always)
  static func unfolded(_ value: UInt64) -> Int64 { Int64(bitPattern: value >> 1) ^ -Int64(bitPattern: value & 1) }

  /// A varint below a limit; `what` names it when it is not.
  @inline(__always)
  mutating func number(below limit: Int, _ what: StaticString) throws(HeapImageError) -> Int {
    let value = try varint()
    guard value < UInt64(limit) else { throw damage("\(what) is \(value), and must be below \(limit)") }
    return Int(value)
  }

  /// An index that is below a limit, or none.
  mutating func optionalIndex(below limit: Int, _ what: StaticString) throws(HeapImageError) -> Int? {
    let value = try number(below: limit + 1, what)
    return value == 0 ? nil : value - 1
  }

  /// The object of a record that tells how far it is from the one before.
  mutating func object(after before: inout Int, of count: Int) throws(HeapImageError) -> Int {
    let (sum, isOver) = Int64(before).addingReportingOverflow(try signed())
    guard !isOver, sum >= 0, sum < Int64(count) else { throw damage("there is no object \(sum)") }
    before = Int(sum)
    return before
  }

  /// Without combining marks that are too many in a row: dictionaries' keys are the program's own.
  mutating func text() throws(HeapImageError) -> String {
    let count = try number(below: Format.longestText + 1, "a text's length")
    guard count <= remaining else { throw damage("a text of \(counted(count, "byte")) ends too early") }
    let part = UnsafeRawBufferPointer(rebasing: bytes[position..<position + count])
    position += count
    return CombiningMarks.thinned(String(decoding: part, as: UTF8.self))
  }

  mutating func eightBytes() throws(HeapImageError) -> UInt64 {
    guard remaining >= 8 else { throw damage("ends too early") }
    defer { position += 8 }
    return UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: position, as: UInt64.self))
  }
}
