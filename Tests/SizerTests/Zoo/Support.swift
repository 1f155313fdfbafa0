// SPDX-License-Identifier: Apache-2.0
import Sizer
import TestSupport
import Testing

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
