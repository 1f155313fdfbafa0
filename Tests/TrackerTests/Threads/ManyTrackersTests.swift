// SPDX-License-Identifier: Apache-2.0
import Glibc
import Sizer
import Testing

@Suite("Many trackers", .serialized)
struct ManyTrackersTests {
  @Test("three hundred trackers with periodic snapshots all take theirs, and all end")
  func threeHundred() async {
    await #expect(processExitsWith: .success) {
      alarm(600)  // only for what never ends
      let trackers = (0..<300).map { _ in ClassTracker() }
      let leaves = trackers.indices.map { number in made { Leaf(number) } }
      for (tracker, leaf) in zip(trackers, leaves) {
        try tracker.track(leaf, name: "leaf")
        try tracker.startPeriodicSnapshots(every: .milliseconds(10))
      }
      // Every member answers while three hundred snapshots are wanted.
      for tracker in trackers {
        while tracker.statistics.snapshots.isEmpty { usleep(10_000) }
      }
      for tracker in trackers { tracker.close() }
      for tracker in trackers {
        let snapshots = tracker.statistics.snapshots
        #expect(snapshots.allSatisfy { $0.error == nil && $0.classes["leaf"]?.active == 1 })
      }
      keepAlive(leaves)
    }
  }
}
