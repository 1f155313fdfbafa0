// SPDX-License-Identifier: Apache-2.0
import Glibc
import Sizer
import SizerAgent
import Synchronization
import TestSupport
import Testing

private let mebibyte = 1 << 20

extension ClassTracker {
  fileprivate var pictures: [Snapshot] { statistics.snapshots }
}

extension Stress {
  /// The last picture: what is taken when a control group's memory comes near its limit.
  @Suite struct LimitSnapshotsTests {
    @Test("nothing below the share; at it counts, then a whole picture, and then a rest")
    func withRoom() async {
      await #expect(processExitsWith: .success) {
        let limits = try MadeLimits(room: MadeLimits.limit / 4)
        let tracker = ClassTracker()
        let quiet = try QuietSet(tracker)
        try tracker.snapshotAt(memoryLimit: 0.9, coolDown: .seconds(600))
        usleep(400_000)
        #expect(tracker.pictures.isEmpty)
        try limits.leave(MadeLimits.limit / 16)
        #expect(eventually { tracker.pictures.count == 2 })
        let pictures = tracker.pictures
        quiet.expectCounts(in: pictures[0])
        #expect(pictures[0].label == "limit 1, 960.00 GB of 1024.00 GB" && pictures[0].heap == nil)
        #expect(pictures[1].label == "limit 1, whole heap" && pictures[1].mode == .frozen)
        quiet.expect(in: pictures[1])
        #expect(pictures[1].heap?.first { $0.typeName == "StressTests.Quiet" }?.count == quiet.objects.count)
        usleep(400_000)
        #expect(tracker.pictures.count == 2)
        // Asked anew nobody rests.
        try tracker.snapshotAt(memoryLimit: 0.9, coolDown: .seconds(600))
        #expect(eventually { tracker.pictures.count == 4 })
        tracker.close()
      }
    }

