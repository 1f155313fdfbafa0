// SPDX-License-Identifier: Apache-2.0

import Glibc
import SizerProfile
import SizerReports
import Synchronization

/// Does some work and says on standard error what takes so long, if that is a terminal and it does; the line is gone
/// afterwards.
func withProgress<Result>(_ what: String, _ work: () throws -> Result) rethrows -> Result {
  try withProgress({ what }, work)
}

/// The same with a text that changes.
func withProgress<Result>(_ what: @escaping @Sendable () -> String, _ work: () throws -> Result) rethrows -> Result {
  guard Terminal.isCapable(STDERR_FILENO) else { return try work() }
  let line = ProgressLine(what)
  let clock = Task.detached { await line.show() }
  defer {
    clock.cancel()
    line.end()
  }
  return try work()
}

private final class ProgressLine: Sendable {
  private enum State {
    case hidden, shown, ended
  }

  private let what: @Sendable () -> String
  private let state = Mutex(State.hidden)

  init(_ what: @escaping @Sendable () -> String) { self.what = what }

  func show() async {
    let start = ContinuousClock.now
    while (try? await Task.sleep(for: .milliseconds(500))) != nil {
      let seconds = (ContinuousClock.now - start).components.seconds
      let text = FittedText(what(), in: Terminal.style.width - 10, keeping: .both).text
      state.withLock { state in
        // The work may have ended while this waited for the lock: nothing is written behind its back.
        guard state != .ended else { return }
        state = .shown
        StandardError.write("\r\(text) \(seconds) s\u{1B}[K")
      }
    }
  }

  func end() {
    state.withLock { state in
      if state == .shown { StandardError.write("\r\u{1B}[K") }
      state = .ended
    }
  }
}
