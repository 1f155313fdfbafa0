// SPDX-License-Identifier: Apache-2.0
import CSizerTesting

/// The oracle of sizes: a jemalloc arena that holds only what is made inside, and jemalloc's own account of it.
///
/// Tables of the whole process grow on whatever thread fills them, now and then into the arena: what is to be measured
/// is made once elsewhere first, and the account is read by those who compare with it, right after.
package final class Arena {
  /// The process does not run on jemalloc, or jemalloc has no room.
  package struct Refusal: Error, CustomStringConvertible {
    let number: Int32
    package var description: String { "error \(number) of jemalloc's; these tests need jemalloc: ./bootstrap" }
  }

  private let number: UInt32

  package init() throws(Refusal) {
    var made: UInt32 = 0
    try Self.check(csizer_arena_create(&made))
    number = made
  }

  /// Gives the arena back, if nothing lives in it any more: to be kept longer than what was made inside.
  deinit {
    csizer_arena_retire(number)
  }

  private static func check(_ status: Int32) throws(Refusal) {
    guard status == 0 else { throw Refusal(number: status) }
  }

  /// What `body` makes, with all that this thread allocates meanwhile here.
  package func inside<Value: ~Copyable>(_ body: () throws -> Value) throws -> Value {
    var previous: UInt32 = 0
    try Self.check(csizer_arena_enter(number, &previous))
    defer { csizer_arena_leave(previous) }
    return try made(body)
  }

  /// What `make` makes here the second time: metadata and lazily made globals belong elsewhere.
  package func make<Value>(_ make: () throws -> Value) throws -> Value {
    keepAlive(try made(make))
    return try inside(make)
  }

  /// Usable bytes of what lives here.
  package func bytes() throws -> Int {
    var bytes = 0
    try Self.check(csizer_arena_bytes(number, &bytes))
    return bytes
  }
}
