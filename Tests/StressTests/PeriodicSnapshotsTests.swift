// SPDX-License-Identifier: Apache-2.0
import Glibc
import Sizer
import TestSupport
import Testing

private enum Outcome: Hashable {
  case good, noChild, noMemory, other(String)

  init(_ snapshot: Snapshot) {
    self =
      switch snapshot.error {
      case nil: .good
      case let error? where error.contains("fork"): .noChild
      case let error? where error.contains("refused memory"): .noMemory
      case let error?: .other(error)
      }
  }
}

extension Stress {
  /// In processes of their own: what is refused is refused to everybody.
  @Suite struct PeriodicSnapshotsTests {
    @Test("while nothing that lives is tracked no child is made")
    func nothing() async {
      await #expect(processExitsWith: .success) {
        let tracker = ClassTracker()
        Engine.failFrozen(.fork, times: 1_000_000)
        try tracker.startPeriodicSnapshots(every: .milliseconds(1))
        #expect(eventually { tracker.statistics.snapshots.count > 20 })
        try tracker.track(class: Quiet.self, name: "quiet")
        #expect(eventually { tracker.statistics.snapshots.count { $0.classes["quiet"] != nil } > 20 })
        #expect(tracker.statistics.snapshots.allSatisfy { Outcome($0) == .good && $0.mode == .inPlace })
        // Who asks for a child is refused one.
        let quiet = try QuietSet(tracker, name: "quiet", count: 1)
        #expect(eventually { tracker.statistics.snapshots.last.map(Outcome.init) == .noChild })
        Engine.failFrozen(.fork, times: 0)
        #expect(eventually { tracker.statistics.snapshots.last.map(Outcome.init) == .good })
        quiet.expect(in: tracker.statistics.snapshots.last!)
        tracker.close()
      }
    }

    @Test("what failed is recorded among the others in the order of time, with its error, in the file too")
    func failures() async {
      await #expect(processExitsWith: .success) {
        let folder = try TemporaryFolder()
        let tracker = ClassTracker()
        let quiet = try QuietSet(tracker)
        func outcomes() -> [Outcome] { tracker.statistics.snapshots.map(Outcome.init) }
        try tracker.record(to: folder.path("periodic.sizer"))
        try tracker.startPeriodicSnapshots(every: .milliseconds(2))
        #expect(eventually { outcomes().count > 3 })
        Engine.failFrozen(.fork, times: 3)
        #expect(eventually { outcomes().count { $0 == .noChild } == 3 && outcomes().last == .good })
        Engine.failFrozen(.memory, times: 2)
        #expect(eventually { outcomes().count { $0 == .noMemory } == 2 && outcomes().last == .good })
        tracker.stopPeriodicSnapshots()
        // The one that is under way is still recorded: the file has it when this one is there.
        try tracker.createSnapshot("last")
        tracker.close()

        let snapshots = tracker.statistics.snapshots
        var runs: [(outcome: Outcome, count: Int)] = []
        for outcome in snapshots.map(Outcome.init) {
          if runs.last?.outcome == outcome { runs[runs.count - 1].count += 1 } else { runs.append((outcome, 1)) }
        }
        #expect(runs.map(\.outcome) == [.good, .noChild, .good, .noMemory, .good])
        #expect(runs.count > 3 && runs[1].count == 3 && runs[3].count == 2)
        #expect(zip(snapshots, snapshots.dropFirst()).allSatisfy { $0.timestamp < $1.timestamp })
        for snapshot in snapshots {
          if Outcome(snapshot) == .good {
            quiet.expect(in: snapshot)
          } else {
            #expect(snapshot.classes.isEmpty && snapshot.trackedBytes == 0 && snapshot.process.resident > 0)
          }
        }
        let read = try Statistics(contentsOf: folder.path("periodic.sizer")).snapshots
        #expect(read.map(\.error) == snapshots.map(\.error))
        #expect(read.map(\.timestamp) == snapshots.map(\.timestamp))
        #expect(read.map(\.trackedBytes) == snapshots.map(\.trackedBytes))
      }
    }
  }
}
