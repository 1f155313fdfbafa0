// SPDX-License-Identifier: Apache-2.0
import Sizer
import Testing

private enum Maybe<Value> {
  case some(Value)
  case none, unknown
}
private enum Either<Left, Right> {
  case left(Left)
  case right(Right)
  case neither
}
private enum Three<A, B, C> {
  case a(A, UInt8)
  case b([B])
  case c(C, Leaf)
}

/// The same bits whatever the argument is.
private enum Fixed<Value> {
  case list([Value])
  case leaf(Leaf)
  case table([String: Value])
  case none
}

private indirect enum Expression {
  case value(Int)
  case name(String)
  case sum(Expression, Expression)
  case call(name: String, arguments: [Expression])
  case empty
}
private enum Tree<Value> {
  case leaf(Value)
  indirect case node(Tree<Value>, Value, Tree<Value>)
  case empty
}
private indirect enum List<Value> {
  case end
  case next(Value, List<Value>)
}

private final class Box<Value> {
  var flag = true
  var value: Value
  init(_ value: Value) { self.value = value }
}
private struct Oops: Error { var reason = text() }

@inline(never)
private func balanced<Value>(_ depth: Int, _ value: () -> Value) -> Tree<Value> {
  depth == 0 ? .leaf(value()) : .node(balanced(depth - 1, value), value(), balanced(depth - 1, value))
}

@Suite("Generic, indirect and optional enums")
struct GenericEnumsTests {
  @Test("generic payloads")
  func generic() throws {
    try expectExact(objects: 1) { Maybe.some(Leaf()) }
    try expectExact(objects: 1) { Maybe.some(text()) }
    try expectExact(objects: 2) { array(Maybe.some((UInt8(number(1)), text())), .none, .unknown) }
    try expectExact(objects: 0) { Maybe.some(number(1)) }
    try expectExact(objects: 3) { array(Either<Leaf, String>.left(Leaf()), .right(text()), .neither) }
    try expectExact(objects: 2) { array(Either<Int, Leaf>.left(number(-1)), .right(Leaf()), .neither) }
    try expectExact(objects: 3) { array(Either<Maybe<Leaf>, Maybe<String>>.left(.some(Leaf())), .right(.some(text()))) }
    try expectExact(objects: 6) {
      array(Three<Leaf, String, UInt64>.a(Leaf(), 1), .b(array(text())), .c(.max, Leaf()), .c(0, Leaf()))
    }
  }

  @Test("generic payloads of a fixed size")
  func fixed() throws {
    try expectExact(objects: 7) { array(Fixed.list(array(text())), .leaf(Leaf()), .none, .table([text(): text()])) }
    try expectExact(objects: 3) { array(Fixed<UInt8>.list(array(UInt8(number(1)))), .leaf(Leaf()), .none, .table([:])) }
    try expectExact(objects: 2) {
      array(Fixed<Leaf>.leaf(Leaf()) as Fixed<Leaf>??, nil, .some(nil), .some(.some(.none)))
    }
  }

  @Test("generic payloads in code that does not know them")
  func unspecialised() throws {
    func make<Value>(_ value: Value) -> [Either<Value, (Value, Leaf)>] {
      array(.left(value), .right((value, Leaf())), .neither)
    }
    try expectExact(objects: 3) { make(text()) }
    try expectExact(objects: 3) { make(Leaf()) }
    try expectExact(objects: 2) { make(UInt16(number(1))) }
    try expectExact(objects: 4) { make(Maybe.some((true, array(Leaf())))) }
  }

  @Test("indirect cases lie in boxes")
  func indirect() throws {
    try expectExact(objects: 1) { Expression.value(number(1)) }
    try expectExact(objects: 2) { Expression.name(text()) }
    try expectExact(objects: 0) { Expression.empty }
    try expectExact(objects: 4) { Expression.sum(.name(text()), .value(number(2))) }
    try expectExact(objects: 6) { Expression.call(name: text(), arguments: array(.value(number(1)), .name(text()))) }
    try expectExact(objects: 7) {
      Box(Expression.call(name: text(), arguments: array(.value(number(1)), .name(text()))))
    }
  }

  @Test("generic indirect cases")
  func genericIndirect() throws {
    try expectExact(objects: 1) { Tree.leaf(text()) }
    try expectExact(objects: 4) { Tree.node(.leaf(text()), text(), .node(.empty, "", .empty)) }
    try expectExact(objects: 7 + 15) { balanced(3) { Leaf() } }
    try expectExact(objects: 7 + 15) { balanced(3) { (UInt8(number(1)), text()) } }
    try expectExact(objects: 6) { List.next(text(), .next(text(), .next(text(), .end))) }
    try expectExact(objects: 0) { List<String>.end }
  }

  @Test("one box reached twice is counted once")
  func shared() throws {
    try expectExact(objects: 3) {
      let expression = Expression.name(text())
      return Expression.sum(expression, expression)
    }
  }

  @Test("optionals three deep")
  func optionals() throws {
    try expectExact(objects: 1) { Leaf() as Leaf??? }
    try expectExact(objects: 1) { text() as String??? }
    try expectExact(objects: 0) { number(1) as Int??? }
    try expectExact(objects: 2) { array(Leaf() as Leaf???, .none, .some(.none), .some(.some(.none))) }
    try expectExact(objects: 2) { array(text() as String???, .none, .some(.none), .some(.some(.none))) }
    try expectExact(objects: 2) { array((1, Leaf()) as (UInt8, Leaf)???, .none, .some(.none), .some(.some(.none))) }
    try expectExact(objects: 3) { array(array(text()) as [String]???, .none, .some(.none)) }
    try expectExact(objects: 3) { Box(Box(text()) as Box<String>???) }
    try expectExact(objects: 2) { array(Maybe.some(Leaf()) as Maybe<Leaf>???, .some(.some(.some(.unknown)))) }
    try expectExact(objects: 1) { Box((Leaf?.none, String?.none, Expression?.none)) }
  }

  @Test("results")
  func results() throws {
    try expectExact(objects: 1) { Result<String, Never>.success(text()) }
    try expectExact(objects: 2) { Result<Leaf, any Error>.failure(Oops()) }
    try expectExact(objects: 1) { Result<Leaf, Oops>.failure(Oops()) }
    try expectExact(objects: 4) { array(Result<Leaf, any Error>.failure(Oops()), .success(Leaf())) }
    try expectExact(objects: 3) { array(Result<Leaf, Oops>.failure(Oops()), .success(Leaf())) }
    try expectExact(objects: 1) { array(Result<Void, CancellationError>.success(()), .failure(CancellationError())) }
  }
}
