// SPDX-License-Identifier: Apache-2.0
import Sizer
import Testing

private struct Handlers {
  var first: () -> Void
  var second: ((Int) throws -> String)?
  var third: (@Sendable () async -> Void)?
}
private enum Step {
  case run(() -> Int)
  case transform((String) -> String, Leaf)
  case wait
}
private final class Button {
  var onTap: (() -> Void)?
  var handlers: [(Button) -> Int] = []
  var named: [String: () -> Int] = [:]
}
private struct Generic<Input, Output> { var run: (Input) -> Output }

@inline(never)
private func action(_ string: String, _ leaf: Leaf) -> () -> Int { { string.count + leaf.value } }

@Suite("Closures in values")
struct ClosureContainersTests {
  @Test("a closure as the value itself")
  func root() throws {
    try expectExactAndSome {
      let (string, leaf) = (text(), Leaf())
      return { string.count + leaf.value }
    }
    try expectExactAndSome { action(text(), Leaf()) }
    try expectExactAndSome { Optional(action(text(), Leaf())) }
    try expectExactAndSome { (action(text(), Leaf()), 1) }
    try expectExactAndSome { action(text(), Leaf()) as Any }
  }

  @Test("in a struct's fields, optional or not")
  func fields() throws {
    try expectExact(objects: 3) {
      let (string, leaf) = (text(), Leaf())
      return Handlers(first: { keepAlive((string, leaf)) })
    }
    try expectExact(objects: 7) {
      let (string, leaf, names) = (text(), Leaf(), array(text()))
      return Handlers(
        first: { keepAlive((string, leaf)) }, second: { string + names[$0] },
        third: { [leaf, names] in keepAlive((leaf, names)) })
    }
    try expectExactAndSome {
      let (string, leaf) = (text(), Leaf())
      return Generic { (number: Int) in (number, string, leaf) }
    }
  }

  @Test("in enums")
  func enums() throws {
    try expectExact(objects: 3) { Step.run(action(text(), Leaf())) }
    try expectExact(objects: 4) {
      let string = text()
      return array(Step.wait, .transform({ $0 + string }, Leaf()))
    }
    try expectExactAndSome { array(Optional(action(text(), Leaf())), nil, action("", Leaf())) }
    try expectExactAndSome { Result<() -> Int, any Error>.success(action(text(), Leaf())) }
  }

  @Test("in arrays, dictionaries and inline arrays")
  func collections() throws {
    try expectExactAndSome { array(action(text(), Leaf()), action(text(), Leaf()), { 1 }) }
    try expectExactAndSome { [text(): action(text(), Leaf()), text(50): action(text(), Leaf())] }
    try expectExactAndSome { InlineArray<2, () -> Int> { _ in action(text(), Leaf()) } }
    try expectExact(objects: 7) {
      array(Action(run: action(text(), Leaf())), Action(run: action(text(), Leaf())), Action { 1 })
    }
  }

  @Test("in objects, in cycles with them")
  func objects() throws {
    try expectExactAndSome {
      let button = Button()
      let string = text()
      button.onTap = { keepAlive((button, string)) }
      button.handlers = [{ [unowned button] other in button === other ? 1 : 0 }, { _ in string.count }]
      button.named = [text(): { string.count }, "short": { [weak button] in button == nil ? 0 : 1 }]
      return button
    }
  }

  @Test("key paths and operators as functions")
  func references() throws {
    try expectExactAndSome {
      let wide = Wide()
      let read: ([Wide]) -> String = \.[number(0)].last
      return (Action { read([wide]).count }, wide)
    }
    try expectExact { Generic<(Int, Int), Int>(run: +) }
  }
}
