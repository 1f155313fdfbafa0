// SPDX-License-Identifier: Apache-2.0
import Sizer
import Testing

private struct Nothing {}
private struct Wrapper<Value> { var value: Value }
private struct Two<First, Second> {
  var first: First
  var second: Second
}
private struct Deep {
  struct Level1 {
    struct Level2 {
      var flag = true
      var names = (first: text(), rest: (text(), Leaf()))
    }
    var tag: UInt8 = 1
    var level2 = Level2()
  }
  var level1 = Level1()
  var leaf = Leaf()
}
/// More than three words, so that a copy in an existential is boxed; references at both ends.
struct Wide {
  var first = Leaf()
  var numbers = (1.0, 2.0, 3.0, 4.0)
  var last = text()
}
private final class Holding<Value> {
  var before: UInt8 = 1
  var value: Value
  var after = Leaf()
  init(_ value: Value) { self.value = value }
}

@Suite("Structs, tuples and inline arrays")
struct ValuesTests {
  @Test("plain data owns nothing")
  func data() throws {
    try expectExact(objects: 0) { number(1) }
    try expectExact(objects: 0) { (number(1), 2.0, true, UInt8(3)) }
    try expectExact(objects: 0) { Nothing() }
    try expectExact(objects: 0) { () }
    try expectExact(objects: 0) { Two(first: number(1), second: Wrapper(value: 2.0)) }
  }

  @Test("structs in structs")
  func structs() throws {
    try expectExact(objects: 1) { Wrapper(value: Wrapper(value: Leaf())) }
    try expectExact(objects: 4) { Deep() }
    try expectExact(objects: 2) { Two(first: UInt8(number(1)), second: Two(first: text(), second: Leaf())) }
    try expectExact(objects: 2) { Two(first: Nothing(), second: Two(first: text(), second: Leaf())) }
    try expectExact(objects: 2) { Wide() }
  }

  @Test("tuples in tuples")
  func tuples() throws {
    try expectExact(objects: 2) { (number(1), (Leaf(), (flag: true, name: text()))) }
    try expectExact(objects: 1) { ((), Leaf(), ()) }
    try expectExact(objects: 7) { (Leaf(), Leaf(), Leaf(), Leaf(), UInt8(1), Leaf(), Leaf(), Leaf()) }
  }

  @Test("values in an object's fields")
  func inObject() throws {
    try expectExact(objects: 6) { Holding(Deep()) }
    try expectExact(objects: 4) { Holding((UInt8(number(1)), text(), Leaf())) }
    try expectExact(objects: 2) { Holding(Nothing()) }
    try expectExact(objects: 4) { Holding(Two(first: (true, text()), second: (Int8(number(1)), Leaf()))) }
  }

  @Test("values in arrays: the stride is kept")
  func inArray() throws {
    try expectExact(objects: 9) { array(Deep(), Deep()) }
    try expectExact(objects: 5) { array((true, text()), (false, text()), (true, text()), (true, text())) }
    try expectExact(objects: 4) { array((Leaf(), UInt8(1)), (Leaf(), UInt8(2)), (Leaf(), UInt8(3))) }
    try expectExact(objects: 1) { array(Nothing(), Nothing()) }
  }

  @Test("an InlineArray's elements lie in the value")
  func inlineArrays() throws {
    try expectExact(objects: 3) { InlineArray<3, Leaf> { _ in Leaf() } }
    try expectExact(objects: 2) { InlineArray<2, (UInt8, String)> { (UInt8($0), text()) } }
    try expectExact(objects: 4) { InlineArray<2, InlineArray<2, Leaf>> { _ in InlineArray { _ in Leaf() } } }
    try expectExact(objects: 4) { Holding(InlineArray<2, String> { _ in text() }) }
    try expectExact(objects: 5) {
      array(InlineArray<2, Leaf> { _ in Leaf() }, InlineArray<2, Leaf> { _ in Leaf() })
    }
    try expectExact(objects: 0) { InlineArray<4, Int> { number($0) } }
    try expectExact(objects: 0) { InlineArray<0, Leaf> { _ in Leaf() } }
  }
}
