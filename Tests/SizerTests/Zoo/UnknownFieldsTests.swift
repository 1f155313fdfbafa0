// SPDX-License-Identifier: Apache-2.0
import Foundation
import SeededRandom
import Sizer
import Synchronization
import Testing

// One field whose type nobody tells, in every kind of owner, beside fields whose owners only their types tell (Data
// keeps its block under tag bits). It may cost its own words, never its neighbours.

/// Nobody tells: the arguments of a pack are not read from the name of a field that can't be copied.
private struct Hidden<each Value>: ~Copyable {
  let values: (repeat each Value)
  let leaf = Leaf()
}
private typealias Unknown = Hidden<Leaf, String>
private func unknown() -> Unknown { Unknown(values: (Leaf(), text())) }
private func data(_ count: Int = 100) -> Data { Data(repeating: 1, count: number(count)) }

private final class First {
  let hidden: Unknown = SizerTests.unknown()
  let known = Mutex(data())
}
private final class Middle {
  let known = Mutex(data())
  let hidden: Unknown = SizerTests.unknown()
  let result = Mutex<Result<String, any Error>?>(.success(text()))
}
private final class Last: @unchecked Sendable {
  var known: (Data, String?, Any) = (data(), text(), data(50))
  let hidden: Unknown = SizerTests.unknown()
}
private class Base {
  let hidden: Unknown = SizerTests.unknown()
  var known = data()
}
private final class Derived: Base { let more = [data(), data(200)] }
private final class Generic<Value> {
  let value: Value
  let hidden: Unknown = SizerTests.unknown()
  var known = data()
  init(_ value: Value) { self.value = value }
}
private struct Inner: ~Copyable {
  let known = data()
  let hidden: Unknown = SizerTests.unknown()
  let choice: Choice
}
private enum Choice: ~Copyable {
  case data(Data)
  case hidden(Unknown)
  case leaf(Leaf)
  case none
}
private final class InStruct { let inner = Inner(choice: .data(data())) }
private final class InEnums {
  let a = Choice.data(data())
  let b = Choice.leaf(Leaf())
  let c = Choice.none
}
private final class InHiddenCase {
  let a = Choice.hidden(SizerTests.unknown())
  let b = Choice.data(data())
}
private final class InOptional {
  let some: Unknown? = SizerTests.unknown()
  let none: Unknown? = nil
  let known = Mutex(data())
}
private final class Captured {
  let run: () -> Int
  init() {
    let known = data()
    let hidden = SizerTests.unknown()
    let more = data(200)
    run = { known.count + hidden.leaf.value + more.count }
  }
}

/// A tree of them, for everything below refers to its like.
private final class Node {
  var parts: [AnyObject] = []
  var named: [String: AnyObject] = [:]
  var known: Any = data()
}

private struct Generator {
  var random: SeededGenerator

  mutating func node(_ depth: Int) -> Node {
    let node = Node()
    for _ in 0..<Int.random(in: 1...3, using: &random) { node.parts.append(part(depth)) }
    node.named[text()] = part(depth)
    return node
  }

  private mutating func part(_ depth: Int) -> AnyObject {
    switch Int.random(in: 0..<(depth > 0 ? 14 : 11), using: &random) {
    case 0: First()
    case 1: Middle()
    case 2: Last()
    case 3: Derived()
    case 4: Generic(data())
    case 5: Generic((1, Leaf()))
    case 6: InStruct()
    case 7: InEnums()
    case 8: InHiddenCase()
    case 9: InOptional()
    case 10: Captured()
    default: node(depth - 1)
    }
  }
}

@Suite("One field of unknown type")
struct UnknownFieldsTests {
  @Test("costs its own words: the rest of its object is exact")
  func neighbours() throws {
    try expectExact(unresolved: 1) { First() }
    try expectExact(unresolved: 1) { Middle() }
    try expectExact(unresolved: 1) { Last() }
    try expectExact(unresolved: 1) { Derived() }
    try expectExact(unresolved: 1) { Generic(data()) }
    try expectExact(unresolved: 1) { InStruct() }
    try expectExact(unresolved: 0) { Captured() }  // of a capture the type is told
  }

  @Test("as an enum's payload it is unknown in the values that hold it, and in no other")
  func payloads() throws {
    try expectExact(unresolved: 0) { InEnums() }
    try expectExact(unresolved: 1) { InHiddenCase() }
  }

  @Test("tree, size, histogram and tracked bytes agree at every level", arguments: 0..<12)
  func figures(seed: UInt64) throws {
    var generator = Generator(random: SeededGenerator(seed: seed))
    let node = generator.node(2)
    let size = try HeapSizer().size(of: node)
    #expect(size.unresolvedCount > 0 || size.bytes > 0)
    #expect(try HeapSizer().histogram(of: node).map(\.bytes).reduce(0, +) == size.bytes)
    for depth in 0...3 { #expect(try HeapSizer().tree(of: node, depth: depth).bytes == size.bytes) }
    for level in 0...3 {
      let tracker = ClassTracker()
      defer { tracker.close() }
      try tracker.track(node, name: "node", resolutionLevel: level)
      for mode in [SnapshotMode.inPlace, .frozen] {
        #expect(try tracker.createSnapshot(mode: mode).trackedBytes == size.bytes, "level \(level), \(mode)")
      }
    }
    keepAlive(node)
  }
}
