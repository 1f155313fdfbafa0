// SPDX-License-Identifier: Apache-2.0
import Foundation
import Sizer
import Testing

// What closures capture is described as it is lowered: a struct's metatype is nothing at all, a function inside of a
// tuple is spelt with its conventions.

private struct Failure: Error {}
private enum Typed: Error { case one(Leaf) }
private enum Choice<Value> { case a(Value), b, c(Int) }
private struct Closure { let run: () -> Void }

@Suite("Captured tuples")
struct CapturedFormsTests {
  @Test("with functions in them")
  func functions() throws {
    try expectExactAndSome { () -> Closure in
      let leaf = Leaf(), known = Data(repeating: 1, count: number(100))
      let pair: (Int, () -> Int) = (number(1), { leaf.value })
      return Closure {
        keepAlive(pair); keepAlive(known)
      }
    }
    try expectExactAndSome { () -> Closure in
      let leaf = Leaf(), known = Data(repeating: 1, count: number(100))
      let pair: (Leaf, @Sendable (Leaf) async throws -> [String])? = (
        leaf,
        { _ in
          keepAlive(leaf); return []
        }
      )
      return Closure {
        keepAlive(pair); keepAlive(known)
      }
    }
    try expectExactAndSome { () -> Closure in
      let leaf = Leaf(), known = Data(repeating: 1, count: number(100))
      let pair: (Leaf, @MainActor (inout Leaf, consuming String) -> Void) = (leaf, { _, _ in keepAlive(leaf) })
      return Closure {
        keepAlive(pair); keepAlive(known)
      }
    }
    try expectExactAndSome { () -> Closure in
      let leaf = Leaf(), known = Data(repeating: 1, count: number(100))
      let pair: Choice<((Int) throws(Typed) -> Int, Leaf)> = .a(({ _ in leaf.value }, leaf))
      return Closure {
        keepAlive(pair); keepAlive(known)
      }
    }
  }

  @Test("with metatypes in them, which may have no bytes")
  func metatypes() throws {
    try expectExactAndSome { () -> Closure in
      let known = Data(repeating: 1, count: number(100))
      let three: (Leaf, Int.Type, String) = (Leaf(), Int.self, text())
      return Closure {
        keepAlive(three); keepAlive(known)
      }
    }
    try expectExactAndSome { () -> Closure in
      let known = Data(repeating: 1, count: number(100))
      let three: (Leaf, Leaf.Type, String)? = (Leaf(), Leaf.self, text())
      return Closure {
        keepAlive(three); keepAlive(known)
      }
    }
    try expectExactAndSome { () -> Closure in
      let leaf = Leaf(), known = Data(repeating: 1, count: number(100))
      let three: (Leaf, any Error.Type, (String, Int) -> Leaf) = (leaf, Failure.self, { _, _ in leaf })
      return Closure {
        keepAlive(three); keepAlive(known)
      }
    }
  }
}
