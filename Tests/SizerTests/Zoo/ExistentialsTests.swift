// SPDX-License-Identifier: Apache-2.0
import Sizer
import Testing

private protocol Shape { var area: Int { get } }
private protocol Named { var name: String { get } }
private protocol Owned: AnyObject { var owner: Leaf? { get } }
private protocol Container<Item> {
  associatedtype Item
  var item: Item { get }
}

private struct Small: Shape, Named {
  var area: Int { leaf.value }
  var name = text()
  var leaf = Leaf()
}
private struct Large: Shape, Named, Sendable, Hashable {
  var area: Int { 0 }
  var numbers: [Int] = array(number(1))
  var name = text()
  var rest = Double(number(2))
  var last = text()
}
private struct Point: Shape { var area = number(1) }
private struct Empty: Shape { var area: Int { 0 } }
private enum Choice: Shape, Hashable {
  case none
  case name(String)
  case both(String, String)
  var area: Int { 0 }
}
private class Base { var leaf = Leaf() }
private final class Object: Base, Shape, Named, Owned {
  var area: Int { 0 }
  var name = text()
  var owner: Leaf? = Leaf()
}
private struct Crate<Item>: Container { var item: Item }

private final class Box<Value> {
  var flag = true
  var value: Value
  init(_ value: Value) { self.value = value }
}

@Suite("Existentials")
struct ExistentialsTests {
  @Test("a value of up to three words lies in the existential")
  func inline() throws {
    try expectExact(objects: 2) { Small() as any Shape }
    try expectExact(objects: 1) { text() as Any }
    try expectExact(objects: 1) { Leaf() as Any }
    try expectExact(objects: 0) { Point() as any Shape }
    try expectExact(objects: 0) { Empty() as any Shape }
    try expectExact(objects: 0) { number(1) as Any }
    try expectExact(objects: 2) { (text(), Leaf()) as Any }
    try expectExact(objects: 1) { array(number(1)) as Any }
  }

  @Test("a larger value lies in a box")
  func boxed() throws {
    try expectExact(objects: 4) { Large() as any Shape }
    try expectExact(objects: 4) { Large() as Any }
    try expectExact(objects: 3) { (text(), number(1), Leaf()) as Any }
    try expectExact(objects: 3) { Choice.both(text(), text()) as any Shape }
    try expectExact(objects: 1) { (number(1), 2, 3, 4) as Any }
  }

  @Test("copies of an existential share its box")
  func shared() throws {
    try expectExact(objects: 4) {
      let first: any Shape = Large()
      let second = first
      return (first, second)
    }
  }

  @Test("over-aligned values are boxed behind the header")
  func aligned() throws {
    try expectExact(objects: 2) { (SIMD4<Float>(repeating: Float(number(1))), Leaf()) as Any }
    try expectExact(objects: 2) { (SIMD16<Float>(repeating: Float(number(1))), Leaf()) as Any }
    try expectExact(objects: 3) { Box((SIMD8<Double>(repeating: 1), text()) as Any?) }
  }

  @Test("compositions and class-bound existentials")
  func compositions() throws {
    try expectExact(objects: 2) { Small() as any Shape & Named }
    try expectExact(objects: 4) { Large() as any Shape & Named & Sendable }
    try expectExact(objects: 4) { Object() as any Owned }
    try expectExact(objects: 4) { Object() as any Owned & Shape & Named }
    try expectExact(objects: 4) { Object() as any Base & Shape }
    try expectExact(objects: 4) { Object() as any Shape & AnyObject }
    try expectExact(objects: 4) { Object() as any Shape }
    try expectExact(objects: 4) { Object() as AnyObject }
  }

  @Test("primary associated types")
  func primary() throws {
    try expectExact(objects: 1) { Crate(item: text()) as any Container<String> }
    try expectExact(objects: 3) { Crate(item: (text(), 1, Leaf())) as any Container<(String, Int, Leaf)> }
    try expectExact(objects: 2) { array(text()) as any Collection<String> }
    try expectExact(objects: 2) { Set(array(text())) as any Sequence<String> }
    try expectExact(objects: 2) { array(Crate(item: Leaf()) as any Container<Leaf>) }
  }

  @Test("existentials in existentials")
  func nested() throws {
    try expectExact(objects: 2) { Optional(text() as Any) as Any }
    try expectExact(objects: 5) { Crate(item: Large() as any Shape) as Any }
    try expectExact(objects: 5) { Crate(item: (Large() as Any, 1, 2)) as Any }
    try expectExact(objects: 4) { array(text() as Any, array(Leaf() as Any) as Any) }
  }

  @Test("in fields, arrays and optionals")
  func contained() throws {
    try expectExact(objects: 5) { Box(Large() as any Shape) }
    try expectExact(objects: 3) { Box(Small() as (any Shape)?) }
    try expectExact(objects: 1) { Box((any Shape)?.none) }
    try expectExact(objects: 1) { Box((any Owned)?.none) }
    try expectExact(objects: 1) { Box(((any Shape)?.none, Any?.none, AnyObject?.none)) }
    try expectExact(objects: 14) {
      array(Small() as any Shape, Large(), Point(), Empty(), Choice.none, Choice.name(text()), Object())
    }
    try expectExact(objects: 5) { array(Small() as (any Shape)?, nil, Point(), Choice.name(text())) }
    try expectExact(objects: 3) { array(Leaf() as AnyObject?, nil, Leaf()) }
    try expectExact(objects: 5) { array(Object() as (any Owned)??, .none, .some(.none)) }
  }

  @Test("AnyHashable")
  func anyHashable() throws {
    try expectExact(objects: 1) { AnyHashable(text()) }
    try expectExact(objects: 0) { AnyHashable(number(1)) }
    try expectExactAndSome { AnyHashable(Large()) }
    try expectExactAndSome { AnyHashable(Choice.both(text(), text())) }
    try expectExactAndSome { array(AnyHashable(text()), AnyHashable(number(1)), AnyHashable(array(text()))) }
    try expectExactAndSome { [AnyHashable(text()): text() as Any, AnyHashable(number(1)): Leaf() as Any] }
  }

  @Test("a struct as AnyObject")
  func bridged() throws {
    try expectExactAndSome { Large() as AnyObject }
    try expectExactAndSome { text() as AnyObject }
  }

  @Test("metatypes own nothing")
  func metatypes() throws {
    try expectExact(objects: 0) { Leaf.self as Any.Type }
    try expectExact(objects: 0) { Leaf.self as AnyClass }
    try expectExact(objects: 0) { Small.self as any Shape.Type }
    try expectExact(objects: 0) { (any Shape).self }
    try expectExact(objects: 0) { Crate<Leaf>.self as Any }
    try expectExact(objects: 1) { Box((Leaf.self as Any.Type, Leaf.self, Small.self as any Shape.Type, Int.self)) }
    try expectExact(objects: 1) { array(Leaf.self as Any.Type?, nil, Int.self) }
  }
}
