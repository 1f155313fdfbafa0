// SPDX-License-Identifier: Apache-2.0
import Glibc
import Sizer
import Testing

/// Calls `body` while the kernel gives memory to nobody in this process.
private func withoutMemory(_ body: () throws -> Void) throws {
  var limit = rlimit()
  try #require(getrlimit(__rlimit_resource_t(RLIMIT_AS.rawValue), &limit) == 0)
  let before = limit.rlim_cur
  limit.rlim_cur = 1
  try #require(setrlimit(__rlimit_resource_t(RLIMIT_AS.rawValue), &limit) == 0)
  defer {
    limit.rlim_cur = before
    setrlimit(__rlimit_resource_t(RLIMIT_AS.rawValue), &limit)
  }
  try body()
}

/// Fills the allocator with free blocks, so that objects can be made which need none of the kernel's memory.
private func stockUp() {
  keepAlive((0..<number(2_000)).map { _ in made { Leaf() } })
}

@Suite("Memory that the system refuses")
struct RefusedMemoryTests {
  @Test("objects that could not be recorded at their birth are skipped in each snapshot, and in nobody's count")
  func lost() async {
    await #expect(processExitsWith: .success) {
      stockUp()
      var leaves: [Leaf] = []
      leaves.reserveCapacity(number(200))
      let tracker = ClassTracker()
      try tracker.track(class: Leaf.self, name: "leaf")
      try withoutMemory {
        for _ in 0..<100 { leaves.append(made { Leaf() }) }
      }
      for mode in [SnapshotMode.inPlace, .frozen] {
        let snapshot = try tracker.createSnapshot(mode: mode)
        #expect(snapshot.skippedCount == 100)
        #expect(snapshot.classes == ["leaf": ClassRecord()])
      }
      for _ in 0..<50 { leaves.append(made { Leaf() }) }
      for mode in [SnapshotMode.inPlace, .frozen] {
        let snapshot = try tracker.createSnapshot(mode: mode)
        #expect(snapshot.skippedCount == 100)
        #expect(snapshot.classes == ["leaf": ClassRecord(active: 50, bytes: 50 * 32, share: 1)])
      }
      // The deaths of those that nobody recorded are nobody's.
      leaves.removeFirst(100)
      #expect(tracker.objects("leaf").map { $0.death == nil } == Array(repeating: true, count: 50))
      keepAlive(leaves)
    }
  }

  @Test("a tracker that can't untrack its objects when it is cleared still knows them, and untracks them when it can")
  func clearing() async {
    await #expect(processExitsWith: .success) {
      let tracker = ClassTracker()
      var leaf: Leaf? = made { Leaf() }
      let other = made { Leaf() }
      try tracker.track(leaf!, name: "leaf")
      try withoutMemory { tracker.clear() }
      try tracker.track(other, name: "other")
      leaf = nil
      #expect(tracker.objects("leaf").map { $0.death == nil } == [false])
      #expect(tracker.objects("other").map { $0.death == nil } == [true])
      #expect(try tracker.createSnapshot().classes.mapValues(\.active) == ["leaf": 0, "other": 1])
      tracker.clear()
      #expect(tracker.statistics.objectCount == 0)
      #expect(tracker.statistics.snapshots.isEmpty)
      keepAlive((leaf, other))
    }
  }
}
