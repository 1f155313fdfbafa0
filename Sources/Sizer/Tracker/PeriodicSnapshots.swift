// SPDX-License-Identifier: Apache-2.0
import Synchronization

/// Calls a function at regular times on a thread of its own, until it is stopped or the function says so.
///
/// The times are multiples of the interval after the start, whatever the function takes; those that were missed are
/// left out, and those that come too soon after a long call. Starting again while it runs changes the interval and the
/// rest only.
package final class PeriodicSnapshots: Sendable {
  private struct State {
    /// Which of the threads that were ever started is the present one; 0: none. An old one sees that it is not meant
    /// any more.
    var current = 0
    var lastStarted = 0
    /// How often the function was called, by all threads together.
    var calls = 0
    /// Signals the present thread alone: one wakeup for all would be heard by one of them, perhaps by one that is to
    /// end.
    var wakeup: Wakeup?
    var interval: Duration = .zero
    var rest = 0
    var next: ContinuousClock.Instant = .now
  }
  private let state = Mutex(State())
  private let threadName: String

  package init(threadName: String = "sizer-snapshots") {
    self.threadName = threadName
  }

  /// Whether a thread runs.
  var isRunning: Bool { state.withLock { $0.current != 0 } }

  /// Starts, or changes the interval. `body` gets the number of the call, from 1 on and never the same one twice, and
  /// answers whether to go on. After each call it rests for at least `rest` times as long as that took. False when the
  /// system refuses a thread.
  package func start(
    every interval: Duration, resting rest: Int = 0, _ body: @escaping @Sendable (_ number: Int) -> Bool
  ) -> Bool {
    // Sums and quotients of times stay in their range.
    let interval = min(max(interval, .nanoseconds(1)), .seconds(1_000_000_000))
    let (run, wakeup): (Int?, Wakeup) = state.withLock { state in
      (state.interval, state.rest) = (interval, rest)
      state.next = .now + interval
      if let wakeup = state.wakeup { return (nil, wakeup) }
      let wakeup = Wakeup()
      state.lastStarted += 1
      state.current = state.lastStarted
      state.wakeup = wakeup
      return (state.current, wakeup)
    }
    guard let run else {
      wakeup.signal()
      return true
    }
    if wakeup.isUsable, Engine.startThread(named: threadName, { self.loop(run, wakeup, body) }) { return true }
    end(run)
    return false
  }

  /// Returns at once; a call of the function that is under way is still finished.
  package func stop() {
    let wakeup = state.withLock { state in
      defer { (state.current, state.wakeup) = (0, nil) }
      return state.wakeup
    }
    wakeup?.signal()
  }

  private func end(_ run: Int) {
    state.withLock { state in
      if state.current == run { (state.current, state.wakeup) = (0, nil) }
    }
  }

  private func loop(_ run: Int, _ wakeup: Wakeup, _ body: (Int) -> Bool) {
    while let next = state.withLock({ $0.current == run ? $0.next : nil }) {
      let rest = next - .now
      if rest > .zero {
        wakeup.wait(atMost: rest)
        continue
      }
      let number = state.withLock { state in
        state.calls += 1
        return state.calls
      }
      let start = ContinuousClock.now
      guard body(number) else { return end(run) }
      state.withLock { state in
        guard state.next == next else { return }  // it was started again meanwhile
        let now = ContinuousClock.now
        let missed = max(0, Int((now - next + (now - start) * state.rest) / state.interval))
        state.next = next + state.interval * (missed + 1)
      }
    }
  }
}
