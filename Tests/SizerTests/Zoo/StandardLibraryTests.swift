// SPDX-License-Identifier: Apache-2.0
import Observation
import Sizer
import Testing

@Observable
private final class Model {
  var name = text()
  var items = array(Leaf())
  @ObservationIgnored var ignored = Leaf()
}

private struct Isolated { var run: @isolated(any) @Sendable () async -> Int }
private struct Discarding { var run: nonisolated(nonsending) () async -> Int }

@Suite("Other types of the standard library")
struct StandardLibraryTests {
  @Test("observable classes")
  func observable() throws {
    try expectExactAndSome { Model() }
    // Its registrar holds the key paths of observed properties, which are literals: they are older than the test's
    // arena.
    let model = Model()
    let before = try HeapSizer().size(of: model)
    withObservationTracking {
      keepAlive(model.name)
    } onChange: {
    }
    let after = try HeapSizer().size(of: model)
    #expect(after.objectCount > before.objectCount)
    #expect(after.unresolvedCount == 0)
  }

  @Test("regular expressions, before and after their first use")
  func regex() throws {
    try expectExactAndSome { try Regex("(?<first>a+|[b-d]*)\\s(x{2,3})$") }
    try expectExactAndSome {
      let regex = try Regex("(?<first>a+|[b-d]*)\\s(x{2,3})$")
      keepAlive(text().firstMatch(of: regex))
      return regex
    }
    try expectExactAndSome { text().firstMatch(of: try Regex("z(z+)"))! }
    try expectExactAndSome { /a+(?<rest>.*)|\d{1,3}/ }
  }

  @Test("mirrors")
  func mirrors() throws {
    try expectExactAndSome { Mirror(reflecting: Wide()) }
    try expectExactAndSome { Mirror(text(), children: ["a": Leaf(), "b": text()]) }
  }

  @Test("small collections")
  func collections() throws {
    try expectExactAndSome { [text(): Leaf(), text(): Leaf()] as KeyValuePairs }
    try expectExactAndSome { RangeSet([number(1)..<number(3), 7..<9, 20..<30, 50..<60]) }
    try expectExactAndSome { array(text(), text(), text())[RangeSet([0..<1, 2..<3])] }
    try expectExact(objects: 0) { [number(1): number(2)].startIndex }
    try expectExactAndSome { ["a": text()].keys }
    try expectExact(objects: 0) { Hasher() }
  }

  @Test("closures with an isolation")
  func isolation() throws {
    try expectExactAndSome {
      let (string, leaf) = (text(), Leaf())
      return Isolated { string.count + leaf.value }
    }
    try expectExactAndSome {
      let (string, leaf) = (text(), Leaf())
      return Isolated { @MainActor in string.count + leaf.value }
    }
    try expectExactAndSome {
      let (string, leaf) = (text(), Leaf())
      return Discarding { string.count + leaf.value }
    }
  }
}
