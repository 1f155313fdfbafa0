// SPDX-License-Identifier: Apache-2.0
import Glibc
import Sizer
import Synchronization
import Testing

private let childSignals = Atomic<Int>(0)

extension Stress {
  /// The host has signals, children and descriptors of its own, and sees nothing of ours.
  @Suite struct UndisturbedHostTests {
    private func withSignal(_ handler: @escaping __sighandler_t, _ body: () throws -> Void) rethrows {
      let before = signal(SIGCHLD, handler)
      defer { signal(SIGCHLD, before) }
      try body()
    }

    @Test("a host's handler of SIGCHLD is never called for a snapshot")
    func signals() throws {
      try expectNothingLeft {
        let tracker = ClassTracker()
        let quiet = try QuietSet(tracker)
        childSignals.store(0, ordering: .relaxed)
        try withSignal({ _ in childSignals.add(1, ordering: .relaxed) }) {
          try Stress.repeating(share: 0.02) { quiet.expect(in: try tracker.createSnapshot(mode: .frozen)) }
        }
        #expect(childSignals.load(ordering: .relaxed) == 0)
      }
    }

    @Test("a host that ignores SIGCHLD gets its snapshots, and no child stays")
    func ignored() throws {
      try expectNothingLeft {
        let tracker = ClassTracker()
        let quiet = try QuietSet(tracker)
        try withSignal(SIG_IGN) {
          try Stress.repeating(share: 0.02) { quiet.expect(in: try tracker.createSnapshot(mode: .frozen)) }
        }
      }
    }

    @Test("a host that waits for any child sees only its own, and forks and spawns meanwhile")
    func children() throws {
      try expectNothingLeft {
        let tracker = ClassTracker()
        let quiet = try QuietSet(tracker)
        let own = Mutex<Set<pid_t>>([])
        let foreign = Atomic<Int>(0)
        let reaped = Atomic<Int>(0)
        let parent = Crew(of: 1) { step in
          own.withLock { own in
            var process = pid_t()
            if step % 2 == 0 {
              process = forkAndLeave()
            } else {
              var arguments: [UnsafeMutablePointer<CChar>?] = [strdup("true"), nil]
              defer { free(arguments[0]) }
              if posix_spawn(&process, "/bin/true", nil, nil, &arguments, nil) != 0 { return }
            }
            if process > 0 { own.insert(process) }
          }
          usleep(2000)
        }
        let waiter = Crew(of: 2) { _ in
          let process = waitpid(-1, nil, WNOHANG)
          guard process > 0 else {
            usleep(500)
            return
          }
          let isOwn = own.withLock { $0.remove(process) != nil }
          if isOwn { reaped.add(1, ordering: .relaxed) } else { foreign.add(1, ordering: .relaxed) }
        }
        try Stress.repeating(share: 0.06) { quiet.expect(in: try tracker.createSnapshot(mode: .frozen)) }
        parent.stop()
        while own.withLock({ !$0.isEmpty }) { usleep(1000) }
        waiter.stop()
        #expect(foreign.load(ordering: .relaxed) == 0)
        #expect(reaped.load(ordering: .relaxed) > 0)
      }
    }

    @Test("a host that waits for children of every kind may take ours, and the snapshot is an answer all the same")
    func allKinds() throws {
      try expectNothingLeft {
        let tracker = ClassTracker()
        let quiet = try QuietSet(tracker)
        let waiter = Crew(of: 1) { _ in
          if waitpid(-1, nil, WNOHANG | __WALL) <= 0 { usleep(100) }
        }
        defer { waiter.stop() }
        try Stress.repeating(share: 0.03) { quiet.expect(in: try tracker.createSnapshot(mode: .frozen)) }
      }
    }
  }
}
