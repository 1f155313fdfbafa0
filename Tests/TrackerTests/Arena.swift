// SPDX-License-Identifier: Apache-2.0
import CSizerTesting
import Testing

/// The oracle of sizes: a jemalloc arena that holds only what `make` allocates, and jemalloc's own account of it.
///
/// Tables of the whole process grow on whatever thread fills them, now and then into the arena: `make` is run once elsewhere first, and the
/// account is read by those who compare with it, right after.
final class Arena {
  private let number: UInt32

  init() throws {
    var made: UInt32 = 0
    try #require(csizer_arena_create(&made) == 0, "these tests need jemalloc: ./bootstrap")
    number = made
  }

  deinit {
    csizer_arena_retire(number)
  }

  /// What `make` made here. The second time, for metadata and lazily made globals belong elsewhere.
  func make<Value>(_ make: () throws -> Value) throws -> Value {
    keepAlive(try made(make))
    var previous: UInt32 = 0
    try #require(csizer_arena_enter(number, &previous) == 0)
    defer { csizer_arena_leave(previous) }
    return try made(make)
  }

  /// Usable bytes of what lives here.
  func bytes() throws -> Int {
    var bytes = 0
    try #require(csizer_arena_bytes(number, &bytes) == 0)
    return bytes
  }
}
