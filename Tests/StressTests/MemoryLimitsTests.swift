// SPDX-License-Identifier: Apache-2.0
import Glibc
import Sizer
import Synchronization
import TestSupport
import Testing

private let mebibyte = 1 << 20

extension Stress {
  /// No limit of memory is ever reached for the sake of a snapshot: it is taken in the cheap form, and says so.
  @Suite struct MemoryLimitsTests {
    @Test("without head room a snapshot has counts and own bytes, says so, and leaves all sizes as they were")
    func cheapForm() async {
      await #expect(processExitsWith: .success) {
        let limits = try MadeLimits(room: 1 << 39)
        let tracker = ClassTracker()
        let quiet = try QuietSet(tracker)
        let frozen = try tracker.createSnapshot("frozen", mode: .frozen)
        #expect(frozen.mode == .frozen)
        quiet.expect(in: frozen)
        let before = tracker.statistics.objects.map(\.records)
        try limits.leave(mebibyte)
        for mode in [SnapshotMode.frozen, .automatic] {
          let crew = Crew(of: 2) { _ in usleep(1000) }  // with one thread it would be taken in place
          let cheap = try tracker.createSnapshot("cheap", mode: mode)
          crew.stop()
          quiet.expectCounts(in: cheap)
          #expect(cheap.error?.contains("cgroup's memory limit leaves 1.0 MiB") == true, "\(cheap.error ?? "")")
        }
        #expect(tracker.statistics.objects.map(\.records) == before)
        #expect(tracker.statistics.objects.allSatisfy { $0.records.count == 1 })
        try limits.leave(1 << 39)
        quiet.expect(in: try tracker.createSnapshot("frozen again", mode: .frozen))
        try expectToldEverywhere(tracker.statistics)
      }
    }

