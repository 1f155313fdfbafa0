// SPDX-License-Identifier: Apache-2.0

/// CRC-32C, eight bytes a step.
enum Checksum {
  /// Eight tables of 256, one behind the other: table k tells what a byte does that k zero bytes follow.
  private static let tables: [UInt32] = {
    var tables = [UInt32](repeating: 0, count: 8 * 256)
    for byte in 0..<256 {
      var rest = UInt32(byte)
      for _ in 0..<8 { rest = rest & 1 == 1 ? rest >> 1 ^ 0x82F6_3B78 : rest >> 1 }
      tables[byte] = rest
    }
    for index in 256..<tables.count {
      let before = tables[index - 256]
      tables[index] = before >> 8 ^ tables[Int(before & 255)]
    }
    return tables
  }()

  /// Continues a checksum, which begins with 0.
  static func crc32c(_ bytes: UnsafeRawBufferPointer, continuing before: UInt32 = 0) -> UInt32 {
    // An unsafe buffer, for each image is read through here: the index is a byte plus a table's begin, always inside.
    tables.withUnsafeBufferPointer { tables in
      var crc = ~before
      var position = 0
      while position + 8 <= bytes.count {
        let word = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: position, as: UInt64.self)) ^ UInt64(crc)
        var next: UInt32 = 0
        for byte in 0..<8 {
          next ^= tables[(7 - byte) * 256 + Int(truncatingIfNeeded: word >> UInt64(byte * 8) & 255)]
        }
        crc = next
        position += 8
      }
      while position < bytes.count {
        crc = crc >> 8 ^ tables[Int((crc ^ UInt32(bytes[position])) & 255)]
        position += 1
      }
      return ~crc
    }
  }
}
