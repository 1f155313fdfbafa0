// SPDX-License-Identifier: Apache-2.0
import Sizer
import Synchronization
import Testing

// Swift 6.3 on Linux says nothing at run time about a field whose type can't be copied: these are what its engine makes
// of it.

private struct Token: ~Copyable {
  let leaf = Leaf()
  var name = text()
}
private struct Pair<First: ~Copyable, Second: ~Copyable>: ~Copyable {
  var first: First
  var second: Second
}
private enum Choice: ~Copyable {
  case nothing
  case token(Token)
  case leaf(Leaf)
}

private final class Fields {
  let before = Leaf()
  var token = Token()
  var missing: Token?
  var present: Token? = Token()
  let after = text()
}
private final class Generics<Value> {
  let plain: Pair<Int, Token>
  let own: Pair<Value, Atomic<Int>>
  let shared: Pair<[String: Leaf], Mutex<Value?>>
  init(_ value: sending Value) where Value: Sendable {
    plain = Pair(first: number(1), second: Token())
    own = Pair(first: value, second: Atomic(number(1)))
    shared = Pair(first: [text(): Leaf()], second: Mutex(value))
  }
}
private final class Choices {
  let nothing = Choice.nothing
  let token = Choice.token(Token())
  let leaf = Choice.leaf(Leaf())
}
private final class Mutexes {
  struct State {
    var waiting: [Int: @Sendable () -> Void] = [:]
    var done: Set<String> = [text(), text(50)]
  }
  private struct Hidden {
    var leaf = Leaf()
  }
  let state = Mutex(State())
  private let hidden = Mutex([Hidden(), Hidden()])
  let tuple = Mutex<(count: Int, name: String)>((number(1), text()))
  let callback = Mutex<(@Sendable (Int) -> Void)?>(nil)
  let nested = Mutex<[String: [Leaf?]]>([text(): [Leaf(), nil]])
  let character = Mutex<Character>("x")
}

@Suite("Types that can't be copied")
struct NoncopyableTests {
  @Test("as values")
  func values() throws {
    try expectExact(objects: 2) { Token() }
    try expectExact(objects: 3) { Pair(first: Token(), second: Leaf()) }
    try expectExact(objects: 2) { Choice.token(Token()) }
    try expectExact(objects: 1) { Choice.leaf(Leaf()) }
    try expectExact(objects: 0) { Choice.nothing }
  }

  @Test("as fields of a class, optional ones too")
  func fields() throws {
    try expectExact(objects: 7) { Fields() }
  }

  @Test("generic ones, in a generic class")
  func generics() throws {
    try expectExact(objects: 6) { Generics(number(1)) }
    try expectExact(objects: 7) { Generics(text()) }
    try expectExact(objects: 7) { Generics(Leaf()) }
  }

  @Test("enums")
  func enums() throws {
    try expectExact(objects: 4) { Choices() }
  }

  @Test("mutexes around everything")
  func mutexes() throws {
    try expectExact(objects: 12) { Mutexes() }
  }

  @Test("in the tree they are named like all others")
  func tree() throws {
    let tree = try HeapSizer().tree(of: Fields(), depth: 2)
    #expect(tree.children.map(\.name) == ["before", "token", "missing", "present", "after"])
  }
}
