// SPDX-License-Identifier: Apache-2.0
import Foundation
import Sizer
import TestSupport
import Testing

// Each recording runs in a process of its own.
@Suite("A recording whose process is killed")
struct KilledRecordingTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  @Test("at any point has each snapshot that createSnapshot returned", .serialized, arguments: 0..<5)
  func anyPoint(round: Int) async throws {
    await #expect(processExitsWith: .signal(SIGKILL)) { [folder = folder.path as String, round = round as Int] in
      var program = LiveProgram(seed: UInt64(round))
      try program.tracker.record(to: "\(folder)/p")
      try program.track()
      let log = open("\(folder)/log", O_CREAT | O_WRONLY | O_APPEND, 0o600)
      // Killed by another thread, at whatever point the program has come to; the first snapshot is there.
      func killLater() {
        let killer = Thread {
          usleep(UInt32(13_000 * (round * round + 1)))
          kill(getpid(), SIGKILL)
        }
        killer.start()
      }
      for count in 0..<100_000 {
        try program.live(births: 30)
        let snapshot = try program.tracker.createSnapshot("\(count)", mode: count % 2 == 0 ? .inPlace : .frozen)
        let line = "\(count) \(snapshot.trackedBytes) \(snapshot.classes.values.reduce(0) { $0 + $1.active })\n"
        _ = write(log, line, line.utf8.count)
        if count == 0 { killLater() }
      }
    }
    let log = try String(contentsOfFile: folder.path("log"), encoding: .utf8)
    let returned = log.split(separator: "\n")
    let file = try Statistics(contentsOf: folder.path("p"))
    #expect(!returned.isEmpty)
    // One more may have been written when the signal came.
    #expect(file.snapshots.count == returned.count || file.snapshots.count == returned.count + 1)
    for (snapshot, line) in zip(file.snapshots, returned) {
      let active = snapshot.classes.values.reduce(0) { $0 + $1.active }
      #expect("\(snapshot.label) \(snapshot.trackedBytes) \(active)" == line)
    }
    // Objects are there, too, with the sizes that add up to what was said then.
    var sums: [Duration: Int] = [:]
    for object in file.objects {
      for record in object.records { sums[record.timestamp, default: 0] += record.bytes }
    }
    for snapshot in file.snapshots { #expect(sums[snapshot.timestamp] == snapshot.trackedBytes) }
    // It can be written as a profile of its own.
    try file.write(to: folder.path("saved"))
    #expect(try Statistics(contentsOf: folder.path("saved")).objects == file.objects)
  }

  @Test("before its first snapshot is an empty profile, which a written one does not replace")
  func empty() async throws {
    await #expect(processExitsWith: .signal(SIGKILL)) { [folder = folder.path as String] in
      let tracker = ClassTracker()
      try tracker.track(class: Leaf.self)
      try tracker.record(to: "\(folder)/p")
      keepAlive(made { Leaf() })
      kill(getpid(), SIGKILL)
    }
    let file = try Statistics(contentsOf: folder.path("p"))
    #expect(file.snapshots.isEmpty && file.objectCount == 0)
    let tracker = ClassTracker()
    #expect(
      ProfileError.code(folder.path("p"), "Statistics.write(to:)") {
        try tracker.statistics.write(to: folder.path("p"))
      } == .alreadyExists)
  }
}
