// SPDX-License-Identifier: Apache-2.0
import Glibc
import Sizer
import Testing

/// One that nobody ever changes.
final class Quiet {
  let words: [Int]
  init(words count: Int) { words = [Int](repeating: count, count: count) }
}

/// Objects that stay as they are while all else changes: each snapshot must find the allocator's own figure for them,
/// to the byte.
struct QuietSet {
  let name: String
  let objects: [Quiet]
  /// By malloc_usable_size(3).
  let bytes: Int
  /// Of these, the objects' own.
  let ownBytes: Int

  init(_ tracker: ClassTracker, name: String = "quiet", count: Int = 1000) throws {
    // Swift does not import it.
    typealias UsableSize = @convention(c) (UnsafeMutableRawPointer?) -> Int
    let usableSize = unsafeBitCast(dlsym(nil, "malloc_usable_size"), to: UsableSize.self)
    objects = (0..<count).map { Quiet(words: 1 + $0 % 100) }
    var bytes = 0
    var ownBytes = 0
    for object in objects {
      try tracker.track(object, name: name)
      ownBytes += usableSize(Unmanaged.passUnretained(object).toOpaque())
      // An array is the address of its storage.
      bytes += usableSize(unsafeBitCast(object.words, to: UnsafeMutableRawPointer.self))
    }
    self.name = name
    self.bytes = ownBytes + bytes
    self.ownBytes = ownBytes
  }

  /// Expects the quiet ones in the snapshot as they are.
  func expect(in snapshot: Snapshot, _ location: SourceLocation = #_sourceLocation) {
    let found = snapshot.classes[name]
    #expect(found?.active == objects.count, sourceLocation: location)
    #expect(found?.bytes == bytes, sourceLocation: location)
  }

  /// Expects them in a snapshot that has counts and own bytes only, of nothing but them.
  func expectCounts(in snapshot: Snapshot, _ location: SourceLocation = #_sourceLocation) {
    #expect(snapshot.mode == .counts, sourceLocation: location)
    #expect(snapshot.skippedCount == objects.count, sourceLocation: location)
    #expect(snapshot.error?.isEmpty == false, sourceLocation: location)
    #expect(snapshot.trackedBytes == ownBytes, sourceLocation: location)
    #expect(
      snapshot.classes == [name: ClassRecord(active: objects.count, bytes: ownBytes, share: 1)],
      sourceLocation: location)
  }
}
