// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Gives the terminal back when this program crashes, and lets it crash then.
enum CrashGuard {
  private struct State {
    var isArmed = false
    var modes = termios()
    var output: Int32 = -1
    var leaving: StaticString = ""
    /// Who took the signals before; not for the handler.
    var before: [sigaction] = []
  }

  private static let signals = [SIGABRT, SIGBUS, SIGFPE, SIGILL, SIGSEGV, SIGTRAP]

  // Never freed, and changed by one thread only, while no handler is there: a handler that runs on any thread can read
  // it without a lock, which it must not take.
  nonisolated(unsafe) private static let state: UnsafeMutablePointer<State> = {
    let state = UnsafeMutablePointer<State>.allocate(capacity: 1)
    state.initialize(to: State())
    return state
  }()

  /// From now on the terminal gets these modes, and `output` this text, before the program ends by a fault.
  static func arm(_ modes: termios, output: Int32, _ leaving: StaticString) {
    state.pointee = State(isArmed: true, modes: modes, output: output, leaving: leaving)
    var action = sigaction()
    action.__sigaction_handler.sa_handler = { number in
      CrashGuard.restore()
      // By now it has its default action again.
      raise(number)
    }
    action.sa_flags = Int32(bitPattern: UInt32(SA_RESETHAND)) | SA_NODEFER
    state.pointee.before = signals.map { signal in
      var before = sigaction()
      sigaction(signal, &action, &before)
      return before
    }
  }

  static func disarm() {
    for (signal, action) in zip(signals, state.pointee.before) {
      var action = action
      sigaction(signal, &action, nil)
    }
    state.pointee.isArmed = false
  }

  /// Only what signal-safety(7) lists.
  private static func restore() {
    guard state.pointee.isArmed else { return }
    state.pointee.isArmed = false
    _ = write(state.pointee.output, state.pointee.leaving.utf8Start, state.pointee.leaving.utf8CodeUnitCount)
    tcsetattr(STDIN_FILENO, TCSANOW, &state.pointee.modes)
  }
}
