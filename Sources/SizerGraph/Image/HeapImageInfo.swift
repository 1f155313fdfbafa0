// SPDX-License-Identifier: Apache-2.0

/// What is known of a whole image: where it comes from, and when.
public struct HeapImageInfo: Sendable, Hashable {
  /// Nanoseconds since 1970.
  public var time: UInt64 = 0
  /// Nanoseconds since the tracker was made.
  public var timestamp: UInt64 = 0
  /// The process.
  public var processID: UInt64 = 0
  /// Whether the process was frozen, so that all is of one instant.
  public var isFrozen = false
  /// Whether edges were written; without them there are a histogram and waste, and nothing else.
  public var hasEdges = true
  /// Nanoseconds that the process stood still.
  public var pause: UInt64 = 0
  /// Objects that could not be read and are not in the image.
  public var skippedCount: UInt64 = 0
  /// The program's name.
  public var program = ""
  /// The program's build id in hexadecimal digits; empty when it has none.
  public var buildID = ""
  /// Who wrote the image.
  public var writer = ""

  /// Why the image has no tasks, and what to do about it; empty if it has.
  public var tasksReason = ""

  /// Nothing known.
  public init() {}
}
