// SPDX-License-Identifier: Apache-2.0
public import SizerGraph

/// An image of the heap as it stands in a profile: its bytes, which are decoded when they are asked.
package struct RecordedHeap: Sendable, Hashable {
  /// As `HeapImage.encoded()` has them.
  package let bytes: [UInt8]
  /// The image, where it was made and not read.
  private let made: HeapImage?

  package init(_ image: HeapImage) {
    bytes = image.encoded()
    made = image
  }

  package init(bytes: [UInt8]) {
    self.bytes = bytes
    made = nil
  }

  /// O(objects + references), when it was read.
  package func image() throws(HeapImageError) -> HeapImage {
    if let made { return made }
    return try HeapImage(decoding: bytes)
  }

  package static func == (one: RecordedHeap, other: RecordedHeap) -> Bool { one.bytes == other.bytes }

  package func hash(into hasher: inout Hasher) {
    hasher.combine(bytes.count)
    hasher.combine(bytes.suffix(64))
  }
}

extension History {
  /// An image of the heap that was taken along with a snapshot.
  package struct HeapRow: Sendable, Hashable {
    package var snapshot: UInt32
    package var heap: RecordedHeap

    package init(snapshot: UInt32, heap: RecordedHeap) {
      self.snapshot = snapshot
      self.heap = heap
    }
  }
}

extension Statistics {
  /// The numbers of the snapshots that were recorded with an image of the heap, ascending
  /// (`ClassTracker.recordHeap(_:mode:)`). A tracker's own statistics have none: its images are in the file only.
  public var heapSnapshots: [Int] { history.heaps.map { Int($0.snapshot) } }

  /// The image of the heap that was recorded with a snapshot; nil when there is none. Decoded each time it is asked
  /// for: O(objects + references).
  ///
  /// - Throws: what is damaged in it, or that a later version wrote it.
  public func heapImage(ofSnapshot number: Int) throws(HeapImageError) -> HeapImage? {
    guard let row = history.heaps.first(where: { Int($0.snapshot) == number }) else { return nil }
    return try row.heap.image()
  }
}
