// SPDX-License-Identifier: Apache-2.0

/// What a value owns on the heap.
///
/// All figures are sums over blocks, each block counted once. Bytes are what the allocator set aside
/// (`malloc_usable_size`) unless the name says *requested*.
public struct HeapSize: Sendable, Hashable, Codable {
  /// Usable bytes of all blocks.
  public var bytes: Int
  /// Bytes the program asked for, where the layout tells; the usable size where it does not. `bytes - requestedBytes`
  /// is the allocator's slack.
  public var requestedBytes: Int
  /// Swift heap objects: instances, array and dictionary storage, boxes, closure contexts.
  public var objectCount: Int
  /// Blocks that no object header starts: memory owned through raw pointers, and the runtime's side tables.
  public var rawBlockCount: Int
  /// Objects whose layout is unknown: their own block is counted, and their words are followed only where a live
  /// object starts. 0 when the size is exact.
  public var unresolvedCount: Int
  /// The part of ``bytes`` that is an estimate: what is reached only by words of which it isn't known whether they
  /// refer to it, or own it.
  public var estimatedBytes: Int
  /// Whether ``HeapSizer/Options/maximumDepth`` kept the walk from something that is therefore not in the figures.
  public var depthLimitReached: Bool

  /// A size of these figures; nothing by default.
  public init(
    bytes: Int = 0, requestedBytes: Int = 0, objectCount: Int = 0, rawBlockCount: Int = 0, unresolvedCount: Int = 0,
    depthLimitReached: Bool = false, estimatedBytes: Int = 0
  ) {
    self.bytes = bytes
    self.requestedBytes = requestedBytes
    self.objectCount = objectCount
    self.rawBlockCount = rawBlockCount
    self.unresolvedCount = unresolvedCount
    self.depthLimitReached = depthLimitReached
    self.estimatedBytes = estimatedBytes
  }

  /// Whether all is known: nothing is unresolved, and nothing is an estimate.
  public var isExact: Bool { unresolvedCount == 0 && estimatedBytes == 0 }

  /// Bytes that the allocator's size classes add to what was asked for.
  public var slackBytes: Int { bytes - requestedBytes }
}
