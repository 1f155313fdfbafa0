// SPDX-License-Identifier: Apache-2.0

/// The text of a long answer, in pieces: it grows without being copied, and the allocator gives a piece back to the
/// kernel as soon as it is dropped.
struct PiecedText: TextOutputStream {
  /// What an answer may take of the host's memory.
  static let mostBytes = 512 << 20
  private static let pieceBytes = 1 << 20

  private(set) var pieces: [[UInt8]] = []
  private var count = 0
  /// Whether there was more than the answer may have; what came too much is dropped, and so is all before.
  private(set) var isTooLong = false

  mutating func write(_ text: String) { write(bytes: Array(text.utf8)) }

  mutating func write(bytes: [UInt8]) {
    count += bytes.count
    if count > Self.mostBytes {
      (isTooLong, pieces) = (true, [])
      return
    }
    var rest = bytes[...]
    while !rest.isEmpty {
      if (pieces.last?.count ?? Self.pieceBytes) == Self.pieceBytes {
        pieces.append([])
        pieces[pieces.count - 1].reserveCapacity(Self.pieceBytes)
      }
      let taken = rest.prefix(Self.pieceBytes - pieces[pieces.count - 1].count)
      pieces[pieces.count - 1] += taken
      rest = rest.dropFirst(taken.count)
    }
  }
}
