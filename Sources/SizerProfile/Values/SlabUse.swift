// SPDX-License-Identifier: Apache-2.0

/// The allocator's slabs that the living objects of one class pin. A slab is a run of pages with places for blocks of
/// one size; it can be given back only when the last block in it is freed. Few objects spread over many slabs hold much
/// more memory than they use.
public struct SlabUse: Sendable, Hashable, Codable {
  /// Objects whose slabs are known.
  public var objectCount: Int
  /// Bytes of these objects' places.
  public var objectBytes: Int
  /// The slabs that they are in, each once. One with objects of several classes is counted for each of them.
  public var slabCount: Int
  /// Bytes of these slabs.
  public var slabBytes: Int
  /// Bytes of their places that are taken, by blocks of any kind; freed blocks in threads' caches count as taken.
  public var takenBytes: Int
  /// Objects whose slabs could not be told; in no other figure.
  public var unresolvedCount: Int

  /// A record of these figures; zero by default.
  public init(
    objectCount: Int = 0, objectBytes: Int = 0, slabCount: Int = 0, slabBytes: Int = 0, takenBytes: Int = 0,
    unresolvedCount: Int = 0
  ) {
    self.objectCount = objectCount
    self.objectBytes = objectBytes
    self.slabCount = slabCount
    self.slabBytes = slabBytes
    self.takenBytes = takenBytes
    self.unresolvedCount = unresolvedCount
  }

  /// How full the slabs are, from 0 to 1; 1 when there is none.
  public var fill: Double { slabBytes <= 0 ? 1 : min(1, max(0, Double(takenBytes) / Double(slabBytes))) }
}
