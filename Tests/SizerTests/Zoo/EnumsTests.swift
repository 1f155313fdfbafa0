// SPDX-License-Identifier: Apache-2.0
import Sizer
import Testing

private enum Suit: CaseIterable { case hearts, spades, clubs }

/// One payload, empty cases in the payload's spare values.
private enum Link {
  case to(Leaf)
  case none, pending, broken
}
/// One payload without spare values: a tag byte of its own.
private enum Counted {
  case count(Int)
  case leaf
}
private enum Named {
  case name(String)
  case anonymous, unknown
}

/// Payloads of one word: the tag in the pointer's spare bits.
private enum Node {
  case leaf(Leaf)
  case names([String])
  case table([String: Leaf])
  case empty, end
}
/// Nine payloads: more than the low bits could tell apart.
private enum Nine {
  case a(Leaf)
  case b(Leaf)
  case c(Leaf)
  case d(Leaf)
  case e(Leaf)
  case f(Leaf)
  case g(Leaf)
  case h(Leaf)
  case i(Leaf)
  case none
}
/// Payloads of several sizes, spare bits in some of their words.
private enum Mixed {
  case number(Int)
  case text(String)
  case pair(UInt8, Leaf)
  case both(Leaf, String)
  case flag(Bool)
  case nothing
}
/// Payloads without a common spare bit: a tag byte behind them.
private enum Tagged {
  case bits(UInt64, Leaf)
  case leaf(Leaf, UInt64)
  case word(UInt64)
}
private enum Labelled {
  case point(x: Int, y: Int)
  case named(name: String, leaf: Leaf?)
  case tuple((UInt8, Leaf, Bool))
  case none
}
private enum Holder {
  case action(() -> Int)
  case any(Any)
  case error(any Error)
  case object(AnyObject)
  case type(Any.Type)
  case character(Character)
  case slice(Substring)
  case none
}
private struct Oops: Error { var reason = text() }

/// More empty cases than a byte can tell apart, behind a payload with spare values.
private enum Crowded {
  case leaf(Leaf)
  case c00, c01, c02, c03, c04, c05, c06, c07, c08, c09, c10, c11, c12, c13, c14, c15, c16, c17, c18, c19
}
private enum CrowdedPair {
  case leaf(Leaf)
  case text(String)
  case c00, c01, c02, c03, c04, c05, c06, c07, c08, c09, c10, c11, c12, c13, c14, c15, c16, c17, c18, c19
}

private final class Box<Value> {
  var flag = true
  var value: Value
  init(_ value: Value) { self.value = value }
}

@Suite("Enums")
struct EnumsTests {
  @Test("cases without payload own nothing")
  func noPayload() throws {
    try expectExact(objects: 0) { Suit.allCases.randomElement()! }
    try expectExact(objects: 1) { array(Suit.hearts, .spades, .clubs) }
    try expectExact(objects: 0) { Link.pending }
    try expectExact(objects: 0) { Mixed.nothing }
  }

  @Test("one payload")
  func singlePayload() throws {
    try expectExact(objects: 1) { Link.to(Leaf()) }
    try expectExact(objects: 2) { array(Link.to(Leaf()), .none, .broken, .pending) }
    try expectExact(objects: 1) { array(Counted.count(number(1)), .leaf) }
    try expectExact(objects: 1) { Named.name(text()) }
    try expectExact(objects: 3) { array(Named.name(text()), .anonymous, .unknown, .name(text())) }
    try expectExact(objects: 2) { array(Crowded.c00, .leaf(Leaf()), .c19, .c07) }
  }

  @Test("several payloads of one word each")
  func spareBits() throws {
    try expectExact(objects: 1) { Node.leaf(Leaf()) }
    try expectExact(objects: 2) { Node.names(array(text())) }
    try expectExact(objects: 5) {
      array(Node.leaf(Leaf()), .empty, .names(array(text(), text())), .end, .table([:]))
    }
    try expectExact(objects: 10) {
      let leaves = (0..<9).map { Leaf($0) }
      return array(
        Nine.a(leaves[0]), .b(leaves[1]), .c(leaves[2]), .d(leaves[3]), .e(leaves[4]), .f(leaves[5]), .g(leaves[6]),
        .h(leaves[7]), .i(leaves[8]), .none)
    }
  }

  @Test("several payloads of several sizes")
  func mixed() throws {
    try expectExact(objects: 1) { Mixed.text(text()) }
    try expectExact(objects: 1) { Mixed.pair(UInt8(number(200)), Leaf()) }
    try expectExact(objects: 2) { Mixed.both(Leaf(), text()) }
    try expectExact(objects: 0) { Mixed.number(number(-1)) }
    try expectExact(objects: 5) {
      array(Mixed.number(number(-1)), .text(text()), .pair(255, Leaf()), .both(Leaf(), text()), .flag(true), .nothing)
    }
    try expectExact(objects: 3) {
      array(Tagged.bits(.max, Leaf()), .leaf(Leaf(), .max), .word(.max))
    }
    try expectExact(objects: 4) {
      array(
        Labelled.point(x: number(1), y: number(2)), .named(name: text(), leaf: Leaf()), .named(name: "", leaf: nil),
        .tuple((1, Leaf(), true)), .none)
    }
    try expectExact(objects: 3) {
      array(CrowdedPair.c00, .leaf(Leaf()), .c19, .text(text()), .c10)
    }
  }

  @Test("payloads that are closures and existentials")
  func indirectPayloads() throws {
    try expectExact(objects: 1) { Holder.object(Leaf()) }
    try expectExact(objects: 1) { Holder.any(Leaf()) }
    try expectExact(objects: 3) { Holder.any(Wide()) }
    try expectExact(objects: 2) { Holder.error(Oops()) }
    try expectExact(objects: 0) { Holder.type(Leaf.self) }
    try expectExact(objects: 1) { Holder.slice(text()[...]) }
    try expectExactAndSome {
      let leaf = Leaf()
      let name = text()
      return array(
        Holder.action { leaf.value + name.count }, .any((leaf, name)), .error(Oops()), .object(leaf), .none,
        .character("z"), .slice(name.dropFirst()))
    }
  }

  @Test("enums in objects in enums")
  func nested() throws {
    try expectExact(objects: 3) { Optional(Box(Node.names(array(text())))) }
    try expectExact(objects: 4) { Box(Optional(Box(Mixed.both(Leaf(), text())))) }
    try expectExact(objects: 3) { Box(Labelled.named(name: text(), leaf: Leaf())) }
    try expectExact(objects: 4) { Box((Node.names(array(text())), Mixed.pair(1, Leaf()))) }
  }

  @Test("enums in an InlineArray and an InlineArray in an enum")
  func inlineArrays() throws {
    enum Row {
      case leaves(InlineArray<3, Leaf>)
      case none
    }
    try expectExact(objects: 3) { Row.leaves(InlineArray { _ in Leaf() }) }
    try expectExact(objects: 2) { InlineArray<4, Mixed> { $0 % 2 == 0 ? .text(text()) : .nothing } }
  }
}
