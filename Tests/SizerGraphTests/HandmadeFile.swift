// SPDX-License-Identifier: Apache-2.0

/// A file made frame by frame, by nothing of the module's own: its checksum goes bit by bit.
struct HandmadeFile {
  struct Frame {
    var section: UInt8
    var payload: [UInt8]
  }

  var frames: [Frame] = []

  init(_ make: (inout HandmadeFile) -> Void) { make(&self) }

  mutating func frame(_ section: UInt8, _ payload: [UInt8]) { frames.append(Frame(section: section, payload: payload)) }

  /// The frames of a file, which is whole.
  init(of file: [UInt8]) {
    var position = 16
    while position < file.count {
      let length = (0..<4).reduce(0) { $0 | Int(file[position + 4 + $1]) << (8 * $1) }
      frame(file[position], Array(file[position + 8..<position + 8 + length]))
      position += 12 + length
    }
  }

  static func crc32c(_ bytes: [UInt8]) -> UInt32 {
    var crc = ~UInt32(0)
    for byte in bytes {
      crc ^= UInt32(byte)
      for _ in 0..<8 { crc = crc & 1 == 1 ? crc >> 1 ^ 0x82F6_3B78 : crc >> 1 }
    }
    return ~crc
  }

  var bytes: [UInt8] {
    var file: [UInt8] = [0x89, 0x53, 0x5A, 0x48, 0x0D, 0x0A, 0x1A, 0x0A, 1, 0, 0, 0, 0, 0, 0, 0]
    for frame in frames {
      var bytes: [UInt8] = [frame.section, 0, 0, 0]
      for shift in 0..<4 { bytes.append(UInt8(truncatingIfNeeded: frame.payload.count >> (8 * shift))) }
      bytes += frame.payload
      let sum = Self.crc32c(bytes)
      for shift in 0..<4 { bytes.append(UInt8(truncatingIfNeeded: sum >> UInt32(8 * shift))) }
      file += bytes
    }
    return file
  }
}
