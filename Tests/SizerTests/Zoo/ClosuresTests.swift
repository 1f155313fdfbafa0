// SPDX-License-Identifier: Apache-2.0
import Sizer
import Testing

// A closure is measured as a struct's field. As a value of a generic type it would be wrapped by the compiler in
// another closure, whose context is made for the call and is not what the test means to measure.
struct Action { var run: () -> Int }
private struct Throwing { var run: (String) throws -> Leaf }
private struct Typed { var run: () throws(Oops) -> Int }
private struct Async { var run: () async -> Int }
private struct AsyncThrowing { var run: @Sendable (inout [Int]) async throws -> String }
private struct Main { var run: @MainActor @Sendable () -> Int }
private struct Curried { var run: (Int) -> (String) -> Int }
private struct Oops: Error {}

private struct Large: Shape {
  var a = text()
  var b = (1.0, 2.0, 3.0)
  var c = Leaf()
  var d: UInt8 = 1
  var e: [String] = array(text())
  var area: Int { 0 }
}
private protocol Shape { var area: Int { get } }
private protocol Named: AnyObject { var name: String { get } }
private final class Object: Named {
  var name = text()
  func area() -> Int { name.count }
  func with(_ other: Leaf) -> () -> Int { { self.name.count + other.value } }
}
private enum Choice {
  case none
  case leaf(Leaf)
  case both(String, [Int])
}
/// Nothing of it is in a context.
private struct Empty {}

@Suite("Closures")
struct ClosuresTests {
  @Test("no capture, no context")
  func none() throws {
    try expectExact(objects: 0) { Action { 1 } }
    try expectExact(objects: 0) { Action(run: globalFunction) }
    try expectExact(objects: 0) { Curried(run: { a in { b in a + b.count } }) }
  }

  @Test("the only capture, one reference, is the context itself")
  func oneReference() throws {
    try expectExact(objects: 1) {
      let leaf = Leaf()
      return Action { leaf.value }
    }
    try expectExact(objects: 2) {
      let strings = array(text())
      return Action { strings.count }
    }
    try expectExact(objects: 2) {
      let object = Object()
      return Action { object.name.count }
    }
  }

  @Test("captured values of every kind lie in the context")
  func values() throws {
    try expectExact(objects: 2) {
      let string = text()
      return Action { string.count }
    }
    try expectExact(objects: 3) {
      let (small, leaf, flag, string) = (UInt8(number(1)), Leaf(), number(1) == 1, text())
      return Action { Int(small) + leaf.value + (flag ? string.count : 0) }
    }
    try expectExact(objects: 5) {
      let large = Large()
      return Action { large.a.count + large.c.value }
    }
    try expectExact(objects: 3) {
      let tuple = (UInt8(number(1)), text(), (Leaf(), true))
      return Action { tuple.1.count + tuple.2.0.value }
    }
    try expectExact(objects: 3) {
      let (choice, optional) = (Choice.both(text(), array(number(1))), Leaf?.none)
      return Action { if case .leaf = choice { 1 } else { optional?.value ?? 2 } }
    }
    try expectExact(objects: 2) {
      let (empty, string) = (Empty(), text())
      return Action {
        keepAlive(empty)
        return string.count
      }
    }
  }

  @Test("captured existentials and metatypes")
  func existentials() throws {
    try expectExact(objects: 6) {
      let shape: any Shape = Large()
      return Action { shape.area }
    }
    try expectExact(objects: 4) {
      let any: Any = (text(), number(1))
      let object: any Named = Object()
      return Action {
        keepAlive(any)
        return object.name.count
      }
    }
    try expectExact(objects: 1) {
      let error: any Error = Oops()
      return Action {
        keepAlive(error)
        return 1
      }
    }
    try expectExact(objects: 2) {
      let (type, leaf) = (number(1) == 1 ? Leaf.self as Any.Type : Int.self, Leaf())
      return Action {
        keepAlive(type)
        return leaf.value
      }
    }
  }

  @Test("captured functions")
  func functions() throws {
    try expectExact(objects: 3) {
      let string = text()
      let inner = { string.count }
      return Action { inner() + 1 }
    }
    try expectExact(objects: 3) {
      let (string, leaf) = (text(), Leaf())
      return Curried { number in { text in number + text.count + string.count + leaf.value } }
    }
    try expectExact(objects: 5) {
      let (string, leaf) = (text(), Leaf())
      let (one, two) = ({ string.count }, { leaf.value + string.count })
      return Action { one() + two() }
    }
  }

  @Test("closures made by closures")
  func nested() throws {
    try expectExactAndSome {
      let (string, leaf) = (text(), Leaf())
      let outer = { (factor: Int) in Action { string.count * factor + leaf.value } }
      let inner = outer(number(2))
      return (inner, Action { outer(2).run() })
    }
    try expectExact(objects: 4) {
      let object = Object()
      return Action(run: object.with(Leaf()))
    }
  }

  @Test("method references")
  func methods() throws {
    try expectExact(objects: 2) { Action(run: Object().area) }
    try expectExact(objects: 3) {
      let wide = Wide()
      return Action(run: wide.count)
    }
    try expectExact(objects: 2) {
      let strings = array(text())
      return Throwing { _ in Leaf(strings.count) }
    }
  }

  @Test("asynchronous, throwing and isolated closures")
  func effects() throws {
    try expectExact(objects: 3) {
      let (string, leaf) = (text(), Leaf())
      return Async {
        await Task.yield()
        return string.count + leaf.value
      }
    }
    try expectExact(objects: 3) {
      let (string, leaf) = (text(), Leaf())
      return AsyncThrowing { [string, leaf] numbers in
        numbers.append(leaf.value)
        try await Task.sleep(for: .zero)
        return string
      }
    }
    try expectExact(objects: 3) {
      let (string, leaf) = (text(), Leaf())
      return Throwing { if $0 == string { throw Oops() } else { leaf } }
    }
    try expectExact(objects: 3) {
      let (string, leaf) = (text(), Leaf())
      return Typed { () throws(Oops) in if leaf.value == 3 { throw Oops() } else { string.count } }
    }
    try expectExact(objects: 3) {
      let (string, leaf) = (text(), Leaf())
      return Main { string.count + leaf.value }
    }
  }
}

private func globalFunction() -> Int { number(1) }
extension Wide {
  fileprivate func count() -> Int { last.count }
}
