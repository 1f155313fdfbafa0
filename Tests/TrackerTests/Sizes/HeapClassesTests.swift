// SPDX-License-Identifier: Apache-2.0
import Sizer
import TestSupport
import Testing

// Types of this file's own: other tests make objects in the same process at the same time.

private final class HeapHolder {
  var items: [HeapItem] = []
}
private final class HeapItem {
  let words = (1, 2, 3)
}
private final class HeapLoner {
  let words = (1, 2, 3, 4, 5)
}

@Suite("Classes of the heap in snapshots", .serialized)
struct HeapClassesTests {
  private func record(_ type: Any.Type, in snapshot: Snapshot) throws -> TypeRecord {
    let isThere = snapshot.heap != nil
    return try #require(
      snapshot.heap?.first { $0.typeName == typeName(of: type) },
      "\(snapshot.mode), \(snapshot.error ?? ""), \(isThere)")
  }

  @Test("tell what lives, and what of it nothing tracked reaches")
  func classes() throws {
    let make = {
      let holder = HeapHolder()
      holder.items = (0..<300).map { _ in HeapItem() }
      return holder
    }
    // What the runtime makes for types that it meets the first time is nobody's.
    withExtendedLifetime(make()) {}
    let arena = try Arena()
    let holder = try arena.inside(make)
    let free = (0..<20).map { _ in HeapItem() }
    let loners = (0..<50).map { _ in HeapLoner() }
    let tracker = ClassTracker()
    defer { tracker.close() }
    try tracker.track(holder)
    let snapshot = try tracker.createSnapshot(heap: .classes)
    #expect(snapshot.mode == .frozen)
    #expect(snapshot.trackedBytes == (try arena.bytes()))
    let items = try record(HeapItem.self, in: snapshot)
    let each = try HeapSizer().size(of: free[0]).bytes
    #expect(items.count == 320 && items.bytes == 320 * each)
    #expect(items.untrackedCount == 20 && items.untrackedBytes == 20 * each)
    #expect(try record(HeapHolder.self, in: snapshot).untrackedCount == 0)
    #expect(try record(HeapLoner.self, in: snapshot).untrackedCount == 50)
    let untracked = try #require(snapshot.untrackedBytes)
    #expect(untracked == snapshot.untrackedClasses?.reduce(0) { $0 + $1.untrackedBytes })
    #expect(snapshot.heap?.reduce(0) { $0 + $1.bytes } == untracked + snapshot.trackedBytes)
    #expect(try tracker.createSnapshot(mode: .frozen).heap == nil)
    withExtendedLifetime((holder, free, loners)) {}
  }

  @Test("close against the ladder's rungs of Swift's own")
  func ladder() throws {
    let loners = (0..<50).map { _ in HeapLoner() }
    let tracker = ClassTracker()
    defer { tracker.close() }
    let snapshot = try tracker.createSnapshot(heap: .classes)
    let ladder = try #require(snapshot.ladder)
    let rungs = try #require(ladder.objects) + (try #require(ladder.rawBlocks)) + (ladder.deadObjects ?? 0)
    #expect(snapshot.untrackedBytes == snapshot.heap?.reduce(0) { $0 + $1.bytes })
    #expect(snapshot.untrackedBytes == rungs)
    withExtendedLifetime(loners) {}
  }

  @Test("with nothing tracked there is a ladder, but for periodic ones")
  func nothingTracked() throws {
    let tracker = ClassTracker()
    defer { tracker.close() }
    let ladder = try #require(try tracker.createSnapshot().ladder)
    #expect(ladder.rungs.reduce(0) { $0 + $1.bytes } == ladder.resident)
    #expect(ladder.resident > 0)
  }

  @Test("are in periodic snapshots that are asked for them, until they are started again without")
  func periodic() throws {
    let loners = (0..<70).map { _ in made { HeapLoner() } }
    let tracker = ClassTracker()
    defer { tracker.close() }
    try tracker.startPeriodicSnapshots(every: .milliseconds(5), heap: .classes)
    // Nine times what one took goes by before the next.
    #expect(eventually(within: .seconds(900)) { tracker.statistics.snapshots.count { $0.heap != nil } > 2 })
    for snapshot in tracker.statistics.snapshots where snapshot.heap != nil {
      #expect(try record(HeapLoner.self, in: snapshot).count == 70)
    }
    try tracker.startPeriodicSnapshots(every: .milliseconds(5))
    #expect(eventually { tracker.statistics.snapshots.last.map { $0.heap == nil && $0.error == nil } ?? false })
    keepAlive(loners)
  }

  @Test("are in the file and not kept besides, when a recording says so")
  func forgotten() throws {
    let loners = (0..<30).map { _ in made { HeapLoner() } }
    let tracker = ClassTracker()
    defer { tracker.close() }
    let folder = try TemporaryFolder()
    let before = try tracker.createSnapshot("before", heap: .classes)
    try tracker.record(to: folder.path("p.sizer"), keepsHeaps: false)
    for round in 1...3 {
      #expect(try record(HeapLoner.self, in: tracker.createSnapshot("\(round)", heap: .classes)).count == 30)
    }
    #expect(tracker.statistics.snapshots.map { $0.heap != nil } == [true, false, false, false])
    #expect(tracker.statistics.snapshots[0] == before)
    try tracker.stopRecording()
    #expect(try tracker.createSnapshot("after", heap: .classes) == tracker.statistics.snapshots.last)
    let read = try Statistics(contentsOf: folder.path("p.sizer")).snapshots
    #expect(read.map(\.label) == ["1", "2", "3"])
    for snapshot in read { #expect(try record(HeapLoner.self, in: snapshot).count == 30) }
    keepAlive(loners)
  }

  @Test("are in the summary and in the file, and are refused in place")
  func outside() throws {
    let loners = (0..<50).map { _ in HeapLoner() }
    let tracker = ClassTracker()
    defer { tracker.close() }
    let snapshot = try tracker.createSnapshot("idle", heap: .classes)
    try tracker.createSnapshot("without")
    let folder = try TemporaryFolder()
    try tracker.statistics.write(to: folder.path("p.sizer"))
    let read = try Statistics(contentsOf: folder.path("p.sizer")).snapshots
    #expect(read[0].heap == snapshot.heap && read[1].heap == nil)
    var text = ""
    tracker.statistics.printSummary(to: &text)
    let lines = text.split(separator: "\n")
    let first = try #require(lines.firstIndex { $0.hasPrefix("  (nothing tracked reaches) ") })
    let names = lines[(first + 1)...].prefix { $0.hasPrefix("    ") }
    #expect(names.count == min(10, snapshot.untrackedClasses!.count))
    #expect(lines.allSatisfy { $0.count <= 79 })
    let error = #expect(throws: SizerError.self) { try tracker.createSnapshot(mode: .inPlace, heap: .classes) }
    #expect(error?.code == .invalidArgument)
    #expect(try tracker.createSnapshot(mode: .counts, heap: .classes).heap == nil)
    withExtendedLifetime(loners) {}
  }
}