    @Test("counts alone may be asked for, and cost neither fork nor walk")
    func askedFor() async {
      await #expect(processExitsWith: .success) {
        let tracker = ClassTracker()
        let quiet = try QuietSet(tracker)
        Engine.failFrozen(.fork, times: 1)
        quiet.expectCounts(in: try tracker.createSnapshot(mode: .counts))
        #expect(throws: SizerError.self) { try tracker.createSnapshot(mode: .frozen) }  // it still waited
      }
    }

    @Test("a kill that takes the whole group along needs more room")
    func together() async {
      await #expect(processExitsWith: .success) {
        let heap = Heap(mebibytes: 100)
        // What all threads of a machine with any number of processors could copy: more than the heap.
        let crew = Crew(of: 8) { _ in usleep(1000) }
        defer { crew.stop() }
        let tracker = ClassTracker()
        let quiet = try QuietSet(tracker)
        let alone = try MadeLimits(room: 70 * mebibyte)
        #expect(try tracker.createSnapshot(mode: .frozen).mode == (ProcessState.processors <= 3 ? .frozen : .counts))
        withExtendedLifetime(alone) {}
        let together = try MadeLimits(room: 70 * mebibyte, isTogether: true)
        quiet.expectCounts(in: try tracker.createSnapshot(mode: .frozen))
        withExtendedLifetime((heap, together)) {}
      }
    }

    @Test("a child is ended before the limit is reached, and the snapshot is taken in the cheap form")
    func watched() async {
      await #expect(processExitsWith: .success) {
        let limits = try MadeLimits(room: 1 << 39)
        // Who only waited would be told that the child was stuck.
        Engine.patience.store(60_000_000_000, ordering: .relaxed)
        try expectNothingLeft {
          let tracker = ClassTracker()
          let quiet = try QuietSet(tracker)
          for round in 0..<5 {
            try limits.leave(1 << 39)
            Engine.failFrozen(.hang, times: 1)
            let taker = Crew(of: 1) { _ in
              if ProcessState.frozenChildren().isEmpty {
                usleep(1000)
                return
              }
              usleep(UInt32(round) * 3000)
              try? limits.leave(round * 1000)
            }
            let snapshot = try tracker.createSnapshot(mode: .frozen)
            taker.stop()
            quiet.expectCounts(in: snapshot)
            #expect(snapshot.error?.contains("the child was ended at") == true, "\(snapshot.error ?? "")")
            #expect(ProcessState.frozenChildren().isEmpty)
          }
          try limits.leave(1 << 39)
          quiet.expect(in: try tracker.createSnapshot(mode: .frozen))
        }
      }
    }

    @Test("after the kernel has killed a child for memory none is made any more")
    func killed() async {
      await #expect(processExitsWith: .success) {
        let limits = try MadeLimits(room: 1 << 39)
        let tracker = ClassTracker()
        let quiet = try QuietSet(tracker)
        Engine.failFrozen(.hang, times: 1)
        let kernel = Crew(of: 1) { _ in
          guard let child = ProcessState.frozenChildren().first else {
            usleep(1000)
            return
          }
          try? limits.countKills(1)
          kill(child, SIGKILL)
        }
        let snapshot = try tracker.createSnapshot(mode: .frozen)
        kernel.stop()
        quiet.expectCounts(in: snapshot)
        #expect(snapshot.error?.contains("killed an image's child for memory") == true, "\(snapshot.error ?? "")")
        // A fork would be refused: nobody tries.
        Engine.failFrozen(.fork, times: 1)
        for _ in 0..<3 {
          let next = try tracker.createSnapshot(mode: .frozen)
          quiet.expectCounts(in: next)
          #expect(next.error == snapshot.error)
        }
        let other = ClassTracker()
        try other.track(quiet.objects[0])
        #expect(try other.createSnapshot(mode: .frozen).mode == .counts)
      }
    }

    @Test("a fork that the kernel refuses for want of memory is no error")
    func wrongDeltas() async {
      await #expect(processExitsWith: .success) {
        let tracker = ClassTracker()
        let quiet = try QuietSet(tracker)
        Engine.failFrozen(.noRoom, times: 1)
        let snapshot = try tracker.createSnapshot(mode: .frozen)
        quiet.expectCounts(in: snapshot)
        #expect(snapshot.error == "the kernel refused memory for an image")
        quiet.expect(in: try tracker.createSnapshot(mode: .frozen))
      }
    }

    @Test("below a limit of addresses the host keeps what is left for itself")
    func addresses() async {
      await #expect(processExitsWith: .success) {
        let tracker = ClassTracker()
        let quiet = try QuietSet(tracker)
        quiet.expect(in: try tracker.createSnapshot(mode: .frozen))
        var limit = rlimit(rlim_cur: 0, rlim_max: .max)
        limit.rlim_cur = rlim_t(try tracker.createSnapshot(mode: .counts).process.virtual + 10 * mebibyte)
        try #require(setrlimit(__rlimit_resource_t(RLIMIT_AS.rawValue), &limit) == 0)
        let snapshot = try tracker.createSnapshot(mode: .frozen)
        quiet.expectCounts(in: snapshot)
        #expect(snapshot.error?.contains("memory limit RLIMIT_AS") == true, "\(snapshot.error ?? "")")
      }
    }

    /// A heap of 100 MiB that threads write all the time, in a group of so many MiB: what comes of snapshots.
    private static func takeSnapshots(in group: String?, limit: Int, rounds: Int) throws -> [SnapshotMode: Int] {
      if let group { try #require(MemoryGroup(path: group).enter()) }
      let made = group == nil ? try MadeLimits(room: (limit - 110) * mebibyte, isTogether: true) : nil
      let heap = Heap(mebibytes: 100)
      let crew = Crew(of: 4) { heap.write($0) }
      defer { crew.stop() }
      let tracker = ClassTracker()
      let quiet = try QuietSet(tracker, count: 20_000)
      var modes: [SnapshotMode: Int] = [:]
      for _ in 0..<rounds {
        let snapshot = try tracker.createSnapshot(mode: .frozen)
        modes[snapshot.mode, default: 0] += 1
        if snapshot.mode == .counts { quiet.expectCounts(in: snapshot) } else { quiet.expect(in: snapshot) }
      }
      withExtendedLifetime(made) {}
      return modes
    }

    @Test("a heap of 100 MB in a group of 138 lives on, whatever it writes")
    func tightGroup() async throws {
      let group = MemoryGroup.make(limit: 138 * mebibyte)
      await #expect(processExitsWith: .success) { [path = group?.path as String?] in
        let modes = try MemoryLimitsTests.takeSnapshots(in: path, limit: 138, rounds: 30)
        #expect(modes == [.counts: 30])
      }
      if let group {
        #expect(group.kills == 0)
        #expect(group.remove())
      }
    }

    @Test("a group that has hardly enough room kills nobody")
    func narrowGroup() async throws {
      let group = MemoryGroup.make(limit: 210 * mebibyte)
      await #expect(processExitsWith: .success) { [path = group?.path as String?] in
        let modes = try MemoryLimitsTests.takeSnapshots(in: path, limit: 210, rounds: 30)
        #expect(modes.values.reduce(0, +) == 30)
      }
      if let group {
        #expect(group.kills == 0)
        #expect(group.remove())
      }
    }

    @Test("a group with enough room gets its frozen images")
    func wideGroup() async throws {
      let group = MemoryGroup.make(limit: 1000 * mebibyte)
      await #expect(processExitsWith: .success) { [path = group?.path as String?] in
        let modes = try MemoryLimitsTests.takeSnapshots(in: path, limit: 1000, rounds: 10)
        #expect(modes == [.frozen: 10])
      }
      if let group {
        #expect(group.kills == 0)
        #expect(group.remove())
      }
    }
  }
}

/// Pages that threads write without end.
private final class Heap: Sendable {
  // unsafe: threads only ever write bytes that nobody reads.
  private nonisolated(unsafe) let pages: UnsafeMutableRawBufferPointer
  private let page = Int(sysconf(Int32(_SC_PAGESIZE)))

  init(mebibytes: Int) {
    pages = .allocate(byteCount: mebibytes << 20, alignment: page)
    pages.initializeMemory(as: UInt8.self, repeating: 1)
  }

  deinit { pages.deallocate() }

  /// A thousand pages somewhere.
  func write(_ step: Int) {
    for next in 0..<1000 {
      pages[(step &* 7919 &+ next) % (pages.count / page) * page] = UInt8(truncatingIfNeeded: step)
    }
  }
}

/// The counts of the text, of the file and of the values are the same, and are called what they are.
private func expectToldEverywhere(_ statistics: Statistics) throws {
  var summary = ""
  statistics.printSummary(to: &summary)
  #expect(summary.contains("counts: 2 of 4 snapshots have counts and own bytes only, the first for\n"))
  #expect(summary.contains("  the cgroup's memory limit leaves 1.0 MiB, an image may cost "))
  #expect(!summary.contains("failed:"))
  let folder = try TemporaryFolder()
  try statistics.write(to: folder.path("counts.sizer"))
  let read = try Statistics(contentsOf: folder.path("counts.sizer"))
  #expect(read.snapshots == statistics.snapshots)
  #expect(read.snapshots.map(\.mode) == [.frozen, .counts, .counts, .frozen])
}
