// SPDX-License-Identifier: Apache-2.0
import Sizer
import Testing

@Suite("Acceptance: classes")
struct AcceptanceClassesTests {
  @Test("what is no class is an error")
  func notAClass() throws {
    // The compiler lets nothing else pass; a program that forces a type through must not crash.
    let tracker = ClassTracker()
    for type in [Int.self, (Int, Int).self, AnyObject.self, Optional<Leaf>.self] as [Any.Type] {
      expectError(.invalidArgument) { try tracker.track(class: unsafeBitCast(type, to: AnyClass.self)) }
    }
    #expect(tracker.statistics.trackedClasses.isEmpty)
    #expect(try tracker.createSnapshot().classes.isEmpty)
  }

  @Test("the instances of a class are tracked from then on, those that exist already are not")
  func fromThenOn() throws {
    final class Tracked { var value = number(1) }
    let tracker = ClassTracker()
    let before = made { Tracked() }
    try tracker.track(class: Tracked.self, name: "tracked")
    #expect(try tracker.active("tracked") == 0)
    let after = made { Tracked() }
    #expect(try tracker.active("tracked") == 1)
    keepAlive((before, after))
  }

  @Test("a class is tracked twice without harm, with and without initialisers of its own")
  func twice() throws {
    final class Without {}
    final class With {
      let value: Int
      init(_ value: Int) { self.value = number(value) }
    }
    let tracker = ClassTracker()
    for _ in 0..<2 {
      try tracker.track(class: Without.self, name: "without")
      try tracker.track(class: With.self, name: "with")
    }
    let objects: [AnyObject] = [made { Without() }, made { With(1) }, made { With(2) }]
    let snapshot = try tracker.createSnapshot()
    #expect(snapshot.classes.mapValues(\.active) == ["without": 1, "with": 2])
    // Two words; three words.
    #expect(snapshot.classes.mapValues(\.bytes) == ["without": 16, "with": 64])
    try tracker.detach(class: With.self)
    expectError(.notTracked) { try tracker.detach(class: With.self) }
    keepAlive(objects)
  }

  @Test("a class is tracked under its qualified name, or under the one that is given")
  func names() throws {
    class Outer<Element> { final class Inner {} }
    let tracker = ClassTracker()
    try tracker.track(class: NamedClass.self)
    try tracker.track(class: NamedClass.Nested<Int, [String]>.self)
    try tracker.track(class: Outer<Int>.Inner.self, name: "any name: \u{1F980}")
    let names = try tracker.createSnapshot().classes.keys.sorted()
    #expect(
      names == [
        "TrackerTests.NamedClass", "TrackerTests.NamedClass.Nested<Swift.Int, Swift.Array<Swift.String>>",
        "any name: \u{1F980}",
      ])
  }

  @Test("instances of a class that is kept stay alive as long as they are tracked")
  func keep() throws {
    final class Kept {}
    let tracker = ClassTracker()
    try tracker.track(class: Kept.self, name: "kept", keep: true)
    weak var first: Kept?
    do { first = made { Kept() } }
    #expect(first != nil)
    #expect(try tracker.active("kept") == 1)
    try tracker.track(class: Kept.self, name: "free")
    weak var second: Kept?
    do { second = made { Kept() } }
    #expect(second == nil)
    #expect(try tracker.active("kept") == 1)
    tracker.clear()
    #expect(first == nil)
  }

  @Test("the counts of the living follow births and deaths")
  func liveCounts() throws {
    final class Tracked {}
    let tracker = ClassTracker()
    try tracker.track(class: Tracked.self, name: "tracked")
    var objects: [Tracked] = []
    var counts: [Int] = []
    for step in [1, 1, 1, -1, -1, 1, -1, -1] {
      if step > 0 { objects.append(made { Tracked() }) } else { objects.removeFirst() }
      counts.append(try tracker.active("tracked"))
    }
    #expect(counts == [1, 2, 3, 2, 1, 2, 1, 0])
    let history = tracker.statistics.snapshots.map { $0.classes["tracked"]?.active }
    #expect(history == [1, 2, 3, 2, 1, 2, 1, 0])
    // Of the objects' own records the same history follows.
    let records = tracker.statistics.objects.flatMap { $0.records.map(\.timestamp) }
    #expect(tracker.statistics.snapshots.map { snapshot in records.count { $0 == snapshot.timestamp } } == counts)
  }

  @Test("a class that is detached is tracked no more, and detaching it again is an error")
  func detach() throws {
    final class Tracked {}
    let tracker = ClassTracker()
    expectError(.notTracked) { try tracker.detach(class: Tracked.self) }
    try tracker.track(class: Tracked.self, name: "tracked")
    var objects = [made { Tracked() }]
    try tracker.detach(class: Tracked.self)
    objects.append(made { Tracked() })
    #expect(try tracker.active("tracked") == 1)
    expectError(.notTracked) { try tracker.detach(class: Tracked.self) }
    objects.removeFirst()
    #expect(try tracker.active("tracked") == 0)
    #expect(tracker.objects("tracked").map { $0.death == nil } == [false])
    keepAlive(objects)
  }

  @Test("tracking again renames the instances to come")
  func rename() throws {
    final class Tracked {}
    let tracker = ClassTracker()
    var objects: [Tracked] = []
    for name in ["Foo", "Bar", "Foo"] {
      try tracker.track(class: Tracked.self, name: name)
      objects.append(made { Tracked() })
    }
    #expect(try tracker.createSnapshot().classes.mapValues(\.active) == ["Foo": 2, "Bar": 1])
    #expect(tracker.statistics.objects.map(\.name) == ["Foo", "Bar", "Foo"])
    #expect(Set(tracker.statistics.objects.map(\.className)).count == 1)
    keepAlive(objects)
  }

  @Test("a closed tracker tracks nothing and keeps what it recorded")
  func close() throws {
    final class Tracked {}
    let tracker = ClassTracker()
    try tracker.track(class: Tracked.self, name: "tracked")
    let before = made { Tracked() }
    try tracker.createSnapshot("last")
    tracker.close()
    let after = made { Tracked() }
    #expect(tracker.statistics.objects.map(\.name) == ["tracked"])
    #expect(tracker.statistics.snapshots.map(\.label) == ["last"])
    #expect(tracker.statistics.snapshots[0].classes["tracked"]?.active == 1)
    expectError(.closed) { try tracker.createSnapshot() }
    keepAlive((before, after))
  }
}

class NamedClass {
  final class Nested<First, Second> {}
}
