// SPDX-License-Identifier: Apache-2.0
import Sizer
import TestSupport
import Testing

/// Builds a value in an arena of its own and demands that HeapSizer reports what jemalloc's account of that arena says.
///
/// `make` runs once elsewhere, so that metadata and lazily made globals are not in the arena, then in it. The bytes
/// that the account names must be found exactly; the account must not move while they are being found.
///
/// Tables of the whole process (the runtime's conformance cache, Foundation's interned values) grow on whatever thread
/// fills them, now and then on this one, into the arena. That only adds to the account, and not time after time: when
/// the account has more than was found, the value is built anew, twice at most.
@discardableResult
func expectExact<Value: ~Copyable>(
  unresolved: Int = 0, _ comment: Comment? = nil, sourceLocation: SourceLocation = #_sourceLocation,
  _ make: () throws -> Value
) throws -> HeapSize {
  do {
    let warm = try made(make)
    _ = try HeapSizer().size(of: warm)
  }
  var outcome = try measure(make)
  for _ in 0..<2 where outcome.expected > outcome.first.bytes || outcome.after > outcome.expected {
    outcome = try measure(make)
  }
  #expect(outcome.first.bytes == outcome.expected, comment, sourceLocation: sourceLocation)
  #expect(outcome.first.unresolvedCount == unresolved, comment, sourceLocation: sourceLocation)
  #expect(outcome.second == outcome.first, "sizing twice differs", sourceLocation: sourceLocation)
  #expect(outcome.after == outcome.expected, "sizing changed the measured arena", sourceLocation: sourceLocation)
  return outcome.first
}

private struct Outcome {
  var expected: Int
  var first: HeapSize
  var second: HeapSize
  var after: Int
}

private func measure<Value: ~Copyable>(_ make: () throws -> Value) throws -> Outcome {
  try measure(make, in: try Arena())
}

// A function of its own, so that the value is gone when its arena is retired.
@inline(never)
private func measure<Value: ~Copyable>(_ make: () throws -> Value, in arena: Arena) throws -> Outcome {
  let value = try arena.inside(make)
  let expected = try arena.bytes()
  let first = try HeapSizer().size(of: value)
  let second = try HeapSizer().size(of: value)
  let after = try arena.bytes()
  keepAlive(value)
  return Outcome(expected: expected, first: first, second: second, after: after)
}
