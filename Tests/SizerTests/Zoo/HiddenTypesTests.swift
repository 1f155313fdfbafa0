// SPDX-License-Identifier: Apache-2.0
import Foundation
import Sizer
import Synchronization
import Testing

// The compiler hides the type of a field that can't be copied; the engine reads it from the name of a symbol. Each of
// these has another form of type in that name. `known` is found only if the whole class is understood: Data keeps its
// block under tag bits.

private protocol One {}
private protocol Two {}
private protocol Objects: AnyObject {}
private protocol Moved: ~Copyable {}
private protocol Primary<Value> {
  associatedtype Value
  var value: Value { get }
}
private struct Both: One, Two, Primary {
  let value = Leaf()
  var name = text()
}
private final class Object: One, Objects { let leaf = Leaf() }
private struct Failure: Error { let leaf = Leaf() }
private enum Typed: Error { case one(Leaf) }
private struct Token: ~Copyable, Moved { let leaf = Leaf() }
private struct Nested<Value: ~Copyable>: ~Copyable {
  let value: Value
  let known = data()
}
private func data() -> Data { Data(repeating: 1, count: number(100)) }

private final class Field<Value>: @unchecked Sendable {
  let mutex: Mutex<Value>
  let known = data()
  init(_ value: sending Value) { mutex = Mutex(value) }
}

private final class AllExistentials {
  let errors = Mutex<[any Error]>([Failure()])
  let waiting = Mutex<[String: CheckedContinuation<Int, any Error>]>([:])
  let one = Mutex<any One>(Both())
  let both = Mutex<(any One & Two)?>(Both())
  let objects = Mutex<any Objects>(Object())
  let anyObject = Mutex<any One & AnyObject>(Object())
  let superclass = Mutex<(any Object & One)?>(Object())
  let any = Mutex<Any>(Both())
  let sendable = Mutex<[ObjectIdentifier: any Sendable]>([ObjectIdentifier(Leaf.self): text()])
  let result = Mutex<Result<String, any Error>?>(.success(text()))
  let actor = Mutex<(any Actor)?>(nil)
  let known = Mutex(data())
}
private final class Constrained {
  let primary = Mutex<any Primary<Leaf>>(Both())
  let sequence = Mutex<any Collection<Leaf>>(array(Leaf()))
  let moved: any Moved & ~Copyable = Token()
  let maybe: (any Moved & ~Copyable)? = Token()
  let all: any ~Copyable = Token()
  let known = Mutex(data())
}
private final class Metatypes {
  let pair = Mutex<(Any.Type, Leaf)>((Int.self, Leaf()))
  let existential = Mutex<(any One.Type, Leaf)>((Both.self, Leaf()))
  let composed = Mutex<(any (One & Two).Type, Leaf)>((Both.self, Leaf()))
  let error = Mutex<(any Error.Type, Leaf)>((Failure.self, Leaf()))
  let concrete = Mutex<(Leaf.Type, Leaf)>((Leaf.self, Leaf()))
  let known = Mutex(data())
}
private final class Functions {
  let typed: Mutex<(Int) throws(Typed) -> Leaf>
  let effects: Mutex<(@Sendable (Int) async throws -> Leaf)?>
  let isolated: Mutex<@MainActor @Sendable (Leaf) -> Void>
  let erased: Mutex<(isolated: (any Actor)?, run: @isolated(any) @Sendable () -> Leaf)>
  let passing: Mutex<(inout Int, __owned Leaf, borrowing Leaf) -> Void>
  let many: Mutex<(Int...) -> Void>
  let lazy: Mutex<(@autoclosure () -> Int) -> Void>
  let c = Mutex<(@convention(c) (Int) -> Int, Leaf)>(({ $0 }, Leaf()))
  let known = Mutex(data())
  init() {
    let leaf = Leaf()
    typed = Mutex({ _ in leaf })
    effects = Mutex({ _ in leaf })
    isolated = Mutex({ _ in keepAlive(leaf) })
    erased = Mutex((nil, { leaf }))
    passing = Mutex({ _, _, _ in keepAlive(leaf) })
    many = Mutex({ _ in keepAlive(leaf) })
    lazy = Mutex({ _ in keepAlive(leaf) })
  }
}
private final class Tuples {
  let labels = Mutex<(a: Leaf, b: [String: any One], c: Int?)>((Leaf(), [text(): Both()], 3))
  let inline = Mutex<InlineArray<3, Leaf>>([Leaf(), Leaf(), Leaf()])
  let tokens: InlineArray<2, Token> = .init { _ in Token() }
  let atomics = InlineArray<2, Atomic<Int>> { _ in Atomic(1) }
  let mutexes = InlineArray<2, Mutex<Data>> { _ in Mutex(data()) }
  let nested = Nested(value: Nested(value: Mutex<any Error>(Failure())))
  let present: Mutex<any Error>? = Mutex(Failure())
  let missing: Mutex<any Error>? = nil
}
private final class Elements<Values: Collection> {
  let first: Mutex<Values.Element?>
  let known = Mutex(data())
  init(_ values: Values) {
    nonisolated(unsafe) let first = values.first
    self.first = Mutex(first)
  }
}
private final class Associated<Value: Primary> where Value.Value: AnyObject {
  let values: Mutex<[Value.Value]>
  let known = Mutex(data())
  init(_ value: Value) {
    nonisolated(unsafe) let values = [value.value]
    self.values = Mutex(values)
  }
}
private final class Pack<each Value: Sendable> {
  let values: Mutex<(repeat each Value)>
  let known = Mutex(data())
  init(_ values: repeat each Value) {
    self.values = Mutex((repeat each values))
  }
}
private final class Sized<let count: Int> {
  let numbers = Mutex(InlineArray<count, Int>(repeating: 0))
  let known = Mutex(data())
}
private final class Outer<First> {
  struct Part: ~Copyable {
    let first: First
    let name = text()
  }
  enum Choice: ~Copyable {
    case first(First)
    case mutex(Mutex<any Error>)
  }
  final class Inner<Second> {
    struct Deep: ~Copyable {
      let first: First
      let second: Second
      let errors = Mutex<[String: any Error]>([text(): Failure()])
    }
    let deep: Deep
    init(_ first: First, _ second: Second) { deep = Deep(first: first, second: second) }
  }
  let part: Part
  let choice: Choice
  init(_ first: First) {
    part = Part(first: first)
    choice = .first(first)
  }
}
private struct Pair<A, B> { let a: A }
extension Array {
  fileprivate struct Extended: ~Copyable { let element: Element }
}
extension Pair where A == Int {
  fileprivate struct Fixed: ~Copyable { let b: B }
}
private final class Extensions {
  let array = [String].Extended(element: text())
  let fixed = Pair<Int, String>.Fixed(b: text())
  let known = Mutex(data())
}
private func local() -> AnyObject {
  struct Hidden: ~Copyable { let leaf = Leaf() }
  struct Value { let leaf = Leaf() }
  final class Hiding {
    let hidden = Hidden()
    let values = Mutex([Value()])
    let known = Mutex(data())
  }
  return Hiding()
}

