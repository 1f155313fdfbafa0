// SPDX-License-Identifier: Apache-2.0
import CSizerTesting
import Sizer
import Testing

/// Builds a value in an arena of its own and demands that HeapSizer reports what jemalloc's account of that arena says.
///
/// `make` runs once elsewhere, so that metadata and lazily made globals are not in the arena, then in it. The bytes that the
/// account names must be found exactly; the account must not move while they are being found.
///
/// Tables of the whole process (the runtime's conformance cache, Foundation's interned values) grow on whatever thread fills them,
/// now and then on this one, into the arena. That only adds to the account, and not time after time: when the account has
/// more than was found, the value is built anew, twice at most.
@discardableResult
func expectExact<Value: ~Copyable>(
  unresolved: Int = 0, _ comment: Comment? = nil, sourceLocation: SourceLocation = #_sourceLocation,
  _ make: () throws -> Value
) throws -> HeapSize {
  do {
    let warm = try built(make)
    _ = try HeapSizer().size(of: warm)
  }
  var outcome = try measure(make, sourceLocation: sourceLocation)
  for _ in 0..<2 where outcome.expected > outcome.first.bytes || outcome.after > outcome.expected {
    outcome = try measure(make, sourceLocation: sourceLocation)
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

private func measure<Value: ~Copyable>(
  _ make: () throws -> Value, sourceLocation: SourceLocation
) throws -> Outcome {
  var arena: UInt32 = 0
  try #require(
    csizer_arena_create(&arena) == 0, "these tests need jemalloc: ./bootstrap", sourceLocation: sourceLocation)
  defer { csizer_arena_retire(arena) }
  return try measure(make, in: arena)
}

// A function of its own, so that the value is gone when its arena is retired.
@inline(never)
private func measure<Value: ~Copyable>(_ make: () throws -> Value, in arena: UInt32) throws -> Outcome {
  let value = try inArena(arena, make)
  let expected = try arenaBytes(arena)
  let first = try HeapSizer().size(of: value)
  let second = try HeapSizer().size(of: value)
  let after = try arenaBytes(arena)
  keepAlive(value)
  return Outcome(expected: expected, first: first, second: second, after: after)
}

private func inArena<Value: ~Copyable>(_ arena: UInt32, _ make: () throws -> Value) throws -> Value {
  var previous: UInt32 = 0
  try #require(csizer_arena_enter(arena, &previous) == 0)
  defer { csizer_arena_leave(previous) }
  return try built(make)
}

// One place for all builds: inlined into each, a closure's literals (key paths, static tables) would be made once per copy, and
// the copy that runs in the arena would make its own there.
@inline(never)
private func built<Value: ~Copyable>(_ make: () throws -> Value) throws -> Value { try make() }

/// Usable bytes of what lives in `arena`.
func arenaBytes(_ arena: UInt32) throws -> Int {
  var bytes = 0
  try #require(csizer_arena_bytes(arena, &bytes) == 0)
  return bytes
}

/// The optimiser must not end a value's life before this call. It deletes calls that do nothing: this one might do something.
@inline(never)
func keepAlive<Value: ~Copyable>(_ value: borrowing Value) {
  if number(0) != 0 { withUnsafePointer(to: value) { print($0) } }
}
