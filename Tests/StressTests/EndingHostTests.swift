// SPDX-License-Identifier: Apache-2.0
import Glibc
import Sizer
import Testing

extension Stress {
  /// Processes of their own, which end or run out of memory.
  @Suite struct EndingHostTests {
    @Test("a host that exits while a snapshot is under way leaves no orphan")
    func exits() async throws {
      let result = await #expect(processExitsWith: .success, observing: [\.standardOutputContent]) {
        _ = try beginSnapshotThatHangs()
        exit(0)
      }
      try await expectGone(named: result?.standardOutputContent)
    }

    @Test("a host that becomes another program while a snapshot is under way leaves no orphan")
    func executes() async throws {
      let result = await #expect(processExitsWith: .success, observing: [\.standardOutputContent]) {
        _ = try beginSnapshotThatHangs()
        var arguments: [UnsafeMutablePointer<CChar>?] = [strdup("true"), nil]
        execv("/bin/true", &arguments)
      }
      try await expectGone(named: result?.standardOutputContent)
    }

    @Test("a host that is killed while a snapshot is under way leaves no orphan")
    func killed() async throws {
      let result = await #expect(processExitsWith: .signal(SIGKILL), observing: [\.standardOutputContent]) {
        _ = try beginSnapshotThatHangs()
        kill(getpid(), SIGKILL)
      }
      try await expectGone(named: result?.standardOutputContent)
    }

    @Test("without a descriptor left a host gets an error or a right snapshot, and goes on")
    func descriptors() async {
      await #expect(processExitsWith: .success) {
        let tracker = ClassTracker()
        let quiet = try QuietSet(tracker)
        try tracker.createSnapshot(mode: .frozen)
        var files: [Int32] = []
        while true {
          let file = open("/dev/null", O_RDONLY | O_CLOEXEC)
          guard file >= 0 else { break }
          files.append(file)
        }
        for _ in 0..<5 {
          do {
            quiet.expect(in: try tracker.createSnapshot(mode: .frozen))
          } catch let error as SizerError {
            guard error.code == .systemRefused, error.message.contains("RLIMIT_NOFILE") else { throw error }
          }
        }
        for file in files { close(file) }
        let count = ProcessState.descriptorCount()
        quiet.expect(in: try tracker.createSnapshot(mode: .frozen))
        #expect(ProcessState.descriptorCount() == count)
        #expect(ProcessState.children().isEmpty)
      }
    }

    @Test("at its limit of memory a host gets an error, counts, or a right snapshot, and goes on")
    func limit() async {
      await #expect(processExitsWith: .success) {
        let tracker = ClassTracker()
        let quiet = try QuietSet(tracker)
        try tracker.createSnapshot(mode: .frozen)
        var limit = rlimit()
        getrlimit(__rlimit_resource_t(RLIMIT_AS.rawValue), &limit)
        let free = limit.rlim_cur
        var refusals = 0
        // Memory that the allocator keeps: what the host itself makes at its limit is served from it.
        var spare = (0..<100_000).map { [UInt8](repeating: 1, count: $0 % 500 + 1) }
        spare.removeAll()
        for room in [0, 1 << 16, 1 << 18, 1 << 20, 1 << 22, 1 << 24, 1 << 28] {
          let used = try Engine.processMemory().virtual
          limit.rlim_cur = rlim_t(used + room)
          setrlimit(__rlimit_resource_t(RLIMIT_AS.rawValue), &limit)
          do {
            for _ in 0..<3 {
              let snapshot = try tracker.createSnapshot(mode: .frozen)
              if snapshot.mode == .counts { quiet.expectCounts(in: snapshot) } else { quiet.expect(in: snapshot) }
              refusals += snapshot.mode == .counts ? 1 : 0
            }
          } catch let error as SizerError {
            guard error.code == .outOfMemory || error.code == .systemRefused else { throw error }
            refusals += 1
          }
          limit.rlim_cur = free
          setrlimit(__rlimit_resource_t(RLIMIT_AS.rawValue), &limit)
        }
        quiet.expect(in: try tracker.createSnapshot(mode: .frozen))
        guard refusals > 0 else { exit(2) }
      }
    }
  }
}

/// Starts a snapshot whose child never ends by itself, and prints the child's number.
private func beginSnapshotThatHangs() throws -> Crew {
  let tracker = ClassTracker()
  let object = Quiet(words: 10)
  try tracker.track(object, keep: true)
  Engine.failFrozen(.hang, times: 1000)
  let crew = Crew(of: 1) { _ in _ = try? tracker.createSnapshot(mode: .frozen) }
  while true {
    if let child = ProcessState.children().first(where: { $0.name == "sizer-frozen" }) {
      print("child", child.process)
      fflush(nil)
      return crew
    }
    usleep(1000)
  }
}

/// Expects that the process ends whose number was printed. Who has become its parent may leave it as a zombie.
private func expectGone(named output: [UInt8]?) async throws {
  let lines = String(decoding: output ?? [], as: UTF8.self).split(separator: "\n")
  let line = try #require(lines.first { $0.hasPrefix("child ") })
  let process = try #require(pid_t(line.dropFirst("child ".count)))
  for _ in 0..<10_000 where ProcessState.isRunning(process, named: "sizer-frozen") {
    try await Task.sleep(for: .milliseconds(1))
  }
  #expect(!ProcessState.isRunning(process, named: "sizer-frozen"))
}
