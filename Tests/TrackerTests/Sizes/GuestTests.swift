// SPDX-License-Identifier: Apache-2.0
import Sizer
import Testing

private final class Pair {
  var leaf = Leaf()
  var text = TestSupport.text()
  var strings = [TestSupport.text(20), TestSupport.text(30)]
}

@Suite("The tracker is a guest")
struct GuestTests {
  @Test("no code of the tracked objects runs")
  func noUserCode() throws {
    let tracker = ClassTracker()
    try tracker.track(class: Tripwire.self, name: "class", resolutionLevel: 3, keep: true, trace: true)
    let objects = [made { Tripwire() }, made { Tripwire() }]
    for object in objects { try tracker.track(object) }
    for _ in 0..<3 { try tracker.createSnapshot() }
    try tracker.change(objects[0], resolutionLevel: 1)
    let statistics = tracker.statistics
    for _ in 0..<2 {
      #expect(!lines { statistics.sorted(by: []).printStatistics(to: &$0) }.isEmpty)
      #expect(!lines { statistics.printSummary(to: &$0) }.isEmpty)
    }
    #expect(statistics.objects[0].representation.hasSuffix("Tripwire"))
    keepAlive(objects)
  }

  @Test("reference counts are as before, and no side table is made")
  func referenceCounts() throws {
    let pair = made { Pair() }
    let objects = [address(of: pair), address(of: pair.leaf)]
    let before = objects.map(referenceCountWord)
    let tracker = ClassTracker()
    try track(pair, by: tracker)
    let after = objects.map(referenceCountWord)
    #expect(after == before)
    #expect(after.allSatisfy { $0 >> 63 == 0 }, "bit 63: the counts have moved to a side table")
    tracker.close()
    #expect(objects.map(referenceCountWord) == before)
    keepAlive(pair)
  }

  // References that this function holds for a while are gone when it ends.
  @inline(never)
  private func track(_ pair: Pair, by tracker: ClassTracker) throws {
    try tracker.track(pair, resolutionLevel: 2)
    try tracker.track(pair.leaf)
    for _ in 0..<3 { try tracker.createSnapshot() }
    keepAlive(tracker.statistics.objects)
  }

  @Test("what was referenced uniquely stays so")
  func unique() throws {
    var pair = made { Pair() }
    let tracker = ClassTracker()
    try track(pair, by: tracker)
    #expect(isKnownUniquelyReferenced(&pair))
    #expect(isKnownUniquelyReferenced(&pair.leaf))
  }

  @Test("tracking and sizing take nothing of the measured heap")
  func heapBytes() throws {
    final class Tracked { let pair = Pair() }
    let arena = try Arena()
    let tracker = ClassTracker()
    let untracked = try arena.make { (0..<100).map { _ in Tracked() } }
    let expected = try arena.bytes()
    keepAlive(untracked)
    let other = try Arena()
    try tracker.track(class: Tracked.self, name: "Tracked", resolutionLevel: 1)
    let tracked = try other.make { (0..<100).map { _ in Tracked() } }
    #expect(try other.bytes() == expected)
    for _ in 0..<3 { try tracker.createSnapshot() }
    #expect(try other.bytes() == expected)
    // All but the array that holds them: 32 + 100 x 8 bytes in a block of 896.
    #expect(tracker.statistics.snapshots.last!.trackedBytes == expected - 896)
    keepAlive(tracked)
  }

  @Test("copy-on-write storage is not copied after a snapshot")
  func copyOnWrite() throws {
    let pair = made { Pair() }
    pair.strings.reserveCapacity(number(100))
    let address = pair.strings.withUnsafeBufferPointer { $0.baseAddress }
    let tracker = ClassTracker()
    try tracker.track(pair, resolutionLevel: 3)
    try tracker.createSnapshot()
    pair.strings.append(text())
    #expect(pair.strings.withUnsafeBufferPointer { $0.baseAddress } == address)
  }

  @Test(
    "who refers to a tracker does not own what it recorded", .serialized, arguments: [SnapshotMode.inPlace, .frozen])
  func holder(_ mode: SnapshotMode) throws {
    final class Host {
      let tracker: ClassTracker
      let other: ClassTracker
      let leaf = Leaf()
      let closure: () -> Int
      init(_ tracker: ClassTracker, _ other: ClassTracker) {
        (self.tracker, self.other) = (tracker, other)
        closure = { tracker.statistics.objectCount + other.statistics.objectCount }
      }
    }
    let (tracker, other) = (ClassTracker(), ClassTracker())
    let host = made { Host(tracker, other) }
    try tracker.track(host, name: "host")
    try other.track(host)
    for index in 0..<20 {
      try other.createSnapshot("\(index)", mode: mode)
      // A header and five words in a block of 64, the leaf and the closure's context of 32 each.
      #expect(try tracker.createSnapshot("\(index)", mode: mode).trackedBytes == 128)
    }
    #expect(Set(tracker.objects("host")[0].sizes.map(\.bytes)) == [128])
    keepAlive(host)
  }

  @Test("a snapshot's sizes do not count the tracker")
  func itself() throws {
    let leaf = made { Leaf() }
    let tracker = ClassTracker()
    try tracker.track(leaf)
    for index in 0..<200 { #expect(try tracker.createSnapshot("\(index)").trackedBytes == 32) }
    keepAlive(leaf)
  }
}
