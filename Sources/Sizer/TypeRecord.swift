// SPDX-License-Identifier: Apache-2.0

/// One line of ``HeapSizer/histogram(of:)``: what all blocks of one type add up to.
public struct TypeRecord: Sendable, Hashable, Codable {
  /// The fully qualified type, or what the block is when no type has a name for it (`closure context`, `side table`).
  public var typeName: String
  /// Blocks of this type.
  public var count: Int
  /// Usable bytes.
  public var bytes: Int
  /// Bytes the program asked for, where the layout tells; the usable size where it does not.
  public var requestedBytes: Int
  /// Bytes of elements that the collection's storage could hold and does not.
  public var unusedCapacityBytes: Int
  /// The part of ``bytes`` that is an estimate, as in ``HeapSize/estimatedBytes``.
  public var estimatedBytes: Int

  /// A record of these figures.
  public init(
    typeName: String, count: Int, bytes: Int, requestedBytes: Int, unusedCapacityBytes: Int, estimatedBytes: Int = 0
  ) {
    self.typeName = typeName
    self.count = count
    self.bytes = bytes
    self.requestedBytes = requestedBytes
    self.unusedCapacityBytes = unusedCapacityBytes
    self.estimatedBytes = estimatedBytes
  }

  /// Bytes that the allocator's size classes add to what was asked for.
  public var slackBytes: Int { bytes - requestedBytes }
}
