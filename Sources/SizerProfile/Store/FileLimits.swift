// SPDX-License-Identifier: Apache-2.0
import SizerGraph

/// What a profile's file never goes beyond. The writer keeps to it and the reader insists on it: whoever computes with
/// what was read needs not fear overflow, and a hostile file can't make the reader's memory grow beyond a small
/// multiple of the file's length.
enum FileLimits {
  /// Bytes of one text: a label, a name, a path.
  static let textBytes = 1 << 20
  /// Combining marks in a row.
  static let marks = CombiningMarks.most
  /// Bytes of one row.
  static let rowBytes = textBytes + 4_096
  /// Bytes of one piece of a heap image: a row of it is no longer than that of a text.
  static let pieceBytes = textBytes
  /// Bytes of a text that is taken from a heap image; longer ones are cut.
  static let heapTextBytes = 1 << 16
  /// The largest figure, in bytes or things: what a Double still holds exactly.
  static let figure: Int64 = 1 << 53
  /// The largest sum of all sizes.
  static let sizeSum: Int64 = 1 << 60
  /// The latest time: 146 years in nanoseconds.
  static let time: Int64 = 1 << 62
  /// The levels of a referent tree; deeper ones are folded into the node above them when written. Values as deep as
  /// their tree are copied and freed recursively, so the depth must fit into any thread's stack.
  static let treeLevels = 512
}
