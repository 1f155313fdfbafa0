// SPDX-License-Identifier: Apache-2.0
import Sizer
import Testing

private struct Empty {}
private protocol Shape {}
extension String: Shape {}
extension Wide: Shape {}
extension Leaf: Shape {}

@Suite("Arrays")
struct ArraysTests {
  @Test("an empty array owns nothing")
  func empty() throws {
    try expectExact(objects: 0) { [Leaf]() }
    try expectExact(objects: 0) { ContiguousArray<String>() }
    try expectExact(objects: 0) { array(Leaf()).filter { $0.value == 0 } }
    try expectExact(objects: 1) { array([Int](), [Int]()) }
  }

  @Test("elements of every kind")
  func elements() throws {
    try expectExact(objects: 1) { array(1, 2, 3) }
    try expectExact(objects: 1) { Array(repeating: UInt8(number(1)), count: number(1_000)) }
    try expectExact(objects: 3) { array(Leaf(), Leaf()) }
    try expectExact(objects: 3) { array(text(), text()) }
    try expectExact(objects: 3) { array((true, Leaf()), (false, Leaf())) }
    try expectExact(objects: 3) { array(Optional(Leaf()), nil, Leaf()) }
    try expectExact(objects: 6) { array(text() as any Shape, Leaf(), Wide(), "short") }
    try expectExact(objects: 4) { array(text() as Any, 1, Leaf(), array(true)) }
    try expectExact(objects: 2) { array(Leaf() as AnyObject) }
    try expectExact(objects: 1) { array(Empty(), Empty()) }
    try expectExact(objects: 1) { array((), ()) }
    try expectExact(objects: 1) { array(Leaf.self as Any.Type, Int.self) }
  }

  @Test("arrays in arrays")
  func nested() throws {
    try expectExact(objects: 6) { array(array(text()), array(text(), text()), []) }
    try expectExact(objects: 5) { array(array(array(array(Leaf())))) }
  }

  @Test("room for more elements belongs to the array")
  func capacity() throws {
    let size = try expectExact(objects: 3) { array(Leaf(), Leaf(), capacity: 1_000) }
    #expect(size.bytes > 8_000)
    try expectExact(objects: 1) { array(capacity: 100) as [String] }
    try expectExact(objects: 1) {
      var strings = array(text(), text(), text())
      strings.removeAll(keepingCapacity: true)
      return strings
    }
    try expectExact(objects: 2) {
      var strings = array(text(), text(), text())
      strings.removeLast(2)
      return strings
    }
    try expectExact(objects: 101) {
      var leaves: [Leaf] = []
      for index in 0..<number(100) { leaves.append(Leaf(index)) }
      return leaves
    }
  }

  @Test("contiguous arrays")
  func contiguous() throws {
    try expectExact(objects: 3) { ContiguousArray(array(text(), text())) }
    try expectExact(objects: 3) { ContiguousArray(array((Leaf(), true), (Leaf(), false))) }
  }

  @Test("a slice keeps the whole buffer")
  func slices() throws {
    try expectExact(objects: 5) { array(Leaf(), Leaf(), Leaf(), Leaf())[1...2] }
    try expectExact(objects: 5) { array(text(), text(), text(), text()).dropFirst(3) }
    try expectExact(objects: 2) { Array(array(text(), text(), text(), text()).dropFirst(3)) }
    try expectExact(objects: 3) { ArraySlice(array(text(), text())) }
    try expectExact(objects: 5) { array(text(), text(), text(), text()).split { _ in false }[0] }
  }

  @Test("copies share their buffer, until one is changed")
  func sharing() throws {
    try expectExact(objects: 3) {
      let strings = array(text(), text())
      return (strings, strings, strings[1...])
    }
    try expectExact(objects: 4) {
      let strings = array(text(), text())
      var changed = strings
      changed.removeLast()
      return (strings, changed)
    }
    try expectExact(objects: 4) {
      let strings = array(text(), text())
      return array(strings, strings)
    }
  }

  @Test("literals")
  func literals() throws {
    try expectExactAndSome { [Leaf(), Leaf()] }
    try expectExactAndSome { [[text()], [text(), text()]] }
    try expectExact { [1, 2, 3, 4] }
    try expectExact { ["a literal that is longer than fifteen bytes", "another literal of that length"] }
  }
}
