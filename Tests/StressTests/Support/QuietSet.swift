// SPDX-License-Identifier: Apache-2.0
import Glibc
import Sizer
import Testing

/// One that nobody ever changes.
final class Quiet {
  let words: [Int]
  init(words count: Int) { words = [Int](repeating: count, count: count) }
}

/// Objects that stay as they are while all else changes: each snapshot must find the allocator's own figure for them, to the byte.
struct QuietSet {
  let name: String
  let objects: [Quiet]
  /// By malloc_usable_size(3).
  let bytes: Int

  init(_ tracker: ClassTracker, name: String = "quiet", count: Int = 1000) throws {
    // Swift does not import it.
    typealias UsableSize = @convention(c) (UnsafeMutableRawPointer?) -> Int
    let usableSize = unsafeBitCast(dlsym(nil, "malloc_usable_size"), to: UsableSize.self)
    objects = (0..<count).map { Quiet(words: 1 + $0 % 100) }
    var bytes = 0
    for object in objects {
      try tracker.track(object, name: name)
      bytes += usableSize(Unmanaged.passUnretained(object).toOpaque())
      // An array is the address of its storage.
      bytes += usableSize(unsafeBitCast(object.words, to: UnsafeMutableRawPointer.self))
    }
    self.name = name
    self.bytes = bytes
  }

  /// Expects the quiet ones in the snapshot as they are.
  func expect(in snapshot: Snapshot, _ location: SourceLocation = #_sourceLocation) {
    let found = snapshot.classes[name]
    #expect(found?.active == objects.count, sourceLocation: location)
    #expect(found?.bytes == bytes, sourceLocation: location)
  }
}
