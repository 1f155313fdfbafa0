// SPDX-License-Identifier: Apache-2.0
import Sizer
import Testing

class Foo {
  var value = number(1)
}
final class Box {
  let leaf = Leaf()
  var text = TestSupport.text()
}

@Suite("Acceptance: objects")
struct AcceptanceObjectsTests {
  @Test("an object is tracked by identity, once")
  func identity() throws {
    let tracker = ClassTracker()
    let (one, other) = (made { Foo() }, made { Foo() })
    try tracker.track(one)
    try tracker.track(one, name: "again")
    #expect(tracker.statistics.objects.map(\.name) == ["TrackerTests.Foo"])
    #expect(try tracker.createSnapshot().classes["TrackerTests.Foo"]?.active == 1)
    try tracker.track(other)
    #expect(try tracker.active("TrackerTests.Foo") == 2)
    keepAlive((one, other))
  }

  @Test("what can't be tracked is an error and leaves no trace")
  func untrackable() throws {
    let tracker = ClassTracker()
    struct Value { var number = TestSupport.number(5) }
    expectError(.invalidArgument) { try tracker.track(Value() as AnyObject) }
    expectError(.invalidArgument) { try tracker.track((1, text()) as AnyObject, name: "pair", keep: true) }
    expectError(.invalidArgument) { try tracker.track(Value.self as AnyObject) }
    #expect(tracker.statistics.objectCount == 0)
    #expect(tracker.statistics.trackedClasses.isEmpty)
    #expect(try tracker.createSnapshot().classes.isEmpty)
  }

  @Test("an object is tracked by a name")
  func name() throws {
    let tracker = ClassTracker()
    let foo = made { Foo() }
    try tracker.track(foo, name: "Foobar")
    #expect(tracker.statistics.trackedClasses == ["Foobar"])
    let object = try #require(tracker.statistics.object(at: 0))
    #expect(object.className == "TrackerTests.Foo")
    #expect(object.representation == "TrackerTests.Foo")
    keepAlive(foo)
  }

  @Test("an object that is kept stays alive, one that is not kept does not")
  func keep() throws {
    let tracker = ClassTracker()
    weak var kept: Foo?
    weak var free: Foo?
    do {
      let (one, other) = (made { Foo() }, made { Foo() })
      (kept, free) = (one, other)
      try tracker.track(one, name: "kept", keep: true)
      try tracker.track(other, name: "free")
    }
    #expect(kept != nil)
    #expect(free == nil)
    #expect(tracker.objects("kept").map { $0.death == nil } == [true])
    #expect(tracker.objects("free").map { $0.death == nil } == [false])
    tracker.detachAll()
    #expect(kept == nil)
  }

  @Test("objects and classes are mixed over snapshots")
  func mixed() throws {
    final class Tracked { var value = number(1) }
    let tracker = ClassTracker()
    let single = made { Foo() }
    try tracker.track(single, name: "object")
    try tracker.track(class: Tracked.self, name: "class")
    var first: Tracked? = made { Tracked() }
    try tracker.createSnapshot()
    let second = made { Tracked() }
    try tracker.createSnapshot()
    first = nil
    let snapshot = try tracker.createSnapshot()
    let found = tracker.statistics.snapshots.map { $0.classes.mapValues(\.active) }
    #expect(found == [["object": 1, "class": 1], ["object": 1, "class": 2], ["object": 1, "class": 1]])
    // Both classes are two words and one integer.
    #expect(snapshot.trackedBytes == 32 + 32)
    #expect(tracker.statistics.objects.map { $0.records.count } == [3, 2, 2])
    keepAlive((single, first, second))
  }

  @Test("level 1 names the referents, level 2 after a change what is below them")
  func levels() throws {
    final class Owner { let box = Box() }
    let tracker = ClassTracker()
    let owner = made { Owner() }
    try tracker.track(owner, resolutionLevel: 1)
    try tracker.createSnapshot()
    try tracker.change(owner, resolutionLevel: 2)
    try tracker.createSnapshot()
    let records = try #require(tracker.statistics.object(at: 0)).records
    #expect(records.map { $0.referents.map(\.name) } == [["box"], ["box"]])
    #expect(records[0].referents[0].children.isEmpty)
    #expect(records[1].referents[0].children.map(\.name) == ["leaf", "text"])
    // An owner of three words, a box of five, a leaf of three, a string of 40 bytes in a block of 80.
    #expect(records.map(\.bytes) == [32 + 48 + 32 + 80, 192])
    #expect(records[1].referents[0].children.map(\.bytes) == [32, 80])
    keepAlive(owner)
  }

  @Test("every object's records carry the snapshots' timestamps")
  func timestamps() throws {
    let tracker = ClassTracker()
    var foos: [Foo] = []
    for _ in 0..<3 {
      foos.append(made { Foo() })
      try tracker.track(foos.last!)
      try tracker.createSnapshot()
    }
    let times = tracker.statistics.snapshots.map(\.timestamp)
    #expect(times == times.sorted() && Set(times).count == 3)
    for (index, object) in tracker.statistics.objects.enumerated() {
      #expect(object.records.map(\.timestamp) == Array(times[index...]))
      #expect(object.sizes.map(\.timestamp) == Array(times[index...]))
      #expect(object.birth < times[index])
    }
    keepAlive(foos)
  }

  @Test("a snapshot has the process's figures, its own overhead and the tracked bytes")
  func snapshotMembers() throws {
    let tracker = ClassTracker()
    let foo = made { Foo() }
    try tracker.track(foo)
    let snapshot = try tracker.createSnapshot()
    #expect(snapshot.overheadBytes > 0)
    #expect(snapshot.trackedBytes == 32)
    #expect(snapshot.process.resident > snapshot.overheadBytes)
    #expect(snapshot.process.virtual >= snapshot.process.resident)
    #expect(snapshot.process.data > 0 && snapshot.process.stack > 0 && snapshot.process.code > 0)
    #expect(snapshot.timestamp > .zero)
    #expect(snapshot.error == nil && snapshot.skippedCount == 0 && snapshot.unresolvedCount == 0)
    #expect(tracker.statistics.snapshots == [snapshot])
    keepAlive(foo)
  }

  @Test("with nothing tracked a snapshot has the process's figures only")
  func nothingTracked() throws {
    let snapshot = try ClassTracker().createSnapshot("bare")
    #expect(snapshot.process.virtual >= snapshot.process.resident && snapshot.process.resident > 0)
    #expect(snapshot.trackedBytes == 0 && snapshot.classes.isEmpty)
  }

  @Test("snapshots have the labels that were given")
  func labels() throws {
    let tracker = ClassTracker()
    for label in ["first", "", "first", "last\nof \u{1F980}"] { try tracker.createSnapshot(label) }
    #expect(tracker.statistics.snapshots.map(\.label) == ["first", "", "first", "last\nof \u{1F980}"])
  }
}
