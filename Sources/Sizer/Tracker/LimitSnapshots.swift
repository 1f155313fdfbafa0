// SPDX-License-Identifier: Apache-2.0
import Synchronization

/// Calls a function when a memory limit is near, on a thread of its own: once, and not again before it has rested.
final class LimitSnapshots: Sendable {
  private struct Wish {
    var millionths: UInt32
    var coolDown: Duration
    /// Until when nobody looks.
    var rest: ContinuousClock.Instant?
  }
  private let wish = Mutex<Wish?>(nil)
  /// Looked by whichever thread is the present one.
  private let watch = Mutex<LimitWatch?>(nil)
  private let looks = PeriodicSnapshots(threadName: "sizer-limit")

  /// How often the limits are looked at.
  private static let interval = Duration.milliseconds(50)

  /// Starts, or changes what was asked for. `body` gets what is in use of which limit, and answers whether
  /// to go on. False when the system refuses a thread.
  func start(
    at share: Double, coolDown: Duration, _ body: @escaping @Sendable (_ used: Int, _ limit: Int) -> Bool
  ) -> Bool {
    wish.withLock { $0 = Wish(millionths: UInt32(share * 1_000_000), coolDown: coolDown) }
    return looks.start(every: Self.interval) { [weak self] _ in self?.look(body) ?? false }
  }

  /// Returns at once; a call of the function that is under way is still finished.
  func stop() {
    wish.withLock { $0 = nil }
    looks.stop()
    watch.withLock { $0 = nil }
  }

  private func look(_ body: (Int, Int) -> Bool) -> Bool {
    guard let wish = wish.withLock(\.self) else { return false }
    if let rest = wish.rest, .now < rest { return true }
    let found = watch.withLock { watch in
      if watch == nil { watch = LimitWatch() }
      return watch?.look(millionths: wish.millionths)
    }
    guard let (used, limit) = found else { return true }
    guard body(used, limit) else { return false }
    self.wish.withLock { $0?.rest = .now + min(wish.coolDown, .seconds(1_000_000_000)) }
    return true
  }
}
