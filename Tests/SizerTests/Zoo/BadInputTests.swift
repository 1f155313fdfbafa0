// SPDX-License-Identifier: Apache-2.0
import Sizer
import Testing

private final class Immortal: Sendable {
  static let shared = Immortal()
  static let empty: [Leaf] = []
  static let name = "a literal that is longer than fifteen bytes"
  static let numbers = [1, 2, 3]
  let leaf = Leaf()
}
private struct Holder {
  var empty: [Leaf] = Immortal.empty
  var name = Immortal.name
  var table: [String: Int] = [:]
  var set: Set<Int> = []
  var optional: Leaf?
  var function: () -> Int = { 1 }
  var type: Any.Type = Leaf.self
}

@Suite("Values that own nothing")
struct BadInputTests {
  @Test("numbers, nothing, empty collections: zeros")
  func zeros() throws {
    let sizer = HeapSizer()
    #expect(try sizer.size(of: 42) == HeapSize())
    #expect(try sizer.size(of: Leaf?.none) == HeapSize())
    #expect(try sizer.size(of: AnyObject?.none) == HeapSize())
    #expect(try sizer.size(of: ()) == HeapSize())
    #expect(try sizer.size(of: "") == HeapSize())
    #expect(try sizer.size(of: [Int]()) == HeapSize())
    #expect(try sizer.size(of: [:] as [String: Leaf]) == HeapSize())
    #expect(try sizer.size(of: [] as Set<String>) == HeapSize())
    #expect(try sizer.size(of: 1.5 as Any) == HeapSize())
    #expect(try sizer.size(of: Int.self) == HeapSize())
    #expect(try sizer.size(of: UnsafeRawPointer(bitPattern: 0xDEAD_BEEF)) == HeapSize())
    #expect(try sizer.size(of: UnsafeMutablePointer<Leaf>(bitPattern: 16)) == HeapSize())
    #expect(try sizer.sizes(of: []) == [])
    #expect(try sizer.histogram(of: 42).isEmpty)
  }

  @Test("static and immortal objects are nobody's")
  func immortal() throws {
    let sizer = HeapSizer()
    #expect(try sizer.size(of: Holder()) == HeapSize())
    #expect(try sizer.size(of: Immortal.name) == HeapSize())
    #expect(try sizer.size(of: Immortal.empty) == HeapSize())
    #expect(try sizer.size(of: "ein Literal, länger als fünfzehn Bytes") == HeapSize())
    try expectExact(objects: 1) { array(Immortal.name, "", "short") }
    try expectExact(objects: 1) { array(Immortal.empty, []) }
    try expectExact(objects: 1) { array(Holder()) }
  }

  @Test("an object made for a global is a heap object like any other")
  func global() throws {
    let size = try HeapSizer().size(of: Immortal.shared)
    #expect(size.unresolvedCount == 0)
    #expect(size.objectCount <= 2)
  }

  @Test("one size each, what is shared counted for the first")
  func several() throws {
    let leaf = Leaf()
    let sizes = try HeapSizer().sizes(of: [leaf, leaf, Leaf()])
    try #require(sizes.count == 3)
    #expect(sizes[0].objectCount == 1)
    #expect(sizes[1].bytes == 0)
    #expect(sizes[2].bytes == sizes[0].bytes)
  }
}
