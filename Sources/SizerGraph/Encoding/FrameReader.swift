// SPDX-License-Identifier: Apache-2.0

/// Takes a file apart into its sections, and checks every frame's checksum.
struct FrameReader {
  private let bytes: UnsafeRawBufferPointer
  // For each section the payloads of its frames, in order, as ranges of the file.
  private var payloads = [[Range<Int>]](repeating: [], count: 256)

  init(_ bytes: UnsafeRawBufferPointer) throws(HeapImageError) {
    self.bytes = bytes
    try checkHead()
    var position = Format.headBytes
    var hasEnded = false
    while position < bytes.count {
      guard !hasEnded else { throw Self.damage("something follows the end", at: position) }
      let (section, payload) = try frame(at: position)
      if section == Section.end.rawValue { hasEnded = true }
      payloads[Int(section)].append(payload)
      position = payload.upperBound + Format.checksumBytes
    }
    guard hasEnded else {
      throw Self.damage("the file ends before its end: it was cut, or its writer was", at: position)
    }
  }

  private static func damage(_ message: String, at position: Int) -> HeapImageError {
    .damage(message, at: "byte \(position)")
  }

  private func integer<Integer: FixedWidthInteger>(at position: Int, as type: Integer.Type) -> Integer {
    Integer(littleEndian: bytes.loadUnaligned(fromByteOffset: position, as: type))
  }

  private func checkHead() throws(HeapImageError) {
    guard bytes.count >= Format.headBytes, bytes.prefix(Format.magic.count).elementsEqual(Format.magic) else {
      throw .otherFile
    }
    let major = integer(at: 8, as: UInt16.self)
    guard major == Format.majorVersion else {
      let what = "its version is \(major), and this one reads \(Format.majorVersion)"
      throw major > Format.majorVersion ? .laterVersion(what) : Self.damage(what, at: 8)
    }
    guard integer(at: 12, as: UInt32.self) == 0 else { throw Self.damage("four bytes are not 0", at: 12) }
  }

  private func frame(at position: Int) throws(HeapImageError) -> (section: UInt8, payload: Range<Int>) {
    guard bytes.count - position >= Format.frameHeadBytes + Format.checksumBytes else {
      throw Self.damage("a frame's head is cut", at: position)
    }
    let section = bytes[position]
    let length = Int(integer(at: position + 4, as: UInt32.self))
    guard length <= Format.longestPayload else {
      throw Self.damage("a frame of \(counted(length, "byte")) is too long", at: position)
    }
    guard bytes.count - position >= Format.frameHeadBytes + length + Format.checksumBytes else {
      throw Self.damage("a frame is cut", at: position)
    }
    let end = position + Format.frameHeadBytes + length
    let sum = Checksum.crc32c(UnsafeRawBufferPointer(rebasing: bytes[position..<end]))
    guard sum == integer(at: end, as: UInt32.self) else {
      throw Self.damage("a frame's checksum is wrong", at: position)
    }
    guard bytes[position + 1] == 0, integer(at: position + 2, as: UInt16.self) == 0 else {
      throw Self.damage("three bytes of a frame's head are not 0", at: position)
    }
    if section < Format.firstOptionalSection, Section(rawValue: section) == nil {
      throw .laterVersion("section \(section) at byte \(position) is unknown to this one")
    }
    return (section, position + Format.frameHeadBytes..<end)
  }

  /// Calls `body` with a reader of the section's bytes. Only a section of several frames is copied.
  func read<Result>(
    _ section: Section, _ body: (inout SectionReader) throws(HeapImageError) -> Result
  ) throws(HeapImageError) -> Result {
    let ranges = payloads[Int(section.rawValue)]
    if ranges.count < 2 {
      let whole = UnsafeRawBufferPointer(rebasing: bytes[ranges.first ?? 0..<0])
      var reader = SectionReader(whole, of: section)
      return try body(&reader)
    }
    let joined = UnsafeMutableRawBufferPointer.allocate(byteCount: ranges.reduce(0) { $0 + $1.count }, alignment: 8)
    defer { joined.deallocate() }
    var filled = 0
    for range in ranges {
      UnsafeMutableRawBufferPointer(rebasing: joined[filled..<filled + range.count])
        .copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[range]))
      filled += range.count
    }
    var reader = SectionReader(UnsafeRawBufferPointer(joined), of: section)
    return try body(&reader)
  }
}
