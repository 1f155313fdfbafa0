// SPDX-License-Identifier: Apache-2.0
import Sizer
import Testing

// Types that nothing but closures knows: in a release build they have no metadata, and the engine lays them out by
// itself. No test may hand one to a generic function or store it in an object, or there is metadata again.

private struct Pair {
  var string: String
  var leaf: Leaf
}
private struct Padded {
  var a: UInt8
  var leaf: Leaf
  var b: Bool
  var c: Int32
  var name: String?
  var d: UInt8
}
private struct Nested {
  var flag: Bool
  var pair: Pair
  var padded: Padded?
  var tuple: (UInt8, Pair, Bool)
}
private struct Holder {
  unowned var owner: Leaf
  unowned(unsafe) var other: Leaf
  var any: Any
  var object: (any AnyObject & Sendable)?
  var function: (Pair) -> Int
  var type: Pair.Type
  var metatype: Leaf.Type
  var array: [Pair]
  var table: [String: Pair]
}
private struct Generic<First, Second> {
  var first: First
  var flag = true
  var second: Second
}
private struct Recursive {
  var name: String
  var children: [Recursive]
}
private struct Empty {}

private enum Plain { case a, b, c }
private enum One {
  case name(String)
  case none
  case other
}
private enum Number {
  case number(Int)
  case none
}
private enum Several {
  case leaf(Leaf)
  case array([Int])
  case none
  case other
}
private enum Mixed {
  case number(Int)
  case text(String)
  case pair(UInt8, Leaf)
  case both(Leaf, String)
  case flag(Bool)
  case nothing
}
private enum Nine {
  case a(Leaf), b(Leaf), c(Leaf), d(Leaf), e(Leaf), f(Leaf), g(Leaf), h(Leaf), i(Leaf), none
}
private enum GenericChoice<Value> {
  case value(Value)
  case both(Value, Leaf)
  case none
}
private indirect enum Tree {
  case leaf(String)
  case node(Tree, Tree)
}
private struct All {
  var plain: Plain
  var one: One
  var number: Number
  var several: Several
  var mixed: Mixed
  var last: Leaf
}

@inline(never)
private func read(_ choice: Several) -> Int {
  switch choice {
  case .leaf(let leaf): leaf.value
  case .array(let array): array.count
  case .none: 1
  case .other: 2
  }
}

@Suite("Types without metadata")
struct BareTypesTests {
  @Test("structs")
  func structs() throws {
    try expectExact(objects: 3) {
      let (pair, extra) = (Pair(string: text(), leaf: Leaf()), number(1))
      return Action { pair.string.count + pair.leaf.value + extra }
    }
    try expectExact(objects: 3) {
      let padded = Padded(a: 1, leaf: Leaf(), b: true, c: 5, name: text(), d: 7)
      let extra = number(1)
      return Action { padded.leaf.value + Int(padded.d) + (padded.name?.count ?? 0) + extra }
    }
    try expectExact(objects: 2) {
      let padded = Padded(a: 1, leaf: Leaf(), b: true, c: 5, name: number(1) == 1 ? nil : text(), d: 7)
      let extra = number(1)
      return Action { padded.leaf.value + Int(padded.d) + (padded.name?.count ?? 0) + extra }
    }
  }

  @Test("structs in structs, tuples and optionals")
  func nested() throws {
    for hasPadded in [true, false] {
      try expectExact(objects: hasPadded ? 7 : 5) {
        let padded = Padded(a: 1, leaf: Leaf(), b: true, c: 5, name: text(), d: 7)
        let nested = Nested(
          flag: true, pair: Pair(string: text(), leaf: Leaf()), padded: hasPadded ? padded : nil,
          tuple: (1, Pair(string: text(), leaf: Leaf()), false))
        let extra = number(1)
        return Action {
          nested.pair.string.count + (nested.padded?.leaf.value ?? 0) + nested.tuple.1.leaf.value + extra
        }
      }
    }
    try expectExact(objects: 4) {
      let tuple = (UInt8(number(1)), Pair(string: text(), leaf: Leaf()), Leaf())
      let extra = number(1)
      return Action { tuple.1.leaf.value + tuple.2.value + extra }
    }
    for isThere in [true, false] {
      try expectExact(objects: isThere ? 3 : 1) {
        let pair = isThere ? Pair(string: text(), leaf: Leaf()) : nil
        let extra = number(1)
        return Action { (pair?.leaf.value ?? 0) + (pair?.string.count ?? 0) + extra }
      }
    }
  }

  @Test("fields of every kind")
  func kinds() throws {
    try expectExactAndSome {
      let leaf = Leaf()
      let holder = Holder(
        owner: leaf, other: leaf, any: text(), object: number(1) == 1 ? nil : leaf, function: { $0.string.count },
        type: Pair.self, metatype: Leaf.self, array: [], table: [:])
      let extra = number(1)
      return (
        leaf,
        Action {
          holder.owner.value + holder.other.value + holder.function(Pair(string: "", leaf: holder.owner)) + extra
            + holder.array.count + holder.table.count
        }
      )
    }
    try expectExact(objects: 2) {
      let (name, extra) = (text(), number(1))
      let recursive = Recursive(name: name, children: [])
      return Action { recursive.children.count + recursive.name.count + extra }
    }
  }

