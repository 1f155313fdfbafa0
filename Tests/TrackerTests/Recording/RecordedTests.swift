// SPDX-License-Identifier: Apache-2.0
import Sizer
import TestSupport
import Testing

// A tracker sees the sessions of all threads: one test at a time has any.
@Suite("What a recording holds", .serialized)
struct RecordedTests {
  private let folder: TemporaryFolder
  private var path: String { folder.path("p") }

  init() throws { folder = try TemporaryFolder() }

  @Test("all that the tracker prints, byte for byte, after a life of everything", arguments: 0..<4)
  func all(seed: Int) throws {
    var program = LiveProgram(seed: UInt64(seed))
    try program.tracker.record(to: path)
    try program.track()
    try program.run(steps: 16)
    program.tracker.detachAllClasses()
    try program.tracker.stopRecording()
    let live = program.tracker.statistics
    try expectEqual(path, live)
    // There was something to compare.
    #expect(live.snapshots.count > 5 && live.objectCount > 100)
    #expect(live.objects.contains { $0.death != nil } && live.objects.contains { $0.death == nil })
    #expect(live.objects.contains { $0.trace != nil })
    #expect(live.objects.contains { Set($0.records.map(\.bytes)).count > 1 })
    #expect(live.objects.contains { $0.records.contains { !$0.referents.isEmpty } })
    #expect(live.objects.contains { $0.representation != $0.className })
    #expect(folder.files == ["p"])
    program.end()
  }

  @Test("begun in mid-life: all objects, and what the snapshots from then on found", arguments: 10..<13)
  func midLife(seed: Int) throws {
    var program = LiveProgram(seed: UInt64(seed))
    try program.track()
    try program.run(steps: 12)
    let before = program.tracker.statistics.snapshots.count
    try program.tracker.record(to: path)
    try program.run(steps: 12)
    program.tracker.detachAllClasses()
    try program.tracker.stopRecording()
    let live = program.tracker.statistics
    let file = try Statistics(contentsOf: path)
    #expect(before > 3 && live.snapshots.count > before + 3)
    #expect(file.snapshots == Array(live.snapshots[before...]))
    let since = file.snapshots[0].timestamp
    let expected = live.objects.map { object in
      var object = object
      object.records.removeAll { $0.timestamp < since }
      return object
    }
    #expect(file.objects == expected)
    program.end()
  }

  @Test("sizes and referents that have not changed since before it are in its first snapshot")
  func unchanged() throws {
    final class Owner { let leaf = Leaf() }
    let tracker = ClassTracker()
    let (owner, leaf) = (made { Owner() }, made { Leaf() })
    var dead: Leaf? = made { Leaf() }
    try tracker.track(owner, name: "owner", resolutionLevel: 1)
    try tracker.track(leaf, name: "leaf")
    try tracker.track(dead!, name: "dead")
    try tracker.createSnapshot("before")
    dead = nil
    try tracker.record(to: path)
    // Nothing is there yet but the file.
    #expect(try Statistics(contentsOf: path).objectCount == 0)
    try tracker.createSnapshot("first", mode: .inPlace)
    let late = made { Leaf() }
    try tracker.track(late, name: "late")
    try tracker.createSnapshot("second", mode: .inPlace)
    try tracker.stopRecording()
    let file = try Statistics(contentsOf: path)
    #expect(file.snapshots.map(\.label) == ["first", "second"])
    #expect(file.objects.map(\.name) == ["owner", "leaf", "dead", "late"])
    #expect(file.objects.map { $0.records.map(\.bytes) } == [[64, 64], [32, 32], [], [32]])
    #expect(file.objects.map { $0.death != nil } == [false, false, true, false])
    #expect(file.objects[0].records.map { $0.referents.map(\.name) } == [["leaf"], ["leaf"]])
    keepAlive((owner, leaf, dead, late))
  }

  @Test("each snapshot can be read while the recording goes on")
  func whileItGoesOn() throws {
    let tracker = ClassTracker()
    var leaves: [Leaf] = []
    try tracker.record(to: path)
    for count in 1...5 {
      leaves.append(made { Leaf() })
      try tracker.track(leaves.last!, name: "leaf")
      try tracker.createSnapshot("\(count)")
      try expectEqual(path, tracker.statistics)
      #expect(try Statistics(contentsOf: path).snapshots.last?.trackedBytes == 32 * count)
    }
    try tracker.stopRecording()
    keepAlive(leaves)
  }

  @Test("births and deaths after the last snapshot, and what was never sized")
  func afterTheLastSnapshot() throws {
    let tracker = ClassTracker()
    try tracker.track(class: Session.self, name: "session", trace: true)
    try tracker.record(to: path)
    var old: Session? = made { Session(100) }
    try tracker.createSnapshot("only")
    let lateToDie: Session? = made { Session(100) }
    keepAlive(lateToDie)
    old = nil
    let young = made { LongSession(100) }
    morph(young, to: Session.self)
    var short: Session? = made { Session(100) }
    keepAlive(short)
    short = nil
    // A snapshot's figures are as they were; objects are as they are.
    #expect(try Statistics(contentsOf: path).objects.map { $0.death != nil } == [false])
    try tracker.stopRecording()
    let file = try Statistics(contentsOf: path)
    #expect(file.objects.map { $0.records.count } == [1, 0, 0, 0])
    #expect(file.objects.first?.death != nil && file.objects.last?.death != nil && file.objects[2].death == nil)
    #expect(file.objects.allSatisfy { $0.trace?.frames.contains { $0.file == #filePath } == true })
    try expectEqual(path, tracker.statistics)
    keepAlive((old, lateToDie, young, short))
  }

  @Test("without any snapshot, the objects all the same")
  func noSnapshot() throws {
    let tracker = ClassTracker()
    let leaf = made { Leaf() }
    try tracker.track(leaf, name: "before")
    try tracker.record(to: path)
    let other = made { Leaf() }
    try tracker.track(other, name: "after")
    try tracker.stopRecording()
    try expectEqual(path, tracker.statistics)
    #expect(try Statistics(contentsOf: path).objects.map(\.name) == ["before", "after"])
    keepAlive((leaf, other))
  }

  @Test("one recording after the other: each begins where it was begun")
  func several() throws {
    let tracker = ClassTracker()
    let leaf = made { Leaf() }
    try tracker.track(leaf, name: "leaf")
    for (file, labels) in [("a", ["1", "2"]), ("b", []), ("c", ["3"])] {
      try tracker.record(to: folder.path(file))
      for label in labels { try tracker.createSnapshot(label) }
      try tracker.stopRecording()
      #expect(try Statistics(contentsOf: folder.path(file)).snapshots.map(\.label) == labels)
      try tracker.createSnapshot("between")
    }
    #expect(try Statistics(contentsOf: folder.path("a")).objects[0].records.map(\.bytes) == [32, 32])
    #expect(folder.files == ["a", "b", "c"])
    keepAlive(leaf)
  }
}
