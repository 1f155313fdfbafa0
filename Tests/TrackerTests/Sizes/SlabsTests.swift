// SPDX-License-Identifier: Apache-2.0
import Glibc
import Sizer
import TestSupport
import Testing

/// A header and four words: blocks of 48 bytes, which jemalloc puts into slabs of three pages.
private final class Scattered {
  let words: (Int, Int, Int, Int)
  init(_ value: Int) { words = (value, value, value, value) }
}

@Suite("What the living pin in the allocator")
struct SlabsTests {
  /// As jemalloc says itself: its pages are its own, 64 KiB in Debian's for arm64 whatever the kernel's are.
  private func slabOfJemalloc() throws -> Int {
    typealias Ask =
      @convention(c) (
        UnsafePointer<CChar>, UnsafeMutableRawPointer?, UnsafeMutablePointer<Int>?, UnsafeMutableRawPointer?, Int
      ) -> Int32
    let ask = unsafeBitCast(try #require(dlsym(nil, "mallctl")), to: Ask.self)
    var (page, size) = (0, MemoryLayout<Int>.size)
    #expect(ask("arenas.page", &page, &size, nil, 0) == 0)
    return 3 * page
  }

  @Test(
    "one object in 64 keeps every slab, and the snapshot says how empty they are",
    .serialized,  // both track the same class
    arguments: [SnapshotMode.inPlace, .frozen])
  func scattered(mode: SnapshotMode) throws {
    let slabBytes = try slabOfJemalloc()
    let tracker = ClassTracker()
    defer { tracker.close() }
    try tracker.track(class: Scattered.self, name: "Scattered \(mode)")
    var all = (0..<number(64 * 200)).map { index in made { Scattered(index) } }
    let full = try #require(
      try tracker.createSnapshot(mode: mode, fragmentation: true).classes["Scattered \(mode)"]?.slabs)
    #expect(full.objectCount == all.count && full.unresolvedCount == 0)
    #expect(full.objectBytes == all.count * 48)
    #expect(full.slabBytes == full.slabCount * slabBytes)
    #expect(full.slabCount >= all.count * 48 / slabBytes)

    let kept = all.enumerated().filter { $0.offset % 64 == 0 }.map(\.element)
    all = []
    let sparse = try #require(
      try tracker.createSnapshot(mode: mode, fragmentation: true).classes["Scattered \(mode)"]?.slabs)
    #expect(sparse.objectCount == kept.count && sparse.objectBytes == kept.count * 48)
    // The objects were made one after the other: some of those that are left are in each slab.
    #expect(sparse.slabCount > full.slabCount / 3)
    #expect(sparse.slabBytes == sparse.slabCount * slabBytes)
    #expect(sparse.takenBytes >= sparse.objectBytes && sparse.takenBytes <= sparse.slabBytes)
    #expect((0...1).contains(sparse.fill))
    keepAlive(kept)
  }

  @Test("nobody asks, nobody is told")
  func unasked() throws {
    let tracker = ClassTracker()
    defer { tracker.close() }
    let leaf = made { Leaf() }
    try tracker.track(leaf)
    #expect(try tracker.createSnapshot().classes.values.allSatisfy { $0.slabs == nil })
    keepAlive(leaf)
  }

  @Test("what slabs are pinned is in the profile, too")
  func stored() throws {
    let tracker = ClassTracker()
    defer { tracker.close() }
    let leaf = made { Leaf() }
    try tracker.track(leaf, name: "Leaf")
    let slabs = try #require(try tracker.createSnapshot(fragmentation: true).classes["Leaf"]?.slabs)
    #expect(slabs.objectCount == 1 && slabs.slabCount == 1)
    let folder = try TemporaryFolder()
    let path = folder.path("slabs.sizer")
    try tracker.statistics.write(to: path)
    #expect(try Statistics(contentsOf: path).snapshots[0].classes["Leaf"]?.slabs == slabs)
    keepAlive(leaf)
  }
}
