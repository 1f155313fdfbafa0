// SPDX-License-Identifier: Apache-2.0
import Sizer
import Testing

private class Repeated { let leaf = Leaf() }
private final class RepeatedBelow: Repeated {}

/// The function that destroys a class's objects: the word two before the class's metadata.
private func destroySlot(_ type: AnyClass) -> UInt {
  unsafeBitCast(type, to: UnsafeRawPointer.self).load(fromByteOffset: -16, as: UInt.self)
}

@inline(never)
private func useTracker(_ round: Int) throws {
  let tracker = ClassTracker()
  try tracker.track(
    class: Repeated.self, name: "Repeated", resolutionLevel: round % 2, keep: round % 3 == 0, trace: true)
  try tracker.track(class: RepeatedBelow.self)
  let objects = [made { Repeated() }, made { RepeatedBelow() }]
  try tracker.track(objects[0].leaf, resolutionLevel: 1)
  #expect(try tracker.createSnapshot("round").trackedBytes == 128)
  #expect(tracker.statistics.objects.count == 3)
  if round % 5 == 0 { tracker.clear() }
  tracker.close()
  keepAlive(objects)
}

@Suite("Trackers that come and go")
struct RepetitionTests {
  @Test("a tracker made and closed 1,000 times leaves memory and hooks as they were")
  func thousand() async {
    // In a process of its own, whose memory nobody else uses.
    await #expect(processExitsWith: .success) {
      let slots = [destroySlot(Repeated.self), destroySlot(RepeatedBelow.self), destroySlot(Leaf.self)]
      for round in 0..<200 { try useTracker(round) }
      // A tracker's own first pages are 24 KB or more: a thousand that leaked would be far above the bounds, each time.
      // The allocator's own caches may grow once.
      var isSteady = false
      for _ in 0..<4 where !isSteady {
        let overhead = HeapSizer.capabilities.overheadBytes
        let before = try ClassTracker().createSnapshot().process
        for round in 0..<1_000 { try useTracker(round) }
        let after = try ClassTracker().createSnapshot().process
        isSteady =
          after.resident - before.resident < 4 << 20 && after.virtual - before.virtual < 64 << 20
          && HeapSizer.capabilities.overheadBytes - overhead < 256 << 10
      }
      #expect(isSteady)
      #expect([destroySlot(Repeated.self), destroySlot(RepeatedBelow.self), destroySlot(Leaf.self)] == slots)
    }
  }

  @Test("clearing 1,000 times leaves memory as it was, and the tracker as if new")
  func clearing() async {
    await #expect(processExitsWith: .success) {
      let tracker = ClassTracker()
      func round() throws {
        try tracker.track(class: Repeated.self, name: "Repeated", resolutionLevel: 1)
        let objects = (0..<100).map { _ in made { Repeated() } }
        #expect(try tracker.createSnapshot().classes.mapValues(\.active) == ["Repeated": 100])
        #expect(tracker.statistics.objectCount == 100)
        tracker.clear()
        #expect(tracker.statistics.objectCount == 0 && tracker.statistics.trackedClasses.isEmpty)
        keepAlive(objects)
      }
      for _ in 0..<200 { try round() }
      let before = try ClassTracker().createSnapshot()
      for _ in 0..<1_000 { try round() }
      let after = try ClassTracker().createSnapshot()
      #expect(after.process.resident - before.process.resident < 4 << 20)
      #expect(after.overheadBytes - before.overheadBytes < 256 << 10)
    }
  }

  @Test("detaching and tracking a class again, 1,000 times over, costs its name once")
  func detaching() async {
    await #expect(processExitsWith: .success) {
      let tracker = ClassTracker()
      func round() throws {
        try tracker.track(class: Repeated.self, name: "Repeated")
        keepAlive(made { RepeatedBelow() })
        try tracker.detach(class: Repeated.self)
        keepAlive(made { RepeatedBelow() })
      }
      for _ in 0..<200 { try round() }
      let overhead = try tracker.createSnapshot().overheadBytes
      for _ in 0..<1_000 { try round() }
      #expect(tracker.statistics.objectCount == 1_200)
      #expect(try tracker.createSnapshot().overheadBytes - overhead < 256 << 10)
    }
  }

  @Test("detaching and tracking a class again, 100,000 times over, takes no memory of Sizer's")
  func detachingForEver() async {
    await #expect(processExitsWith: .success) {
      let tracker = ClassTracker()
      keepAlive(made { RepeatedBelow() })
      func round() throws {
        try tracker.track(class: Repeated.self, name: "Repeated")
        try tracker.detach(class: Repeated.self)
      }
      for _ in 0..<1_000 { try round() }
      let overhead = HeapSizer.capabilities.overheadBytes
      for _ in 0..<100_000 { try round() }
      // A word for each round would be above.
      #expect(HeapSizer.capabilities.overheadBytes - overhead < 64 << 10)
    }
  }
}
