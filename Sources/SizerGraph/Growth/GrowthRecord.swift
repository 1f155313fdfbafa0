// SPDX-License-Identifier: Apache-2.0

/// A place in the heap that grew from each image to the next: a cache, a queue, a leak; nothing says which.
public struct GrowthRecord: Sendable, Hashable {
  /// The place by names from a root, in which elements' numbers and keys do not matter: `global app.store -> .sessions
  /// -> []`.
  public var path: String
  /// The type of the objects there.
  public var typeName: String
  /// How many references to other objects they have, in each image.
  public var referenceCounts: [Int]
  /// How many objects are there, in each image.
  public var objectCounts: [Int]
  /// Their own bytes with raw blocks, in each image.
  public var bytes: [Int]
  /// Bytes that the place retains in the last image; what several growing places reach is divided among them.
  public var retainedBytes: Int
  /// The same as a part of everything in the last image, 0 to 1.
  public var retainedShare: Double

  /// A record of these figures.
  public init(
    path: String, typeName: String, referenceCounts: [Int], objectCounts: [Int], bytes: [Int], retainedBytes: Int,
    retainedShare: Double
  ) {
    self.path = path
    self.typeName = typeName
    self.referenceCounts = referenceCounts
    self.objectCounts = objectCounts
    self.bytes = bytes
    self.retainedBytes = retainedBytes
    self.retainedShare = retainedShare
  }
}