    @Test("without room the cheap form alone, again after each rest while the limit is near")
    func withoutRoom() async {
      await #expect(processExitsWith: .success) {
        let limits = try MadeLimits(room: mebibyte)
        let tracker = ClassTracker()
        let quiet = try QuietSet(tracker)
        try tracker.snapshotAt(memoryLimit: 0.999, coolDown: .milliseconds(200))
        #expect(eventually { tracker.pictures.count >= 3 })
        // Just behind a picture, in the rest: one that is under way would find the room that is made now.
        let taken = tracker.pictures.count
        #expect(eventually { tracker.pictures.count > taken })
        try limits.leave(MadeLimits.limit / 2)
        usleep(500_000)
        let count = tracker.pictures.count
        usleep(500_000)
        #expect(tracker.pictures.count == count)
        try limits.leave(mebibyte)
        #expect(eventually { tracker.pictures.count > count })
        try tracker.snapshotAt(memoryLimit: nil)
        let pictures = tracker.pictures
        for (number, picture) in pictures.enumerated() {
          quiet.expectCounts(in: picture)
          #expect(picture.label == "limit \(number + 1), 1024.00 GB of 1024.00 GB")  // rounded
        }
        let times = pictures.map(\.timestamp)
        #expect(zip(times, times.dropFirst()).allSatisfy { $1 - $0 >= .milliseconds(200) })
        // One that was under way is still recorded.
        usleep(300_000)
        let last = tracker.pictures.count
        usleep(500_000)
        #expect(tracker.pictures.count == last)
      }
    }

    @Test("the agent takes it when the environment asks for it, and the file has it")
    func agent() async throws {
      let folder = try TemporaryFolder()
      await #expect(processExitsWith: .success) { [folder = folder.path as String] in
        let limits = try MadeLimits(room: MadeLimits.limit / 4)
        let asked = [
          "SIZER_OUTPUT": "\(folder)/p.%p", "SIZER_EVERY": "0", "SIZER_TRACK": "StressTests.Quiet",
          "SIZER_AT_LIMIT": "90%",
        ]
        let agent = Agent(try AgentSettings { asked[$0] })
        #expect(agent.start())
        let objects = (0..<number(50)).map { Quiet(words: $0) }
        let path = "\(folder)/p.\(getpid())"
        usleep(300_000)
        #expect(try Statistics(contentsOf: path).snapshots.isEmpty)
        try limits.leave(MadeLimits.limit / 16)
        #expect(try eventually { try Statistics(contentsOf: path).snapshots.count == 2 })
        agent.end()
        let snapshots = try Statistics(contentsOf: path).snapshots
        #expect(
          snapshots.map(\.label) == ["limit 1, 960.00 GB of 1024.00 GB", "limit 1, whole heap", "exit"])
        #expect(snapshots[0].mode == .counts && snapshots[0].classes["StressTests.Quiet"]?.active == 50)
        #expect(snapshots[1].heap?.first { $0.typeName == "StressTests.Quiet" }?.count == 50)
        withExtendedLifetime(objects) {}
      }
    }

    @Test("it is in the file when the kernel kills the process")
    func killed() async throws {
      let folder = try TemporaryFolder()
      await #expect(processExitsWith: .signal(SIGKILL)) { [folder = folder.path as String] in
        let limits = try MadeLimits(room: mebibyte)
        let tracker = ClassTracker()
        try tracker.record(to: "\(folder)/p")
        try tracker.track(classesNamed: "StressTests.Quiet")
        let objects = (0..<number(50)).map { Quiet(words: $0) }
        try tracker.snapshotAt(memoryLimit: 0.5)
        _ = eventually { !tracker.pictures.isEmpty }
        usleep(300_000)  // it is written right after it was recorded
        kill(getpid(), SIGKILL)
        withExtendedLifetime((limits, objects)) {}
      }
      let file = try Statistics(contentsOf: folder.path("p"))
      #expect(file.snapshots.count == 1 && file.snapshots[0].mode == .counts)
      #expect(file.snapshots[0].classes["StressTests.Quiet"]?.active == 50)
      #expect(file.snapshots[0].process.cgroupLimit == MadeLimits.limit)
    }

    @Test("the thread goes with what asked for it, and a closed tracker has none")
    func ends() async {
      await #expect(processExitsWith: .success) {
        let limits = try MadeLimits(room: MadeLimits.limit / 2)
        func threads() -> Int { ProcessState.threadNames().count { $0 == "sizer-limit" } }
        var tracker: ClassTracker? = ClassTracker()
        try tracker?.snapshotAt(memoryLimit: 0.9)
        try tracker?.snapshotAt(memoryLimit: 0.8, coolDown: .zero)
        #expect(eventually { threads() == 1 })
        try tracker?.snapshotAt(memoryLimit: nil)
        #expect(eventually { threads() == 0 })
        for end in [{ $0.clear() }, { $0.close() }, { _ in }] as [(ClassTracker) -> Void] {
          let one = ClassTracker()
          try one.snapshotAt(memoryLimit: 1)
          end(one)
        }
        try tracker?.snapshotAt(memoryLimit: 0.9)
        tracker = nil
        #expect(eventually { threads() == 0 })
        let closed = ClassTracker()
        closed.close()
        #expect(throws: SizerError.self) { try closed.snapshotAt(memoryLimit: 0.9) }
        try closed.snapshotAt(memoryLimit: nil)
        for share in [0, -1, 1.001, .nan, .infinity] {
          let error = #expect(throws: SizerError.self) { try ClassTracker().snapshotAt(memoryLimit: share) }
          #expect(error?.code == .invalidArgument && error.map(isWellFormed) == true)
        }
        #expect(throws: SizerError.self) { try ClassTracker().snapshotAt(memoryLimit: 0.9, coolDown: .seconds(-1)) }
        withExtendedLifetime(limits) {}
      }
    }

    @Test("each snapshot has the group's memory, limit and peak, in the text, too")
    func figures() async {
      await #expect(processExitsWith: .success) {
        let limits = try MadeLimits(room: MadeLimits.limit / 2)
        let tracker = ClassTracker()
        let first = try tracker.createSnapshot().process
        #expect(first.cgroupCurrent == MadeLimits.limit / 2 && first.cgroupLimit == MadeLimits.limit)
        #expect(first.cgroupPeak == nil)
        try limits.setPeak(123_456_789)
        try limits.leave(4_711)
        for mode in [SnapshotMode.inPlace, .frozen, .counts] {
          let process = try tracker.createSnapshot(mode: mode).process
          #expect(process.cgroupCurrent == MadeLimits.limit - 4_711 && process.cgroupPeak == 123_456_789)
          #expect((process.peakResident ?? 0) >= process.resident - mebibyte)
        }
        let folder = try TemporaryFolder()
        try tracker.statistics.write(to: folder.path("p"))
        #expect(try Statistics(contentsOf: folder.path("p")).snapshots == tracker.statistics.snapshots)
      }
    }
  }
}
