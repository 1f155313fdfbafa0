// SPDX-License-Identifier: Apache-2.0

/// Zero, which only the running program knows: what is computed from it can't be laid out by the optimiser.
private let zero = CommandLine.arguments.count / 1_000_000

/// `value`, made at run time.
@inline(never)
package func number(_ value: Int) -> Int { value + zero }

/// A string in a heap block of its own: longer than the 15 bytes that fit in the value, and no literal.
@inline(never)
package func text(_ length: Int = 40) -> String { String(repeating: "z", count: length + zero) }

/// What `make` makes, surely on the heap: what a function returns, the optimiser can't put on a stack.
///
/// One place for all: inlined into each caller, a closure's literals (key paths, static tables) would be made once per
/// copy.
@inline(never)
package func made<Value: ~Copyable>(_ make: () throws -> Value) rethrows -> Value { try make() }

/// The optimiser must not end a value's life before this call. It deletes calls that do nothing: this one might do
/// something.
@inline(never)
package func keepAlive<Value: ~Copyable>(_ value: borrowing Value) {
  if zero != 0 { withUnsafePointer(to: value) { print($0) } }
}

/// The object at the end of most references: one block of 32 bytes, no references.
package final class Leaf: Sendable {
  package let value: Int

  @inline(never)
  package init(_ value: Int = 1) { self.value = number(value) }
}
