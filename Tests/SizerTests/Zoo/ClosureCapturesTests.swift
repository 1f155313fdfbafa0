// SPDX-License-Identifier: Apache-2.0
import Sizer
import Testing

private class Object {
  var name = text()
  func strong() -> Action { Action { self.name.count } }
  func weak() -> Action { Action { [weak self] in self?.name.count ?? 0 } }
  func unowned() -> Action { Action { [unowned self] in self.name.count } }
}
private protocol Named: AnyObject { var name: String { get } }
extension Object: Named {}
private class Box<Value> {
  var value: Value
  init(_ value: Value) { self.value = value }
  func strong() -> Action {
    Action {
      keepAlive(self)
      return 1
    }
  }
  func weak() -> Action { Action { [weak self] in self == nil ? 0 : 1 } }
  func both(_ other: Value) -> Action {
    Action {
      keepAlive((self, other))
      return 1
    }
  }
  func with<Other>(_ other: Other) -> Action {
    Action {
      keepAlive((self.value, other))
      return 1
    }
  }
}
private final class TextBox: Box<String> {}

private protocol Shape {
  associatedtype Part
  var part: Part { get }
}
private struct Line: Shape { var part = text() }

// Not specialised, so that the context carries its types: these are what the engine has to read in any program where a
// generic closure crosses a module.
@inline(never) @_semantics("optimize.sil.specialize.generic.never")
private func capture<Value>(_ value: Value) -> Action {
  Action {
    keepAlive(value)
    return 1
  }
}
@inline(never) @_semantics("optimize.sil.specialize.generic.never")
private func capture<A, B: Hashable>(_ a: A, _ b: B) -> Action {
  Action {
    keepAlive((a, b))
    return b.hashValue
  }
}
@inline(never) @_semantics("optimize.sil.specialize.generic.never")
private func captureWrapped<Value>(_ value: Value) -> Action {
  let (array, optional, tuple) = (array(value), Optional(value), (UInt8(number(1)), value))
  return Action {
    keepAlive((array, optional, tuple))
    return 1
  }
}
@inline(never) @_semantics("optimize.sil.specialize.generic.never")
private func captureParts<Kind: Shape>(_ kind: Kind) -> Action {
  let parts = (kind.part, array(kind.part))
  return Action {
    keepAlive((kind, parts))
    return 1
  }
}
@inline(never) @_semantics("optimize.sil.specialize.generic.never")
private func captureObject<Value: AnyObject>(_ value: Value) -> Action {
  Action { [weak weakly = value, unowned unownedly = value] in
    keepAlive((weakly, unownedly, value))
    return 1
  }
}
@inline(never) @_semantics("optimize.sil.specialize.generic.never")
private func captureFunction<Value>(_ function: @escaping () -> Value) -> Action {
  Action {
    keepAlive(function())
    return 1
  }
}
@inline(never) @_semantics("optimize.sil.specialize.generic.never")
private func captureType<Value>(_ type: Value.Type, _ leaf: Leaf) -> Action {
  Action { leaf.value + MemoryLayout<Value>.size }
}
@inline(never) @_semantics("optimize.sil.specialize.generic.never")
private func capturePack<each Value>(_ value: repeat each Value) -> Action {
  Action {
    var count = 0
    for value in repeat each value { count += MemoryLayout.size(ofValue: value) }
    return count
  }
}

@Suite("What closures capture")
struct ClosureCapturesTests {
  @Test("self: strong, weak, unowned")
  func captureSelf() throws {
    try expectExact(objects: 2) { Object().strong() }
    try expectExact(objects: 3, rawBlocks: 1) {
      let object = Object()
      return (object, object.weak())
    }
    try expectExact(objects: 3) {
      let object = Object()
      return (object, object.unowned())
    }
  }

