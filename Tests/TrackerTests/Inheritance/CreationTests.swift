// SPDX-License-Identifier: Apache-2.0
import Foundation
import Sizer
import Testing

private struct Refusal: Error {}

private class Base: Codable {
  let leaf: Leaf
  let value: Int
  init(_ value: Int) {
    leaf = Leaf()
    self.value = number(value)
  }
  convenience init(text: String) { self.init(text.utf8.count) }
  required init(from decoder: any Decoder) throws {
    leaf = Leaf()
    value = try decoder.singleValueContainer().decode(Int.self)
  }
  func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(value)
  }
}

private protocol Product: AnyObject { init(number: Int) }
private class Plain: Product {
  let value: Int
  required init(number: Int) { value = number }
}
private final class Special: Plain {
  let more = text()
}
@inline(never)
private func factory(_ type: any Product.Type) -> AnyObject { type.init(number: number(1)) }

private final class Header: ManagedBuffer<Int, Leaf> {
  deinit {
    withUnsafeMutablePointers { count, leaves in _ = leaves.deinitialize(count: count.pointee) }
  }
}

/// An initialiser that gives up before all fields are set, after that, or after super's is done.
private class Fallible {
  let leaf: Leaf
  var name: String
  init(failing stage: Int) throws {
    if stage == 0 { throw Refusal() }
    leaf = Leaf()
    if stage == 1 { throw Refusal() }
    name = text()
    if stage == 2 { throw Refusal() }
  }
}
private final class FallibleBelow: Fallible {
  let more: String
  init(failing stage: Int, below: Int) throws {
    if below == 0 { throw Refusal() }
    more = text(60)
    if below == 1 { throw Refusal() }
    try super.init(failing: stage)
    if below == 2 { throw Refusal() }
  }
}
private final class Optional0 {
  let name: String
  init?(_ length: Int) {
    guard length > 0 else { return nil }
    name = text(length)
    guard length < 100 else { return nil }
  }
}

@Suite("Creation by any road", .serialized)
struct CreationTests {
  @Test("designated, convenience and required initialisers, and decoding")
  func initialisers() throws {
    let tracker = ClassTracker()
    try tracker.track(class: Base.self, name: "Base")
    let decoded = try JSONDecoder().decode([Base].self, from: Data("[1, 2, 3]".utf8))
    let objects = [made { Base(1) }, made { Base(text: text()) }] + decoded
    let snapshot = try tracker.createSnapshot()
    #expect(snapshot.classes["Base"]?.active == 5)
    #expect(snapshot.trackedBytes == 5 * (32 + 32))
    keepAlive(objects)
  }

  @Test("a factory through metatypes")
  func metatypes() throws {
    let tracker = ClassTracker()
    try tracker.track(class: Plain.self, name: "Plain")
    let objects = [factory(Plain.self), factory(Special.self)]
    #expect(tracker.statistics.objects.map { $0.className.hasSuffix("Special") } == [false, true])
    #expect(try tracker.active("Plain") == 2)
    keepAlive(objects)
  }

  @Test("ManagedBuffer.create, whose tail belongs to the object")
  func managedBuffers() throws {
    let tracker = ClassTracker()
    try HeapSizer.registerTailCount(of: Header.self)
    try tracker.track(class: Header.self, name: "Header")
    var buffer: ManagedBuffer<Int, Leaf>? = Header.create(minimumCapacity: number(100)) { _ in 0 }
    buffer!.withUnsafeMutablePointers { count, leaves in
      for index in 0..<3 { (leaves + index).initialize(to: Leaf()) }
      count.pointee = 3
    }
    let snapshot = try tracker.createSnapshot()
    // 24 + 100 x 8 bytes in a block of 896.
    #expect(snapshot.classes["Header"]?.active == 1)
    #expect(try HeapSizer().size(of: buffer!).bytes == snapshot.trackedBytes && snapshot.trackedBytes >= 896)
    buffer = nil
    #expect(try tracker.active("Header") == 0)
  }

