// SPDX-License-Identifier: Apache-2.0
import Sizer
import Testing

private class Empty {}

private class First {
  var first = text()
}
private class Second: First {
  var flag = true
  var second = [Leaf()]
}
private final class Third: Second {
  var third: (Int8, Leaf) = (1, Leaf())
}

/// References between fields that are only data, at every alignment.
private final class Padded {
  var a: Int8 = 1
  var b = Leaf()
  var c: Int16 = 2
  var d = text()
  var e = false
  var f: Leaf? = Leaf()
  var g: Float = 3
}

private final class Observed {
  var watched = text() {
    willSet { fatalError("an observer ran") }
    didSet { fatalError("an observer ran") }
  }
  var computed: Leaf { fatalError("an accessor ran") }
  static let shared = text()
}

private final class Lazily {
  lazy var value: [Leaf] = [Leaf(), Leaf()]
  lazy var text: String = makeText()
  private func makeText() -> String { TestSupport.text() }
}

@propertyWrapper
private struct Wrapped<Value> {
  var wrappedValue: Value
  var projectedValue: [Value] { [wrappedValue] }
}
private final class Wrapping {
  @Wrapped var leaf = Leaf()
  @Wrapped var string = text()
}

private final class Outer {
  final class Inner {
    var outer: Outer?
    var leaf = Leaf()
  }
  var inner = Inner()
}

private class Deinitialised {
  var leaf = Leaf()
  deinit { keepAlive(leaf) }
}

/// The same object through every kind of reference that owns it.
private final class Sharing {
  let a: Leaf
  let b: AnyObject
  let c: Any
  let d: [Leaf]
  init(_ leaf: Leaf) { (a, b, c, d) = (leaf, leaf, leaf, array(leaf, leaf)) }
}

@Suite("Classes")
struct ClassesTests {
  @Test("an object without fields is its own block")
  func empty() throws {
    try expectExact(objects: 1) { Empty() }
  }

  @Test("the fields of every superclass are followed")
  func inheritance() throws {
    try expectExact(objects: 2) { First() }
    try expectExact(objects: 4) { Second() }
    try expectExact(objects: 5) { Third() }
    try expectExact(objects: 5) { Third() as First }
  }

  @Test("references are found between data of every alignment")
  func padded() throws {
    try expectExact(objects: 4) { Padded() }
  }

  @Test("observers and computed properties stay asleep, statics belong to nobody")
  func observed() throws {
    try expectExact(objects: 2) { Observed() }
    keepAlive(Observed.shared)
  }

  @Test("a lazy property owns its value from the first access on")
  func lazily() throws {
    try expectExact(objects: 1) { Lazily() }
    try expectExact(objects: 5) {
      let lazily = Lazily()
      keepAlive(lazily.value)
      keepAlive(lazily.text)
      return lazily
    }
  }

  @Test("a property wrapper's storage is followed")
  func wrapping() throws {
    try expectExact(objects: 3) { Wrapping() }
  }

  @Test("nested classes")
  func nested() throws {
    try expectExact(objects: 3) { Outer() }
  }

  @Test("classes declared in a function")
  func local() throws {
    class Base { var leaf = Leaf() }
    final class Local: Base { var string = text() }
    try expectExact(objects: 3) { Local() }
  }

  @Test("a local class with a generic superclass")
  func localWithGenericSuperclass() throws {
    class Base<Value> {
      let value: Value
      let values: [Value]
      init(_ value: Value) { (self.value, values) = (value, array(value)) }
    }
    final class Local: Base<(Int, String)> { var leaf = Leaf() }
    try expectExact(objects: 4) { Local((number(1), text())) }
  }

  @Test("a class with a deinitialiser")
  func deinitialised() throws {
    try expectExact(objects: 2) { Deinitialised() }
  }

  @Test("what several references reach is counted once")
  func sharing() throws {
    try expectExact(objects: 3) { Sharing(Leaf()) }
  }

  @Test("a cycle ends")
  func cycle() throws {
    let outer = try expectExact(objects: 3) {
      let outer = Outer()
      outer.inner.outer = outer
      return outer
    }
    let inner = try expectExact(objects: 3) {
      let outer = Outer()
      outer.inner.outer = outer
      return outer.inner
    }
    #expect(outer.bytes == inner.bytes, "a cycle has the same size from every object on it")
  }
}
