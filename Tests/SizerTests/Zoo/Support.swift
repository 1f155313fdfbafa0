// SPDX-License-Identifier: Apache-2.0
import Sizer
import Testing

/// Zero, which only the running program knows: what is computed from it can't be laid out by the optimiser.
private let zero = CommandLine.arguments.count / 1_000_000

/// `value`, made at run time.
@inline(never)
func number(_ value: Int) -> Int { value + zero }

/// A string in a heap block of its own: longer than the 15 bytes that fit in the value, and no literal.
@inline(never)
func text(_ length: Int = 40) -> String { String(repeating: "z", count: length + zero) }

/// The object at the end of most references in the zoo: one block, no references.
final class Leaf: Sendable {
  let value: Int
  @inline(never)
  init(_ value: Int = 1) { self.value = number(value) }
}

/// An array that made room for `capacity` elements at run time.
@inline(never)
func array<Element>(_ elements: Element..., capacity: Int = 0) -> [Element] {
  var result: [Element] = []
  result.reserveCapacity(number(max(capacity, elements.count)))
  for element in elements { result.append(element) }
  return result
}

/// As the oracle, and the value owns this many Swift objects and raw blocks: so a test can't pass with an empty arena.
@discardableResult
func expectExact<Value: ~Copyable>(
  objects: Int, rawBlocks: Int = 0, _ comment: Comment? = nil, sourceLocation: SourceLocation = #_sourceLocation,
  _ make: () throws -> Value
) throws -> HeapSize {
  let size = try expectExact(unresolved: 0, comment, sourceLocation: sourceLocation, make)
  #expect(size.objectCount == objects, comment, sourceLocation: sourceLocation)
  #expect(size.rawBlockCount == rawBlocks, comment, sourceLocation: sourceLocation)
  return size
}

/// As the oracle, and something is owned: for values whose number of objects differs between debug and release.
@discardableResult
func expectExactAndSome<Value: ~Copyable>(
  _ comment: Comment? = nil, sourceLocation: SourceLocation = #_sourceLocation, _ make: () throws -> Value
) throws -> HeapSize {
  let size = try expectExact(unresolved: 0, comment, sourceLocation: sourceLocation, make)
  #expect(size.objectCount > 0, comment, sourceLocation: sourceLocation)
  return size
}
