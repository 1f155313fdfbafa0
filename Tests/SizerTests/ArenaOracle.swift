// SPDX-License-Identifier: Apache-2.0
import CSizerTesting
import Sizer
import Testing

/// Builds a value in an arena of its own and demands that HeapSizer reports what jemalloc's account of that arena says.
///
/// `make` runs twice: once elsewhere, so that metadata and lazily made globals are not in the arena, then in it. The bytes
/// that the account names must be found exactly; the account must not move while they are being found.
@discardableResult
func expectExact<Value: ~Copyable>(
  unresolved: Int = 0, _ comment: Comment? = nil, sourceLocation: SourceLocation = #_sourceLocation,
  _ make: () throws -> Value
) throws -> HeapSize {
  do {
    let warm = try make()
    _ = try HeapSizer().size(of: warm)
  }
  var arena: UInt32 = 0
  try #require(
    csizer_arena_create(&arena) == 0, "these tests need jemalloc: ./bootstrap", sourceLocation: sourceLocation)
  defer { csizer_arena_retire(arena) }
  return try measure(in: arena, unresolved: unresolved, comment, sourceLocation: sourceLocation, make)
}

// A function of its own, so that the value is gone when its arena is retired.
private func measure<Value: ~Copyable>(
  in arena: UInt32, unresolved: Int, _ comment: Comment?, sourceLocation: SourceLocation, _ make: () throws -> Value
) throws -> HeapSize {
  let value = try inArena(arena, make)
  let expected = try arenaBytes(arena)
  let first = try HeapSizer().size(of: value)
  let second = try HeapSizer().size(of: value)
  let after = try arenaBytes(arena)
  #expect(first.bytes == expected, comment, sourceLocation: sourceLocation)
  #expect(first.unresolvedCount == unresolved, comment, sourceLocation: sourceLocation)
  #expect(second == first, "sizing twice differs", sourceLocation: sourceLocation)
  #expect(after == expected, "sizing changed the measured arena", sourceLocation: sourceLocation)
  keepAlive(value)
  return first
}

private func inArena<Value: ~Copyable>(_ arena: UInt32, _ make: () throws -> Value) throws -> Value {
  var previous: UInt32 = 0
  try #require(csizer_arena_enter(arena, &previous) == 0)
  defer { csizer_arena_leave(previous) }
  return try make()
}

/// Usable bytes of what lives in `arena`.
func arenaBytes(_ arena: UInt32) throws -> Int {
  var bytes = 0
  try #require(csizer_arena_bytes(arena, &bytes) == 0)
  return bytes
}

/// The optimiser must not end a value's life before this call.
@inline(never)
func keepAlive<Value: ~Copyable>(_ value: borrowing Value) {}
