// SPDX-License-Identifier: Apache-2.0
import Synchronization

/// How many frozen images there are at a time: each costs the kernel a copy of the page tables and, while it lives, a
/// processor. Hundreds of trackers that take snapshots at once take turns.
enum Seats {
  private final class Seat: Sendable {
    let lock = Mutex(())
  }
  private static let seats = (0..<4).map { _ in Seat() }
  private static let next = Atomic<Int>(0)

  /// Runs `body` when a seat is free.
  static func withSeat<Result: Sendable>(_ body: () throws(SizerError) -> Result) throws(SizerError) -> Result {
    for seat in seats {
      let taken = try seat.lock.withLockIfAvailable { (_) throws(SizerError) in try body() }
      if let taken { return taken }
    }
    let seat = seats[next.wrappingAdd(1, ordering: .relaxed).oldValue & (seats.count - 1)]
    return try seat.lock.withLock { (_) throws(SizerError) in try body() }
  }
}
