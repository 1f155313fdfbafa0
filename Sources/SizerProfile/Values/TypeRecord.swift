// SPDX-License-Identifier: Apache-2.0

/// What all blocks of one type add up to: one line of `HeapSizer.histogram(of:)`, of `HeapGraph.classes`, or of a
/// snapshot's ``Snapshot/heap``.
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
  /// The part of ``bytes`` that is an estimate, as in `HeapSize.estimatedBytes`.
  public var estimatedBytes: Int
  /// In a snapshot's ``Snapshot/heap``: how many of them no tracked object reaches; 0 elsewhere.
  public var untrackedCount: Int
  /// The same in bytes.
  public var untrackedBytes: Int

  /// A record of these figures.
  public init(
    typeName: String, count: Int, bytes: Int, requestedBytes: Int, unusedCapacityBytes: Int, estimatedBytes: Int = 0,
    untrackedCount: Int = 0, untrackedBytes: Int = 0
  ) {
    self.typeName = typeName
    self.count = count
    self.bytes = bytes
    self.requestedBytes = requestedBytes
    self.unusedCapacityBytes = unusedCapacityBytes
    self.estimatedBytes = estimatedBytes
    self.untrackedCount = untrackedCount
    self.untrackedBytes = untrackedBytes
  }

  /// Bytes that the allocator's size classes add to what was asked for.
  public var slackBytes: Int { bytes &- requestedBytes }
}
