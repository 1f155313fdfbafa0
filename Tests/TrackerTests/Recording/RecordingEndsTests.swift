// SPDX-License-Identifier: Apache-2.0
import Glibc
import Sizer
import Synchronization
import TestSupport
import Testing

@Suite("The end of a recording")
struct RecordingEndsTests {
  private let folder: TemporaryFolder
  private var path: String { folder.path("p") }

  init() throws { folder = try TemporaryFolder() }

  /// A tracker that records: a leaf in a snapshot, one that came later, one that died.
  private func recording() throws -> (tracker: ClassTracker, leaves: [Leaf]) {
    let tracker = ClassTracker()
    let (first, second) = (made { Leaf() }, made { Leaf() })
    var dead: Leaf? = made { Leaf() }
    try tracker.track(first, name: "first")
    try tracker.track(dead!, name: "dead")
    try tracker.record(to: path)
    try tracker.createSnapshot("one")
    try tracker.track(second, name: "second")
    dead = nil
    keepAlive(dead)
    return (tracker, [first, second])
  }

  /// The file is complete, and one file.
  private func expectWhole() throws {
    let file = try Statistics(contentsOf: path)
    #expect(file.snapshots.map(\.label) == ["one"])
    #expect(file.objects.map(\.name) == ["first", "dead", "second"])
    #expect(file.objects.map { $0.records.map(\.bytes) } == [[32], [32], []])
    #expect(file.objects.map { $0.death != nil } == [false, true, false])
    #expect(folder.files == ["p"])
  }

  @Test("clearing ends it with all that was known; what comes then is another recording's")
  func cleared() throws {
    let (tracker, leaves) = try recording()
    tracker.clear()
    try expectWhole()
    try tracker.track(leaves[0], name: "again")
    try tracker.createSnapshot("two")
    try expectWhole()
    try tracker.record(to: folder.path("q"))
    try tracker.createSnapshot("three")
    try tracker.stopRecording()
    let file = try Statistics(contentsOf: folder.path("q"))
    #expect(file.snapshots.map(\.label) == ["three"] && file.objects.map(\.name) == ["again"])
    #expect(file.objects[0].records.map(\.bytes) == [32])
    keepAlive(leaves)
  }

  @Test("closing ends it: the file prints what the closed tracker prints")
  func closed() throws {
    let (tracker, leaves) = try recording()
    tracker.close()
    try expectWhole()
    try expectEqual(path, tracker.statistics)
    // Tracking ended while they lived.
    #expect(lines { tracker.statistics.printStatistics(to: &$0) }.count { $0.contains("( left )") } == 2)
    tracker.close()
    try tracker.stopRecording()
    try expectWhole()
    keepAlive(leaves)
  }

  @Test("so does the end of the tracker itself")
  func dropped() throws {
    do {
      let (_, leaves) = try recording()
      keepAlive(leaves)
    }
    try expectWhole()
  }

  @Test("detaching does not: nothing is tracked, and that is recorded")
  func detached() throws {
    let (tracker, leaves) = try recording()
    tracker.detachAll()
    try tracker.createSnapshot("two")
    try tracker.stopRecording()
    try expectEqual(path, tracker.statistics)
    let file = try Statistics(contentsOf: path)
    #expect(file.snapshots.map(\.trackedBytes) == [64, 0])
    #expect(file.objects.map { $0.records.count } == [1, 1, 0])
    keepAlive(leaves)
  }

  @Test("periodic snapshots are recorded, until they are stopped by the tracker's end")
  func periodic() throws {
    var times: [Duration] = []
    let leaf = made { Leaf() }
    do {
      let tracker = ClassTracker()
      try tracker.track(leaf, name: "leaf")
      try tracker.record(to: path)
      try tracker.startPeriodicSnapshots(every: .milliseconds(5))
      #expect(eventually { tracker.statistics.snapshots.count > 5 })
      // What the tracker shows is in the file a moment later.
      times = tracker.statistics.snapshots.map(\.timestamp)
      #expect(try eventually { try Statistics(contentsOf: path).snapshots.count >= times.count })
    }
    // A snapshot that was under way has the tracker until it is done.
    #expect(eventually { folder.files == ["p"] })
    let file = try Statistics(contentsOf: path)
    #expect(file.snapshots.map(\.timestamp).starts(with: times))
    #expect(file.snapshots.allSatisfy { $0.trackedBytes == 32 && $0.error == nil })
    #expect(file.objects.map { $0.records.count } == [file.snapshots.count])
    keepAlive(leaf)
  }

  @Test(
    "a kept object's deinit may record: the tracker holds no lock then", .serialized, arguments: ["clear", "detachAll"])
  func inDeinit(way: String) throws {
    final class Kept {
      let act: () -> Void
      init(_ act: @escaping () -> Void) { self.act = act }
      deinit { act() }
    }
    let tracker = ClassTracker()
    let isRecorded = Mutex(false)
    do {
      let other = folder.path("q")
      let kept = made {
        Kept { [unowned tracker] in
          try? tracker.stopRecording()
          isRecorded.withLock { $0 = (try? tracker.record(to: other)) != nil }
        }
      }
      try tracker.track(kept, name: "kept", keep: true)
    }
    try tracker.record(to: path)
    try tracker.createSnapshot("one")
    if way == "clear" { tracker.clear() } else { tracker.detachAll() }
    #expect(isRecorded.withLock(\.self) == true)
    try tracker.createSnapshot("two")
    try tracker.stopRecording()
    #expect(try Statistics(contentsOf: path).snapshots.map(\.label) == ["one"])
    #expect(try Statistics(contentsOf: folder.path("q")).snapshots.map(\.label) == ["two"])
  }
}
