// SPDX-License-Identifier: Apache-2.0
import Sizer
import Testing

/// What the compiler can't see through: metadata is asked for at run time.
private protocol Makable: AnyObject { init() }

@inline(never)
private func make(_ type: any Makable.Type) -> AnyObject { type.init() }

/// Without specialisation, whatever the optimiser would like.
@inline(never)
@_semantics("optimize.sil.specialize.generic.never")
private func makeUnspecialised<Element>(_ type: Element.Type, _ make: (Element.Type) -> AnyObject) -> AnyObject {
  make(type)
}

@Suite("Inheritance: generic classes")
struct GenericInheritanceTests {
  @Test("each instance of a generic class is a class of its own")
  func eachArgument() throws {
    class Cage<Element> { var element: Element? }
    let tracker = ClassTracker()
    try tracker.track(class: Cage<Int>.self, name: "Int")
    let objects: [AnyObject] = [made { Cage<Int>() }, made { Cage<String>() }, made { Cage<Int>() }]
    #expect(try tracker.createSnapshot().classes.mapValues(\.active) == ["Int": 2])
    keepAlive(objects)
  }

  @Test("generic subclasses of a plain class, whose metadata is made after tracking began")
  func metadataMadeLater() throws {
    class Base: Makable { required init() {} }
    final class Derived<Element>: Base {
      var elements: [Element] = []
      required init() {}
    }
    let tracker = ClassTracker()
    try tracker.track(class: Base.self, name: "Base")
    var objects = [
      make(Derived<UInt8>.self), make(Derived<[String: Int]>.self),
      makeUnspecialised(UInt16.self) { _ in Derived<UInt16>() },
    ]
    objects.append(nested(3, Int8.self) { (type: any Makable.Type) in make(type) })
    #expect(try tracker.createSnapshot().classes.mapValues(\.active) == ["Base": 4])
    objects = []
    #expect(tracker.statistics.objects.allSatisfy { $0.death != nil })

    /// `Derived<Optional<Optional<...>>>`: metadata that nothing in the program names.
    func nested<Element>(_ depth: Int, _ element: Element.Type, _ body: (any Makable.Type) -> AnyObject) -> AnyObject {
      depth == 0 ? body(Derived<Element>.self) : nested(depth - 1, Element?.self, body)
    }
  }

  @Test("subclasses of one instance of a generic class")
  func concreteSubclass() throws {
    class Cage<Element> { var element: Element? }
    class IntCage: Cage<Int> {}
    final class SmallCage: IntCage {}
    final class TextCage: Cage<String> {}
    let tracker = ClassTracker()
    try tracker.track(class: Cage<Int>.self, name: "Cage")
    try tracker.track(class: SmallCage.self, name: "Small")
    let objects: [AnyObject] = [made { IntCage() }, made { SmallCage() }, made { TextCage() }]
    #expect(try tracker.createSnapshot().classes.mapValues(\.active) == ["Cage": 1, "Small": 1])
    keepAlive(objects)
  }

  @Test("a generic class is tracked under a name with its arguments")
  func names() throws {
    let tracker = ClassTracker()
    try tracker.track(class: NamedClass.self)
    try tracker.track(class: NamedCage<[Int]>.self)
    let objects: [AnyObject] = [made { NamedCage<[Int]>() }, made { NamedCage<NamedClass>() }, made { NamedClass() }]
    #expect(
      tracker.statistics.objects.map(\.className) == [
        "TrackerTests.NamedCage<Swift.Array<Swift.Int>>", "TrackerTests.NamedCage<TrackerTests.NamedClass>",
        "TrackerTests.NamedClass",
      ])
    #expect(
      tracker.statistics.trackedClasses == [
        "TrackerTests.NamedCage<Swift.Array<Swift.Int>>", "TrackerTests.NamedClass",
      ])
    keepAlive(objects)
  }

  @Test("sizes of generic instances are those of their arguments")
  func sizes() throws {
    final class Pair<First, Second> {
      var first: First
      var second: Second
      @inline(never)
      init(_ first: First, _ second: Second) { (self.first, self.second) = (first, second) }
    }
    let tracker = ClassTracker()
    try tracker.track(class: Pair<Int, Leaf>.self, name: "small")
    try tracker.track(class: Pair<(Int, Int, Int, Int, Int), String>.self, name: "large")
    let objects: [AnyObject] = [
      made { Pair(number(1), Leaf()) }, made { Pair((1, 2, 3, 4, number(5)), text()) },
    ]
    #expect(try tracker.createSnapshot().classes.mapValues(\.bytes) == ["small": 32 + 32, "large": 80 + 80])
    keepAlive(objects)
  }
}

final class NamedCage<Element>: NamedClass { var element: Element? }