  @Test(
    "initialisers that throw leave an object born and dead, and give its memory back", .serialized, arguments: 0...2,
    0...3)
  func throwing(stage: Int, below: Int) throws {
    let arena = try Arena()
    let tracker = ClassTracker()
    try tracker.track(class: Fallible.self, name: "Fallible")
    let succeeds = below == 3
    let count = 100
    // An arena's value is made twice. The testing library keeps a note of what was thrown last: some hundred bytes.
    try arena.make {
      for _ in 0..<count { keepAlive(try? made { try FallibleBelow(failing: succeeds ? 3 : stage, below: below) }) }
      guard !succeeds else { return }
      for _ in 0..<count { keepAlive(try? made { try Fallible(failing: stage) }) }
    }
    let objects = tracker.objects("Fallible")
    #expect(objects.count == (succeeds ? 2 : 4) * count)
    #expect(objects.allSatisfy { $0.death != nil && $0.death! >= $0.birth })
    #expect(try tracker.active("Fallible") == 0)
    // The smallest of their blocks has 32 bytes.
    let left = try arena.bytes()
    #expect(left < count * 32)
  }

  @Test("initialisers that fail, too")
  func failing() throws {
    let tracker = ClassTracker()
    try tracker.track(class: Optional0.self, name: "Optional")
    let objects = [0, 5, 100].map { length in made { Optional0(number(length)) } }
    #expect(objects.map { $0 == nil } == [true, false, true])
    #expect(tracker.objects("Optional").map { $0.death == nil } == [false, true, false])
    keepAlive(objects)
  }

  @Test("an initialiser that throws does so for a class that is kept")
  func throwingKept() throws {
    for stage in 0...2 {
      let tracker = ClassTracker()
      try tracker.track(class: Fallible.self, name: "Fallible", keep: true)
      #expect(throws: Refusal.self) { try made { try Fallible(failing: stage) } }
      #expect(tracker.objects("Fallible").count == 1)
      _ = try tracker.createSnapshot()
      tracker.clear()
      tracker.close()
    }
  }

  @Test("actors, classes with a deinit and final classes")
  func kinds() throws {
    actor Actor { var name = text() }
    final class Deinit {
      var log: [Int]
      init(_ log: [Int]) { self.log = log }
      deinit { keepAlive(log) }
    }
    final class Final {}
    let tracker = ClassTracker()
    try tracker.track(class: Actor.self, name: "Actor")
    try tracker.track(class: Deinit.self, name: "Deinit")
    try tracker.track(class: Final.self, name: "Final")
    var objects: [AnyObject] = [made { Actor() }, made { Deinit([1]) }, made { Final() }]
    #expect(try tracker.createSnapshot().classes.mapValues(\.active) == ["Actor": 1, "Deinit": 1, "Final": 1])
    objects = []
    #expect(try tracker.createSnapshot().classes.mapValues(\.active) == ["Actor": 0, "Deinit": 0, "Final": 0])
    #expect(tracker.statistics.objects.allSatisfy { $0.death != nil })
    keepAlive(objects)
  }

  @Test("subclasses of Foundation's classes, whose layout only run time knows")
  func resilient() throws {
    final class Operation1: Operation, @unchecked Sendable { let leaf = Leaf() }  // never leaves the test
    final class Coder: JSONDecoder, @unchecked Sendable { let leaf = Leaf() }  // never leaves the test
    let tracker = ClassTracker()
    try tracker.track(class: Operation1.self, name: "Operation")
    try tracker.track(class: JSONDecoder.self, name: "JSONDecoder")
    var objects: [AnyObject] = [made { Operation1() }, made { Coder() }, made { JSONDecoder() }]
    #expect(try tracker.createSnapshot().classes.mapValues(\.active) == ["Operation": 1, "JSONDecoder": 2])
    objects = []
    #expect(try tracker.createSnapshot().classes.mapValues(\.active) == ["Operation": 0, "JSONDecoder": 0])
    keepAlive(objects)
  }
}
