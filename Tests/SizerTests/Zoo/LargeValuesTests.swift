// SPDX-License-Identifier: Apache-2.0
import Sizer
import Testing

/// A reference, data and a string in 9 words, ten times: what a bitmap of 64 words can't hold.
private struct Block {
  var leaf = Leaf()
  var numbers = (1, 2, 3, 4, 5)
  var flag: UInt8 = 1
  var string = text()
}
private struct Tenfold {
  var a = Block()
  var b = Block()
  var c = Block()
  var d = Block()
  var e = Block()
  var f = Block()
  var g = Block()
  var h = Block()
  var i = Block()
  var j = Block()
}
private final class Large {
  var before = Leaf()
  var value = Tenfold()
  var array = InlineArray<100, Leaf> { Leaf($0) }
  var after = text()
}
private enum Roomy {
  case leaves(InlineArray<100, Leaf>)
  case none
}
private enum RoomyPair {
  case leaves(InlineArray<50, Leaf>)
  case strings(InlineArray<40, String>)
  case none
}
private enum Huge {
  case leaves(InlineArray<300, Leaf>)
  case strings(InlineArray<200, String>, UInt8)
  case number(Int)
}
private final class Box<Value> {
  var flag = true
  var value: Value
  init(_ value: Value) { self.value = value }
}

@Suite("Large values")
struct LargeValuesTests {
  @Test("references beyond the first 64 words")
  func structs() throws {
    try expectExact(objects: 20) { Tenfold() }
    try expectExact(objects: 21) { Box(Tenfold()) }
    try expectExact(objects: 41) { array(Tenfold(), Tenfold()) }
    try expectExact(objects: 21) { Tenfold() as Any }
    try expectExact(objects: 1 + 1 + 20 + 100 + 1) { Large() }
    try expectExact(objects: 22) {
      let (value, leaf) = (Tenfold(), Leaf())
      return Action { value.a.string.count + leaf.value }
    }
  }

  @Test("long inline arrays")
  func inlineArrays() throws {
    try expectExact(objects: 1_000) { InlineArray<1_000, Leaf> { Leaf($0) } }
    try expectExact(objects: 201) { Box(InlineArray<100, (UInt8, Leaf, String)> { (UInt8($0), Leaf(), text()) }) }
    try expectExact(objects: 301) { array(InlineArray<300, Leaf?> { Leaf($0) }) }
    try expectExact(objects: 51) { array(InlineArray<100, Leaf?> { $0 % 2 == 0 ? Leaf($0) : nil }) }
  }

  @Test("enums of large payloads")
  func enums() throws {
    try expectExact(objects: 101) { array(Roomy.leaves(InlineArray { Leaf($0) }), .none) }
    try expectExact(objects: 91) {
      array(RoomyPair.leaves(InlineArray { Leaf($0) }), .strings(InlineArray { text(20 + $0) }), .none)
    }
    try expectExact(objects: 501) {
      array(Huge.leaves(InlineArray { Leaf($0) }), .strings(InlineArray { text(20 + $0) }, 200), .number(number(-1)))
    }
    try expectExact(objects: 101) { Box(Optional(Roomy.leaves(InlineArray { Leaf($0) }))) }
  }
}
