// SPDX-License-Identifier: Apache-2.0

/// What a profile's file never goes beyond. The writer keeps to it and the reader insists on it: whoever computes with
/// what was read needs not fear overflow, and a hostile file can't make the reader's memory grow beyond a small
/// multiple of the file's length.
enum FileLimits {
  /// Bytes of one text: a label, a name, a path.
  static let textBytes = 1 << 20
  /// Combining marks in a row. Swift brings them into an order of its own whenever a text is compared or hashed, in
  /// time that grows with the square of their number; no writing has more than a few.
  static let marks = 256
  /// Bytes of one row.
  static let rowBytes = textBytes + 4_096
  /// The largest figure, in bytes or things: what a Double still holds exactly.
  static let figure: Int64 = 1 << 53
  /// The largest sum of all sizes.
  static let sizeSum: Int64 = 1 << 60
  /// The latest time: 146 years in nanoseconds.
  static let time: Int64 = 1 << 62
  /// The levels of a referent tree; deeper ones are folded into the node above them when written. Values as deep as
  /// their tree are copied and freed recursively, so the depth must fit into any thread's stack.
  static let treeLevels = 512

  /// Whether UTF-8 has more than ``marks`` of them in a row.
  static func hasTooManyMarks(_ text: UnsafeBufferPointer<UInt8>) -> Bool {
    // None takes less than two bytes, and all of these lie beyond ASCII: most texts are done here.
    var (stretch, longest) = (0, 0)
    for byte in text {
      stretch = byte < 0x80 ? 0 : stretch + 1
      longest = max(longest, stretch)
    }
    guard longest > 2 * marks else { return false }
    var count = 0
    for scalar in String(decoding: text, as: UTF8.self).unicodeScalars {
      let isMark = scalar.value >= 0x300 && scalar.properties.canonicalCombiningClass != .notReordered
      count = isMark ? count + 1 : 0
      if count > marks { return true }
    }
    return false
  }
}
