// SPDX-License-Identifier: Apache-2.0
import CSizerTesting
import Shapes
import Sizer
import Testing

private final class Holder {
  let text: shapes.Text
  let numbers: shapes.Numbers
  init(_ length: Int, _ count: Int) {
    text = shapes.text(length)
    numbers = shapes.numbers(count)
  }
}

private final class Box<Value> {
  let value: Value
  init(_ value: Value) { self.value = value }
}

private struct Row {
  let name = String(repeating: "z", count: 40 + zero)
  let numbers = shapes.numbers(100)
}

private enum Choice {
  case numbers(shapes.Numbers)
  case text(shapes.Text)
}

/// Zero, which only the running program knows.
private let zero = CommandLine.arguments.count / 1_000_000

/// What is said of a value, and what jemalloc says of the arena that it was made in.
private func measured<Value>(_ make: () throws -> Value) throws -> (size: HeapSize, truth: Int) {
  _ = try HeapSizer().size(of: try make())  // metadata and globals are made elsewhere
  var arena: UInt32 = 0
  var previous: UInt32 = 0
  try #require(csizer_arena_create(&arena) == 0, "these tests need jemalloc: ./bootstrap")
  try #require(csizer_arena_enter(arena, &previous) == 0)
  let made = Result(catching: make)
  csizer_arena_leave(previous)
  let value = try made.get()
  var truth = 0
  try #require(csizer_arena_bytes(arena, &truth) == 0)
  let size = try HeapSizer().size(of: value)
  withExtendedLifetime(value) {}
  return (size, truth)
}

/// All of it was found, and nothing is in doubt.
private func expectExact<Value>(
  sourceLocation: SourceLocation = #_sourceLocation, _ make: () throws -> Value
) throws {
  let (size, truth) = try measured(make)
  #expect(size.isExact && size.bytes == truth, sourceLocation: sourceLocation)
}

/// What is not an estimate is there, and no less than `swiftBytes`, which Swift's metadata tell; that there is more is
/// said.
private func expectDoubt<Value>(
  _ swiftBytes: Int, sourceLocation: SourceLocation = #_sourceLocation, _ make: () throws -> Value
) throws {
  let (size, truth) = try measured(make)
  #expect(size.unresolvedCount > 0 && !size.isExact, sourceLocation: sourceLocation)
  #expect(size.bytes - size.estimatedBytes >= swiftBytes, sourceLocation: sourceLocation)
  // Words of C++ may look like references: what they would lead to is estimate, however much it is.
  #expect(size.bytes - size.estimatedBytes <= truth, sourceLocation: sourceLocation)
  #expect(truth > swiftBytes, "the shape has no heap of C++", sourceLocation: sourceLocation)
}

@Suite("Values and objects of C++")
struct Interoperation {
  @Test("what is only bits is exact, alone and in a class")
  func bits() throws {
    try expectExact { shapes.Point() }
    try expectExact { Box(shapes.Point()) }
    try expectExact { (0..<100 + zero).map { _ in shapes.Point() } }
  }

  @Test("strings, vectors and shared pointers are in doubt, in whatever holds them")
  func values() throws {
    try expectDoubt(0) { shapes.text(1_000) }
    try expectDoubt(0) { shapes.numbers(1_000) }
    try expectDoubt(0) { shapes.shared() }
    // A header, a string of 32 bytes and a vector of 24, in a block of 80.
    try expectDoubt(80) { Holder(500, 250) }
    try expectDoubt(48) { Box(shapes.numbers(250)) }
    try expectDoubt(0) { Optional(shapes.numbers(250)) }
    try expectDoubt(0) { Choice.numbers(shapes.numbers(250)) }
    try expectDoubt(0) { Choice.text(shapes.text(250)) }
    try expectDoubt(48) { Box(Optional(shapes.numbers(250))) }
    try expectDoubt(32 + 10 * 24) { (0..<10 + zero).map { _ in shapes.numbers(250) } }
    // The string of Swift's in the same struct keeps its words.
    try expectDoubt(80) { Row() }
    try expectDoubt(48) { () -> () -> Int in
      let numbers = shapes.numbers(250)
      return { numbers.count }
    }
  }

  @Test("a class of C++ with a destructor is in doubt, and a short string is no proof")
  func classes() throws {
    try expectDoubt(0) { shapes.Buffer(1_000) }
    try expectDoubt(32) { Box(shapes.Buffer(1_000)) }
    let (size, truth) = try measured { Box(shapes.text(3)) }
    #expect(!size.isExact && size.bytes == truth)
  }

  @Test("an object that C++ counts is in doubt, and its block an estimate")
  func references() throws {
    try expectDoubt(0) { shapes.Session.make(2_000) }
    try expectDoubt(32) { Box(shapes.Session.make(2_000)) }
    let (size, _) = try measured { Box(shapes.Session.make(2_000)) }
    #expect(size.estimatedBytes > 0 && size.bytes - size.estimatedBytes == 32)
    try expectDoubt(48) { (0..<2 + zero).map { _ in shapes.Session.make(2_000) } }
  }
}