@Suite("Types that the compiler hides")
struct HiddenTypesTests {
  @Test("existentials of all forms") func existentials() throws { try expectExactAndSome { AllExistentials() } }
  @Test("constrained ones, and of what can't be copied") func constrained() throws {
    try expectExactAndSome { Constrained() }
  }
  @Test("metatypes") func metatypes() throws { try expectExactAndSome { Metatypes() } }
  @Test("functions") func functions() throws { try expectExactAndSome { Functions() } }
  @Test("tuples and inline arrays") func tuples() throws { try expectExactAndSome { Tuples() } }
  @Test("associated types of the owner's parameters")
  func associated() throws {
    try expectExactAndSome { Elements([Leaf()]) }
    try expectExactAndSome { Elements([text()]) }
    try expectExactAndSome { Associated(Both()) }
  }
  @Test("packs and integers of the owner's")
  func parameters() throws {
    try expectExactAndSome { Pack(Leaf(), text()) }
    try expectExactAndSome { Sized<3>() }
  }
  @Test("types nested in generic ones")
  func nested() throws {
    try expectExactAndSome { Outer(Leaf()) }
    try expectExactAndSome { Outer(text()) }
    try expectExactAndSome { Outer<Leaf>.Inner<Data>(Leaf(), data()) }
  }
  @Test("types of extensions, and local ones")
  func scopes() throws {
    try expectExactAndSome { Extensions() }
    try expectExactAndSome { local() }
  }
}
