// SPDX-License-Identifier: Apache-2.0
import Sizer
import Testing

private struct Outer<Value> {
  struct Middle<Key: Hashable> {
    final class Inner<Other> {
      var value: Value
      var table: [Key: Other]
      var all: (Value, Key, Other)?
      init(_ value: Value, _ key: Key, _ other: Other) {
        self.value = value
        table = [key: other]
        all = (value, key, other)
      }
    }
    enum Choice {
      case value(Value)
      case key(Key, Value)
      case none
    }
  }
}
extension Outer where Value == String {
  /// Its metadata carries no argument for Value.
  final class Fixed<Other> {
    var value: Value = text()
    var other: Other
    init(_ other: Other) { self.other = other }
  }
}
extension Array where Element: AnyObject {
  fileprivate struct Node { var elements: [Element] }
}

private protocol Part { associatedtype Inner: Part where Inner.Inner == Inner; var name: String { get } }
private struct Bottom: Part {
  typealias Inner = Bottom
  var name = text()
}
private struct Top: Part {
  typealias Inner = Bottom
  var name = text()
}
private struct Chain<Whole: Part> {
  var whole: Whole
  var inner: Whole.Inner?
  var deepest: [Whole.Inner.Inner]
}

private struct Recursive { var children: [Recursive], name: String }

private protocol Shape { var area: Int { get } }
private struct Square: Shape {
  var area = number(1)
  var name = text()
}
private func hidden() -> some Shape { Square() }
/// The type of the field is known to its function alone.
private final class Opaque {
  var flag = true
  var shape: some Shape = Square()
  var shapes: some Collection<String> = array(text())
}

private class Animal {
  var name = text()
  required init() {}
  /// Captures `self` as the dynamic Self, beside another value.
  func clone(_ leaf: Leaf, _ keep: (@escaping () -> AnyObject) -> Void) -> Self {
    keep {
      keepAlive(leaf)
      return self
    }
    return self
  }
}
private final class Dog: Animal { var collar = Leaf() }
private struct Copier { var run: () -> AnyObject }

@Suite("Generic contexts, associated and opaque types")
struct GenericContextsTests {
  @Test("arguments of every enclosing type")
  func nested() throws {
    try expectExactAndSome { Outer<(UInt8, String)>.Middle<String>.Inner((1, text()), text(), Leaf()) }
    try expectExact(objects: 5) {
      array(Outer<Leaf>.Middle<String>.Choice.value(Leaf()), .key(text(), Leaf()), .none, .key("", Leaf()))
    }
  }

  @Test("arguments that a constraint fixes")
  func constrained() throws {
    try expectExact(objects: 4) { Outer<String>.Fixed((true, text(), Leaf())) }
    try expectExact(objects: 3) { [Leaf].Node(elements: array(Leaf(), Leaf())) }
  }

  @Test("associated types of associated types")
  func associated() throws {
    try expectExact(objects: 4) { Chain(whole: Top(), inner: Bottom(), deepest: array(Bottom())) }
    try expectExact(objects: 5) { array(Chain(whole: Bottom(), inner: Bottom(), deepest: array(Bottom()))) }
  }

  @Test("types that contain themselves")
  func recursive() throws {
    try expectExact(objects: 5) {
      let leaf = Recursive(children: [], name: text())
      return Recursive(children: array(Recursive(children: array(leaf), name: text())), name: text())
    }
  }

  @Test("fields of an opaque type")
  func opaque() throws {
    try expectExactAndSome { Opaque() }
    try expectExact(objects: 1) { hidden() }
  }

  @Test("closures that capture Self")
  func dynamicSelf() throws {
    for animal in [Animal.self, Dog.self] {
      try expectExactAndSome {
        var copiers: [Copier] = []
        _ = animal.init().clone(Leaf()) { copiers.append(Copier(run: $0)) }
        return copiers[0]
      }
    }
  }
}