  @Test("capture lists")
  func captureLists() throws {
    try expectExactAndSome {
      let (object, leaf) = (Object(), Leaf())
      return (object, Action { [weak object, leaf] in (object?.name.count ?? 0) + leaf.value })
    }
    try expectExact(objects: 4) {
      let (object, leaf) = (Object(), Leaf())
      return (
        object,
        Action { [unowned object, unowned(unsafe) also = object, leaf] in
          object.name.count + also.name.count + leaf.value
        }
      )
    }
    try expectExactAndSome {
      let named: any Named = Object()
      let leaf = Leaf()
      return (named, Action { [weak named, leaf] in (named?.name.count ?? 0) + leaf.value })
    }
    try expectExact(objects: 4) {
      let named: any Named = Object()
      let leaf = Leaf()
      return (named, Action { [unowned named, leaf] in named.name.count + leaf.value })
    }
    try expectExact(objects: 2) { Action { [string = text()] in string.count } }
  }

  @Test("captured variables lie in boxes, shared by the closures that capture them")
  func variables() throws {
    try expectExact(objects: 1) {
      var count = number(1)
      return Action {
        count += 1
        return count
      }
    }
    try expectExact(objects: 2) {
      var string = text()
      return Action {
        string += "x"
        return string.count
      }
    }
    try expectExact(objects: 2) {
      var leaf: Leaf? = Leaf()
      return Action {
        defer { leaf = nil }
        return leaf?.value ?? 0
      }
    }
    try expectExact(objects: 1) {
      var leaf: Leaf? = number(1) == 2 ? Leaf() : nil
      return Action {
        defer { leaf = nil }
        return leaf?.value ?? 0
      }
    }
    try expectExact(objects: 6) {
      var string = text()
      var leaf = Leaf()
      let append = Action {
        string += "x"
        leaf = Leaf()
        return 1
      }
      let read = Action { string.count + leaf.value }
      string += "y"
      return (append, read)
    }
  }

  @Test("boxes of every kind")
  func boxes() throws {
    try expectExactAndSome {
      var (array, table, set) = (array(text()), [text(): Leaf()], Set(array(text())))
      var (tuple, any, optional) = ((UInt8(1), text()), Leaf() as Any, text() as String???)
      var function = { array.count }
      var (error, named) = (CancellationError() as any Error, Object() as any Named)
      weak var weakly = named
      unowned var unownedly = named
      return (
        named,
        Action {
          array.append(text())
          table = [:]
          set = []
          tuple.1 = ""
          any = 1
          optional = nil
          function = { 1 }
          error = CancellationError()
          named = Object()
          weakly = nil
          unownedly = named
          keepAlive((array, table, set, tuple, any, optional, function, error, named, weakly, unownedly))
          return 1
        }
      )
    }
  }

  @Test("a closure that refers to itself through a variable")
  func recursion() throws {
    try expectExact(objects: 3) {
      let string = text()
      var action = Action { 1 }
      action = Action { number(1) == 1 ? string.count : action.run() }
      return (action, string)
    }
  }

  @Test("captured generic values")
  func generic() throws {
    try expectExactAndSome { capture(text()) }
    try expectExactAndSome { capture(Leaf()) }
    try expectExactAndSome { capture((UInt8(number(1)), text(), Leaf())) }
    try expectExactAndSome { capture(Optional(Leaf())) }
    try expectExactAndSome { capture(Wide() as Any) }
    try expectExactAndSome { capture(UInt8(number(1)), text()) }
    try expectExactAndSome { capture((Leaf(), true), UInt8(number(1))) }
    try expectExactAndSome { captureWrapped(text()) }
    try expectExactAndSome { captureWrapped((Leaf(), UInt8(number(1)))) }
    try expectExactAndSome { captureParts(Line()) }
    try expectExactAndSome { captureType(String.self, Leaf()) }
    try expectExactAndSome { captureFunction { text() } }
    try expectExactAndSome {
      let string = text()
      return captureFunction { (string, Leaf()) }
    }
  }

  @Test("captured parameter packs")
  func packs() throws {
    try expectExactAndSome { capturePack(text(), UInt8(number(1)), Leaf()) }
    try expectExactAndSome { capturePack(Leaf()) }
  }

  @Test("captured objects of a generic type")
  func genericObjects() throws {
    try expectExactAndSome {
      let leaf = Leaf()
      return (leaf, captureObject(leaf))
    }
    try expectExact(objects: 2) { Box(text()).strong() }
    try expectExactAndSome {
      let box = TextBox(text())
      return (box, box.weak(), box.both(text()), box.with((UInt8(number(1)), Leaf())))
    }
  }
}
