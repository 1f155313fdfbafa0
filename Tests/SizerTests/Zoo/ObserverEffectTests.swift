// SPDX-License-Identifier: Apache-2.0
import Sizer
import Testing

/// Set while Sizer runs: before, a dictionary may hash its keys.
private nonisolated(unsafe) var armed = false  // set and read by one test, on its thread

private struct TrippingSequence: Sequence, IteratorProtocol {
  var leaf = Leaf()
  var count: Int { trip("count") }
  func next() -> Int? { trip("next()") }
  func makeIterator() -> TrippingSequence { trip("makeIterator()") }
}
private struct TrippingValue: Hashable, CustomStringConvertible {
  var leaf: Leaf { trip("an accessor") }
  var name = text()
  var big = (1, 2, 3)
  var description: String { trip("description") }
  static func == (one: TrippingValue, other: TrippingValue) -> Bool { trip("==") }
  func hash(into hasher: inout Hasher) { if armed { trip("hash(into:)") } }
}

private final class Pair {
  var leaf = Leaf()
  var text = TestSupport.text()
  var strings = array(TestSupport.text())
}

@Suite("No observer effect", .serialized)
struct ObserverEffectTests {
  @Test("no code of the measured types runs")
  func noUserCode() throws {
    let (object, value) = (Tripwire(isArmed: false), TrippingValue())
    let table = [object: value]
    let values: [Any] = [object, value, TrippingSequence(), AnyHashable(value), { trip("a closure") }]
    (armed, object.isArmed) = (true, true)
    defer { armed = false }
    for subject in [object, table, values, Set([1]), TrippingSequence(), Optional(value) as Any] as [Any] {
      #expect(try HeapSizer().size(of: subject).bytes > 0)
    }
    #expect(try HeapSizer().histogram(of: values).isEmpty == false)
  }

  @Test("reference counts are as before, and no side table is made")
  func referenceCounts() throws {
    let pair = Pair()
    let objects: [AnyObject] = [pair, pair.leaf]
    let before = objects.map { referenceCountWord(at: address(of: $0)) }
    for _ in 0..<3 { _ = try HeapSizer().size(of: pair) }
    _ = try HeapSizer().sizes(of: objects)
    _ = try HeapSizer().histogram(of: pair)
    let after = objects.map { referenceCountWord(at: address(of: $0)) }
    #expect(after == before)
    #expect(after.allSatisfy { $0 >> 63 == 0 }, "bit 63: the counts have moved to a side table")
    keepAlive(pair)
  }

  @Test("a uniquely referenced object stays so")
  func unique() throws {
    var pair = Pair()
    _ = try HeapSizer().size(of: pair)
    #expect(isKnownUniquelyReferenced(&pair))
    #expect(isKnownUniquelyReferenced(&pair.leaf))
  }

  @Test("copy-on-write storage is not copied after sizing")
  func copyOnWrite() throws {
    var strings = array(text(), text(), capacity: 100)
    let address = strings.withUnsafeBufferPointer { $0.baseAddress }
    _ = try HeapSizer().size(of: strings)
    strings.append(text())
    #expect(strings.withUnsafeBufferPointer { $0.baseAddress } == address)
  }

  @Test("sizing ten times gives the same figures each time")
  func repeated() throws {
    let pair = Pair()
    let first = try HeapSizer().size(of: pair)
    for _ in 0..<10 { #expect(try HeapSizer().size(of: pair) == first) }
  }

  @Test("threads may size the same objects at the same time")
  func concurrent() async throws {
    let leaves = (0..<1_000).map { Leaf($0) }
    let expected = try HeapSizer().size(of: leaves)
    try await withThrowingTaskGroup(of: HeapSize.self) { group in
      for _ in 0..<8 { group.addTask { try HeapSizer().size(of: leaves) } }
      for try await size in group { #expect(size == expected) }
    }
  }
}
