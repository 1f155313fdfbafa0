// SPDX-License-Identifier: Apache-2.0
import Sizer
import TestSupport
import Testing

/// What is said of a value, and what the allocator says went when the value did.
struct Measure {
  /// What Sizer says.
  var size: HeapSize
  /// All that was allocated for it, and lived when it was sized.
  var made: Int
  /// The bytes that the value's last reference freed, of all that was made with it.
  var freed: Int
}

/// Makes a value in an arena of its own, sizes it, and lets it go: what that frees is what the value owned, whatever
/// the library keeps for itself besides.
///
/// `make` runs once elsewhere, so that metadata, globals and the library's own tables are there.
func measured<Value>(_ make: () throws -> Value) throws -> Measure {
  do { _ = try HeapSizer().size(of: try made(make)) }
  let arena = try Arena()
  var value: Value? = try arena.inside(make)
  let before = try arena.bytes()
  let size = try HeapSizer().size(of: value!)
  let settled = try arena.bytes()
  #expect(settled == before, "sizing changed the measured arena")
  value = nil
  return Measure(size: size, made: settled, freed: settled - (try arena.bytes()))
}

/// All that the value owns was found.
func expectExact<Value>(
  _ comment: Comment? = nil, sourceLocation: SourceLocation = #_sourceLocation, _ make: () throws -> Value
) throws {
  let measure = try measured(make)
  #expect(measure.size.isExact, comment, sourceLocation: sourceLocation)
  #expect(measure.size.bytes == measure.freed, comment, sourceLocation: sourceLocation)
}

/// What is not found is said not to be: a C or C++ library's memory hangs below. Not all of that goes with the value.
func expectForeign<Value>(
  atLeast known: Int, _ comment: Comment? = nil, sourceLocation: SourceLocation = #_sourceLocation,
  _ make: () throws -> Value
) throws {
  let measure = try measured(make)
  #expect(measure.size.unresolvedCount > 0, comment, sourceLocation: sourceLocation)
  #expect(
    measure.size.bytes >= known && measure.size.bytes <= measure.made, "\(measure)", sourceLocation: sourceLocation)
}
