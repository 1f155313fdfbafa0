// SPDX-License-Identifier: Apache-2.0

import Glibc
import Synchronization

/// A pipe that wakes who waits in poll(2): for answers, and for signals, which are taken as long as this lives. One at
/// a time in the process.
final class Wakeup: Sendable {
  enum Event: Sendable, Hashable {
    case answer
    case signal(Int32)
  }

  /// Those that ask to end, to stop, or to look at the screen anew.
  private static let signals = [SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGTSTP, SIGCONT, SIGWINCH]

  /// To be waited for, until there is something to read.
  let reader: Int32
  private let writer: Int32
  private let before: [sigaction]

  init() throws {
    var ends: [Int32] = [-1, -1]
    guard pipe(&ends) == 0 else {
      throw Failure(message: "no pipe can be made: \(String(cString: strerror(errno))); close some files")
    }
    for end in ends {
      _ = fcntl(end, F_SETFD, FD_CLOEXEC)
      // A handler must never wait, nor does who reads all that there is.
      _ = fcntl(end, F_SETFL, O_NONBLOCK)
    }
    (reader, writer) = (ends[0], ends[1])
    signalWriter.store(writer, ordering: .sequentiallyConsistent)
    before = Self.signals.map { Self.replaced($0, handling()) }
    var taken = sigset_t()
    sigemptyset(&taken)
    for (signal, action) in zip(Self.signals, before) {
      // What our parent had us ignore, as nohup(1) does with SIGHUP, stays so.
      if Self.isIgnoring(action) { _ = Self.replaced(signal, action) } else { sigaddset(&taken, signal) }
    }
    // And what it had blocked, would never come.
    pthread_sigmask(SIG_UNBLOCK, &taken, nil)
  }

  deinit {
    for (signal, action) in zip(Self.signals, before) { _ = Self.replaced(signal, action) }
    signalWriter.store(-1, ordering: .sequentiallyConsistent)
    close(reader)
    close(writer)
  }

  /// May be called by any thread.
  func tell(_ event: Event) {
    var byte: UInt8 = 0
    if case .signal(let number) = event { byte = UInt8(truncatingIfNeeded: number) }
    // When the pipe is full, whoever reads is awake.
    _ = write(writer, &byte, 1)
  }

  /// What happened since the last call.
  func takeEvents() -> [Event] {
    var bytes = [UInt8](repeating: 0, count: 256)
    let count = read(reader, &bytes, bytes.count)
    return bytes.prefix(max(0, count)).map { $0 == 0 ? .answer : .signal(Int32($0)) }
  }

  /// Does to this process what the signal does to one that takes none of them: ends or stops it. Returns when it goes
  /// on.
  func obey(_ signal: Int32) {
    var action = sigaction()
    action.__sigaction_handler.sa_handler = SIG_DFL
    let handler = Self.replaced(signal, action)
    raise(signal)
    _ = Self.replaced(signal, handler)
  }

  private static func isIgnoring(_ action: sigaction) -> Bool {
    // The constant is a number that was made a function, of which Swift only compares the bits.
    unsafeBitCast(action.__sigaction_handler.sa_handler, to: Int.self) == unsafeBitCast(SIG_IGN, to: Int.self)
  }

  private static func replaced(_ signal: Int32, _ action: sigaction) -> sigaction {
    var (action, before) = (action, sigaction())
    sigaction(signal, &action, &before)
    return before
  }
}

/// Where the handler writes to.
private let signalWriter = Atomic<Int32>(-1)

private func handling() -> sigaction {
  var action = sigaction()
  action.__sigaction_handler.sa_handler = { number in
    let error = errno
    var byte = UInt8(truncatingIfNeeded: number)
    _ = write(signalWriter.load(ordering: .sequentiallyConsistent), &byte, 1)
    errno = error
  }
  action.sa_flags = SA_RESTART
  return action
}
