// SPDX-License-Identifier: Apache-2.0

/// One object of an image, read from the image's columns.
public struct HeapObject: Sendable {
  /// The image that it is in.
  public let image: HeapImage
  /// Its number there.
  public let number: Int

  /// Where it lies.
  public var address: UInt64 { image.addresses[number] }
  /// The number of its type.
  public var typeNumber: Int { Int(image.typeOf[number]) }
  /// Its type.
  public var type: HeapType { image.types[typeNumber] }
  /// Usable bytes of its block.
  public var bytes: Int { image.bytes(of: number) }
  /// Bytes that were asked for; nil if unknown.
  public var requestedBytes: Int? { image.requestedBytes(of: number) }
  /// Its strong count: one for each owner.
  public var strongCount: Int { Int(image.strong[number]) }
  /// Unowned references to it. Complexity: O(log n).
  public var unownedCount: Int { Int(image.figure(of: number, in: image.unownedCounts) ?? 0) }
  /// Weak references to it. Complexity: O(log n).
  public var weakCount: Int { Int(image.figure(of: number, in: image.weakCounts) ?? 0) }
  /// What else is known of it.
  public var flags: HeapImage.Flags { HeapImage.Flags(rawValue: image.flagBits[number]) }
  /// Capacity that holds no elements, in bytes. Complexity: O(log n).
  public var unusedCapacityBytes: Int { Int(image.figure(of: number, in: image.unusedCapacity) ?? 0) }
  /// Its own name (a closure's function), or its type's. Complexity: O(log n).
  public var name: String { image.name(of: number) }
  /// Its references to other objects.
  public var edges: [HeapEdge] { image.edges(from: number) }
}
