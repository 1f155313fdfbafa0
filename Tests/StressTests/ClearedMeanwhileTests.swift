// SPDX-License-Identifier: Apache-2.0
import Glibc
import Sizer
import Synchronization
import Testing

extension Stress {
  /// What the tracker's owner does while a frozen snapshot is under way.
  @Suite struct ClearedMeanwhileTests {
    /// One that was under way when its tracker was closed is finished on the tracker's thread.
    private func waitForSnapshotsUnderWay() {
      let end = ContinuousClock.now + .seconds(30)
      while !ProcessState.frozenChildren().isEmpty, ContinuousClock.now < end { usleep(1000) }
    }

    @Test("clearing and detaching during snapshots forgets all or nothing")
    func cleared() throws {
      try expectNothingLeft {
        let tracker = ClassTracker()
        try tracker.track(class: Cell.self, name: "cell")
        let crew = Crew(of: 4, prepare: { _ in CellRow() }, work: { $0.work($1) })
        let owner = Crew(of: 2) { step in
          usleep(UInt32(step &* 7919 % 30_000))
          if step % 3 == 0 { tracker.clear() } else { tracker.detachAll() }
          // Tracking goes on unless the tracker is closed, which nobody does here.
          try? tracker.track(class: Cell.self, name: "cell")
        }
        defer { for crew in [owner, crew] { crew.stop() } }
        try Stress.repeating(share: 0.05) {
          let snapshot = try tracker.createSnapshot(mode: .frozen)
          let cells = snapshot.classes["cell"] ?? ClassRecord()
          #expect((0...4 * (CellRow.most + 1)).contains(cells.active))
          #expect(cells.bytes <= cells.active * Cell.mostBytes)
          let recorded = tracker.statistics.snapshots
          #expect(recorded.allSatisfy { $0.trackedBytes == $0.classes.values.reduce(0) { $0 + $1.bytes } })
        }
      }
    }

    @Test("a tracker that is closed during a snapshot says so, and stays readable")
    func closed() throws {
      try expectNothingLeft {
        try Stress.repeating(share: 0.03) {
          let tracker = ClassTracker()
          let quiet = try QuietSet(tracker, count: 100)
          let closer = Crew(of: 1) { step in
            if step == 0 { usleep(2000) } else { tracker.close() }
          }
          defer { closer.stop() }
          do throws(SizerError) {
            for _ in 0..<10_000 { try tracker.createSnapshot(mode: .frozen) }
            Issue.record("never closed")
          } catch {
            #expect(error.code == .closed)
          }
          for snapshot in tracker.statistics.snapshots { quiet.expect(in: snapshot) }
        }
      }
    }

    @Test("periodic snapshots at 100 Hz survive being started, stopped, cleared, closed and freed by several threads")
    func periodic() {
      expectNothingLeft {
        Stress.repeating(share: 0.08) {
          let tracker = ClassTracker()
          try? tracker.track(class: Cell.self, name: "cell")
          let crew = Crew(of: 2, prepare: { _ in CellRow() }, work: { $0.work($1) })
          let owners = Crew(of: 3) { step in
            switch step % 5 {
            case 0, 1: try? tracker.startPeriodicSnapshots(every: .milliseconds(10))
            case 2: tracker.stopPeriodicSnapshots()
            case 3: tracker.clear()
            default: try? tracker.track(class: Cell.self, name: "cell")
            }
            usleep(UInt32(step &* 7919 % 20_000))
          }
          usleep(300_000)
          owners.stop()
          tracker.close()
          crew.stop()
          #expect(throws: SizerError.self) { try tracker.startPeriodicSnapshots(every: .milliseconds(10)) }
          for snapshot in tracker.statistics.snapshots { #expect(snapshot.error == nil) }
        }
        waitForSnapshotsUnderWay()
      }
    }

    @Test("a tracker that is freed with periodic snapshots on takes none any more")
    func freed() {
      expectNothingLeft {
        Stress.repeating(share: 0.02) {
          let cells = (0..<100).map { _ in Cell() }
          do {
            let tracker = ClassTracker()
            for cell in cells { try? tracker.track(cell) }
            try? tracker.startPeriodicSnapshots(every: .milliseconds(1))
            usleep(10_000)
          }
          withExtendedLifetime(cells) {}
        }
        waitForSnapshotsUnderWay()
      }
    }
  }
}
