// SPDX-License-Identifier: Apache-2.0
import Foundation
import Sizer
import Testing

private class Box<Value> {
  var value: Value
  init(_ value: Value) { self.value = value }
}
private class Pair<First, Second>: Box<First> {
  var flag = true
  var second: Second
  init(_ first: First, _ second: Second) {
    self.second = second
    super.init(first)
  }
}
private final class OfText: Box<String> {
  var leaf = Leaf()
}
private final class Crossed<Value>: Pair<[Value], (Int8, Value)> {
  var third: Value?
}

private struct Namespace<Outer> {
  final class Inner<Value> {
    var outer: Outer
    var value: Value
    init(_ outer: Outer, _ value: Value) { (self.outer, self.value) = (outer, value) }
  }
}

private protocol Shape {
  associatedtype Part
  var part: Part { get }
}
private struct Line: Shape { var part = text() }
/// A field whose type is another type's associated type.
private final class Assembly<Kind: Shape> {
  var kind: Kind
  var part: Kind.Part
  var parts: [Kind.Part]
  init(_ kind: Kind) { (self.kind, part, parts) = (kind, kind.part, array(kind.part)) }
}

/// A stored tuple as long as the parameter pack.
private final class Many<each Element> {
  var elements: (repeat each Element)
  init(_ elements: repeat each Element) { self.elements = (repeat each elements) }
}

/// A superclass whose layout is known at run time only.
private class OnObject: NSObject {
  var string = text()
}
private final class OnObjectTwice: OnObject {
  var leaf: Leaf? = Leaf()
}
private final class GenericOnObject<Value>: NSObject {
  var flag = true
  var value: Value
  init(_ value: Value) { self.value = value }
}

@Suite("Generic classes")
struct GenericClassesTests {
  @Test("a field of the generic type, whatever it is")
  func box() throws {
    try expectExact(objects: 1) { Box(number(1)) }
    try expectExact(objects: 2) { Box(Leaf()) }
    try expectExact(objects: 2) { Box(text()) }
    try expectExact(objects: 3) { Box((number(1), text(), Leaf())) }
    try expectExact(objects: 3) { Box(Box(Leaf())) }
    try expectExact(objects: 2) { Box(Optional(Leaf())) }
    try expectExact(objects: 1) { Box(Leaf?.none) }
    try expectExact(objects: 1) { Box(()) }
  }

  @Test("a generic superclass")
  func superclass() throws {
    try expectExact(objects: 3) { OfText(text()) }
    try expectExact(objects: 3) { Pair(text(), Leaf()) }
    try expectExact(objects: 2) { Pair(UInt8(number(1)), Leaf()) }
    try expectExact(objects: 5) {
      let crossed = Crossed(array(text()), (Int8(number(1)), text()))
      crossed.third = text()
      return crossed
    }
  }

  @Test("a generic class in a generic namespace")
  func nested() throws {
    try expectExact(objects: 3) { Namespace<String>.Inner(text(), Leaf()) }
    try expectExact(objects: 2) { Namespace<Int16>.Inner(Int16(number(1)), (UInt8(number(1)), Leaf())) }
  }

  @Test("fields of associated types")
  func associated() throws {
    try expectExact(objects: 4) {
      let assembly = Assembly(Line())
      assembly.part = text()
      return assembly
    }
  }

  @Test("a field of a parameter pack")
  func pack() throws {
    try expectExact(objects: 3) { Many(UInt8(number(1)), text(), Leaf()) }
  }

  @Test("a resilient superclass")
  func resilient() throws {
    try expectExact(objects: 2) { OnObject() }
    try expectExact(objects: 3) { OnObjectTwice() }
    try expectExact(objects: 3) { GenericOnObject((UInt8(number(1)), text(), Leaf())) }
  }
}
