// SPDX-License-Identifier: Apache-2.0
import Foundation
import SizerProfile
import Synchronization
import TestSupport
import Testing

/// How often the handler below was called.
private let calls = Atomic(0)

/// What writing raises in the thread that writes, and what the process has to do with these signals.
@Suite struct HeldSignalsTests {
  /// Whether a signal waits for this thread or its process, and whether it is blocked here.
  private static func state(of signal: Int32) -> (isPending: Bool, isBlocked: Bool) {
    var (pending, mask) = (sigset_t(), sigset_t())
    sigpending(&pending)
    pthread_sigmask(SIG_BLOCK, nil, &mask)
    return (sigismember(&pending, signal) == 1, sigismember(&mask, signal) == 1)
  }

  @Test("writes fail by their number, and the process's handlers hear nothing")
  func writesFail() async throws {
    let folder = try Folder()
    await #expect(processExitsWith: .success) { [path = folder.path("f") as String] in
      openSignals(SIGXFSZ, SIGPIPE)
      for number in [SIGXFSZ, SIGPIPE] { signal(number) { _ in calls.add(1, ordering: .relaxed) } }
      let file = open(path, O_CREAT | O_WRONLY, 0o600)
      var limit = rlimit(rlim_cur: 10, rlim_max: 10)
      #expect(setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit) == 0)
      var ends: [Int32] = [0, 0]
      #expect(pipe(&ends) == 0)
      close(ends[0])
      let numbers = holdingSignals([SIGXFSZ, SIGPIPE]) {
        [(file, 10), (file, 1), (ends[1], 1), (file, 1)].map { target, count in
          errno = 0
          return write(target, "0123456789", count) == count ? 0 : errno
        }
      }
      #expect(numbers == [0, EFBIG, EPIPE, EFBIG])
      for number in [SIGXFSZ, SIGPIPE] { #expect(Self.state(of: number) == (false, false)) }
      #expect(calls.load(ordering: .relaxed) == 0)
      // They are what the process made of them all the while.
      #expect(write(file, "x", 1) == -1 && write(ends[1], "x", 1) == -1)
      #expect(calls.load(ordering: .relaxed) == 2)
    }
  }

  @Test("a signal that waited before goes on waiting, and one that is blocked stays so")
  func waitingSignal() async {
    await #expect(processExitsWith: .success) {
      var set = sigset_t()
      sigemptyset(&set)
      sigaddset(&set, SIGPIPE)
      pthread_sigmask(SIG_BLOCK, &set, nil)
      holdingSignals([SIGPIPE]) { _ = pthread_kill(pthread_self(), SIGPIPE) }
      #expect(Self.state(of: SIGPIPE) == (false, true))
      pthread_kill(pthread_self(), SIGPIPE)
      holdingSignals([SIGPIPE]) { _ = pthread_kill(pthread_self(), SIGPIPE) }
      #expect(Self.state(of: SIGPIPE) == (true, true))
    }
  }

  @Test("errors and error numbers come through")
  func errorsComeThrough() {
    struct Mine: Error {}
    #expect(throws: Mine.self) { try holdingSignals { throw Mine() } }
    holdingSignals { errno = ENOSPC }
    let number = errno
    #expect(number == ENOSPC)
  }
}