  @Test("generic structs")
  func generic() throws {
    try expectExact(objects: 3) {
      let generic = Generic(first: UInt8(number(1)), second: Generic(first: text(), second: Leaf()))
      let extra = number(1)
      return Action { generic.second.first.count + generic.second.second.value + extra }
    }
    try expectExact(objects: 3) {
      let generic = Generic(first: Pair(string: text(), leaf: Leaf()), second: Int16(number(1)))
      let extra = number(1)
      return Action { generic.first.string.count + Int(generic.second) + extra }
    }
  }

  @Test("variables in boxes")
  func boxes() throws {
    try expectExact(objects: 4) {
      var pair = Pair(string: text(), leaf: Leaf())
      let extra = number(1)
      return Action {
        pair.string += "x"
        return pair.string.count + pair.leaf.value + extra
      }
    }
  }

  @Test("enums with one payload and without")
  func enums() throws {
    for isNamed in [true, false] {
      try expectExact(objects: isNamed ? 3 : 2) {
        let one = isNamed ? One.name(text()) : number(1) == 1 ? .other : .none
        let (plain, number, leaf) = (number(1) == 1 ? Plain.b : .c, isNamed ? Number.none : .number(number(3)), Leaf())
        return Action {
          let count = if case .name(let name) = one { name.count } else { 0 }
          let three = if case .number(let three) = number { three } else { 0 }
          return count + (plain == .b ? leaf.value : three)
        }
      }
    }
  }

  @Test("enums with several payloads")
  func severalPayloads() throws {
    for index in 0..<4 {
      try expectExact(objects: index < 2 ? 3 : 2) {
        let several: Several =
          switch number(index) {
          case 0: .leaf(Leaf())
          case 1: .array(array(number(1)))
          case 2: .none
          default: .other
          }
        let leaf = Leaf()
        return Action { read(several) + leaf.value }
      }
    }
    for index in 0..<6 {
      try expectExact(objects: [2, 3, 3, 4, 2, 2][index]) {
        let mixed: Mixed =
          switch number(index) {
          case 0: .number(number(-1))
          case 1: .text(text())
          case 2: .pair(UInt8(number(255)), Leaf())
          case 3: .both(Leaf(), text())
          case 4: .flag(true)
          default: .nothing
          }
        let leaf = Leaf()
        return Action { if case .both(let other, _) = mixed { other.value } else { leaf.value } }
      }
    }
    for index in 0..<3 {
      try expectExact(objects: index < 2 ? 3 : 2) {
        let nine: Nine = number(index) == 0 ? .b(Leaf()) : number(index) == 1 ? .i(Leaf()) : .none
        let leaf = Leaf()
        return Action { if case .i(let other) = nine { other.value } else { leaf.value } }
      }
    }
  }

  @Test("generic and indirect enums")
  func otherEnums() throws {
    for index in 0..<3 {
      try expectExact(objects: [3, 4, 2][index]) {
        let choice: GenericChoice<String> =
          number(index) == 0 ? .value(text()) : number(index) == 1 ? .both(text(), Leaf()) : .none
        let leaf = Leaf()
        return Action { if case .both(_, let other) = choice { other.value } else { leaf.value } }
      }
    }
    try expectExactAndSome {
      let tree = Tree.node(.leaf(text()), .node(.leaf(text()), .leaf("short")))
      let leaf = Leaf()
      return Action { if case .node = tree { 1 } else { leaf.value } }
    }
  }

  @Test("enums in optionals, structs and enums")
  func nestedEnums() throws {
    for index in 0..<3 {
      try expectExact(objects: [5, 3, 2][index]) {
        let mixed: Mixed = number(index) == 0 ? .both(Leaf(), text()) : .nothing
        let all = All(
          plain: .b, one: number(index) == 0 ? .name(text()) : .other, number: .number(number(7)),
          several: number(index) == 1 ? .leaf(Leaf()) : .none, mixed: mixed, last: Leaf())
        return Action { read(all.several) + all.last.value }
      }
    }
    for index in 0..<4 {
      try expectExact(objects: [3, 2, 2, 3][index]) {
        let several: Several?? =
          number(index) == 0
          ? .leaf(Leaf()) : number(index) == 1 ? .some(nil) : number(index) == 2 ? nil : .array(array(number(1)))
        let leaf = Leaf()
        return Action { if let inner = several, let choice = inner { read(choice) } else { leaf.value } }
      }
    }
    for index in 0..<3 {
      try expectExact(objects: [4, 2, 2][index]) {
        let mixed: Mixed?? = number(index) == 0 ? .both(Leaf(), text()) : number(index) == 1 ? .some(nil) : nil
        let leaf = Leaf()
        return Action { if case .both(let other, _)?? = mixed { other.value } else { leaf.value } }
      }
    }
  }
}
