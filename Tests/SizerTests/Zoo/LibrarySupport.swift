// SPDX-License-Identifier: Apache-2.0
import Sizer
import TestSupport
import Testing

/// Puts any value, noncopyable ones too, into a field of a heap object.
final class Held<Value: ~Copyable> {
  let value: Value
  @inline(never)
  init(_ value: consuming Value) { self.value = value }
}

/// `count` bytes that no type metadata describes, made at run time.
@inline(never)
func bytes(_ count: Int) -> [UInt8] { [UInt8](repeating: 7, count: number(count)) }

/// As the oracle, for objects that also refer to what their library made once for all: a first object made outside the
/// arena takes the blame for that, and what the second one adds must be the arena's bytes.
@discardableResult
func expectExactBesideAnother(
  unresolved: ClosedRange<Int> = 0...0, sourceLocation: SourceLocation = #_sourceLocation,
  _ make: () throws -> AnyObject
) throws -> HeapSize {
  let another = try make()
  let arena = try Arena()
  let object = try arena.inside(make)
  let expected = try arena.bytes()
  let size = try HeapSizer().sizes(of: [another, object])[1]
  #expect(size.bytes == expected, sourceLocation: sourceLocation)
  #expect(unresolved.contains(size.unresolvedCount), sourceLocation: sourceLocation)
  #expect(try arena.bytes() == expected, "sizing changed the measured arena", sourceLocation: sourceLocation)
  keepAlive((another, object))
  return size
}

/// As the oracle, for what chance has a say in: two keys that collide are compared, and what the comparison makes once
/// for all (conformances, bridges) would be in the arena. So `make` runs until that has surely happened.
@discardableResult
func expectExactDespiteChance<Value>(
  sourceLocation: SourceLocation = #_sourceLocation, _ make: () throws -> Value
) throws -> HeapSize {
  for _ in 0..<64 { keepAlive(try make()) }
  return try expectExactAndSome(sourceLocation: sourceLocation, make)
}
