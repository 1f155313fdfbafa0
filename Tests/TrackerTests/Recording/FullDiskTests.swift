// SPDX-License-Identifier: Apache-2.0
import Glibc
import Sizer
import TestSupport
import Testing

/// No file of this process grows beyond `bytes` from now on; nil: as far as it was allowed when it began. Who writes
/// more gets a SIGXFSZ, which ends a process that, as this one, has not said otherwise.
private func limitFiles(to bytes: Int?) {
  openSignals(SIGXFSZ)
  var limit = rlimit()
  #expect(getrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit) == 0)
  limit.rlim_cur = bytes.map { rlim_t($0) } ?? limit.rlim_max
  #expect(setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit) == 0)
}

/// Bytes of a file; 0 where there is none.
private func length(of path: String) -> Int {
  var status = stat()
  return stat(path, &status) == 0 ? Int(status.st_size) : 0
}

/// A snapshot that the file does not take, and the tracker does.
private func expectNotWritten(
  _ tracker: ClassTracker, _ label: String, sourceLocation: SourceLocation = #_sourceLocation
) {
  let error = #expect(throws: SizerError.self, sourceLocation: sourceLocation) {
    try tracker.createSnapshot(label, mode: .inPlace)
  }
  #expect(
    error?.code == .notWritten && error?.operation.hasPrefix("ClassTracker") == true, sourceLocation: sourceLocation)
  #expect(error?.message.contains("no room to grow") == true, sourceLocation: sourceLocation)
  #expect(tracker.statistics.snapshots.last?.label == label, sourceLocation: sourceLocation)
}

/// Objects whose sizes all differ from one snapshot to the next.
private final class Growing {
  private final class Part { var bytes: [UInt8] = [] }
  private let parts = (0..<2_000).map { _ in made { Part() } }
  private var length = 0

  func track(_ tracker: ClassTracker) throws {
    for part in parts { try tracker.track(part, name: "part") }
  }

  func grow() {
    length = length == 100 ? 600 : 100
    for part in parts { part.bytes = [UInt8](repeating: 1, count: number(length)) }
  }
}

// Each in a process of its own: the limit is the process's.
@Suite("A recording on a full disk")
struct FullDiskTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  @Test("the snapshot is taken and not written; when there is room again, the next one brings all that waited")
  func roomAgain() async throws {
    await #expect(processExitsWith: .success) { [path = folder.path("p") as String] in
      var program = LiveProgram(seed: 77)
      let tracker = program.tracker
      try tracker.record(to: path)
      try program.track()
      try program.live(births: 100)
      try tracker.createSnapshot("written")
      let written = tracker.statistics.snapshots
      limitFiles(to: 4_096)
      for label in ["waits", "waits too", "and this"] {
        try program.live(births: 100)
        expectNotWritten(tracker, label)
        #expect(try Statistics(contentsOf: path).snapshots == written)
      }
      limitFiles(to: nil)
      try program.live(births: 100)
      try tracker.createSnapshot("brings all")
      #expect(
        try Statistics(contentsOf: path).snapshots.map(\.label)
          == ["written", "waits", "waits too", "and this", "brings all"])
      #expect(try Statistics(contentsOf: path).snapshots == tracker.statistics.snapshots)
      tracker.detachAllClasses()
      try tracker.stopRecording()
      try expectEqual(path, tracker.statistics)
      program.end()
    }
  }

  @Test("from the first snapshot on: sizes that have not changed since before the recording are not lost")
  func fromTheFirst() async throws {
    await #expect(processExitsWith: .success) { [path = folder.path("p") as String] in
      let tracker = ClassTracker()
      let (quiet, busy) = (made { Leaf() }, made { Session(1_000) })
      try tracker.track(quiet, name: "quiet")
      try tracker.track(busy, name: "busy", resolutionLevel: 1)
      try tracker.createSnapshot("before", mode: .inPlace)
      try tracker.record(to: path)
      limitFiles(to: 4_096)
      expectNotWritten(tracker, "first")
      busy.cache = []
      expectNotWritten(tracker, "second")
      limitFiles(to: nil)
      try tracker.stopRecording()
      let file = try Statistics(contentsOf: path)
      #expect(file.snapshots.map(\.label) == ["first", "second"])
      let live = tracker.statistics.objects
      #expect(file.objects.map { $0.records.map(\.bytes) } == live.map { $0.records.dropFirst().map(\.bytes) })
      #expect(file.objects[0].records.map(\.bytes) == [32, 32])
      #expect(file.objects[1].records.map { $0.referents.map(\.name) } == [["cache"], []])
      keepAlive((quiet, busy))
    }
  }

  @Test("an image of the heap that the file does not take is not kept; its snapshot comes with the next one")
  func images() async throws {
    await #expect(processExitsWith: .success) { [path = folder.path("p") as String] in
      let tracker = ClassTracker()
      let pages = (0..<20_000).map { _ in made { Leaf() } }
      try tracker.record(to: path)
      try tracker.recordHeap("0")
      try tracker.recordHeap("1")
      // The child writes its image to a file of its own, which is no longer than those that are there.
      let lengths = [path, path + "-wal"].map { length(of: $0) }
      limitFiles(to: lengths.max()! + 16_384)
      var (written, refusal) = (2, SizerError?.none)
      while refusal == nil && written < 12 {
        do throws(SizerError) {
          try tracker.recordHeap("\(written)")
          written += 1
        } catch {
          refusal = error
        }
      }
      #expect(refusal?.code == .notWritten && refusal?.message.contains("no room to grow") == true, "\(refusal as Any)")
      #expect(try Statistics(contentsOf: path).heapSnapshots == Array(0..<written))
      #expect(tracker.statistics.snapshots.map(\.label) == (0...written).map { "\($0)" })
      limitFiles(to: nil)
      try tracker.createSnapshot("brings all")
      try tracker.recordHeap("again")
      try tracker.stopRecording()
      let file = try Statistics(contentsOf: path)
      #expect(file.snapshots.map(\.label) == (0...written).map { "\($0)" } + ["brings all", "again"])
      #expect(file.heapSnapshots == Array(0..<written) + [written + 2])
      keepAlive(pages)
    }
  }

  @Test("that stays full: stopping says so, and what was written is readable")
  func staysFull() async throws {
    await #expect(processExitsWith: .success) { [folder = folder.path as String] in
      for end in ["stop", "clear", "close"] {
        let path = "\(folder)/\(end)"
        let tracker = ClassTracker()
        let leaf = made { Leaf() }
        try tracker.track(leaf, name: "leaf")
        try tracker.record(to: path)
        try tracker.createSnapshot("written")
        limitFiles(to: 4_096)
        expectNotWritten(tracker, "waits")
        expectNotWritten(tracker, "waits too")
        switch end {
        case "stop":
          #expect(#expect(throws: ProfileError.self) { try tracker.stopRecording() }?.code == .full)
          try tracker.stopRecording()
          #expect(tracker.statistics.snapshots.map(\.label) == ["written", "waits", "waits too"])
          // The recording has ended: nobody tries to write any more.
          try tracker.createSnapshot("not recorded")
        case "clear": tracker.clear()
        default: tracker.close()
        }
        limitFiles(to: nil)
        let file = try Statistics(contentsOf: path)
        #expect(file.snapshots.map(\.label) == ["written"])
        #expect(file.objects.map { $0.records.map(\.bytes) } == [[32]])
        keepAlive(leaf)
      }
    }
  }

  @Test("periodic snapshots go on, and are all in the file when there is room again")
  func periodic() async throws {
    await #expect(processExitsWith: .success) { [path = folder.path("p") as String] in
      let tracker = ClassTracker()
      let leaf = made { Leaf() }
      try tracker.track(leaf, name: "leaf")
      try tracker.record(to: path)
      limitFiles(to: 4_096)
      try tracker.startPeriodicSnapshots(every: .milliseconds(5))
      #expect(eventually { tracker.statistics.snapshots.count > 5 })
      #expect(try Statistics(contentsOf: path).snapshots.isEmpty)
      limitFiles(to: nil)
      let count = tracker.statistics.snapshots.count
      #expect(eventually { tracker.statistics.snapshots.count > count + 3 })
      tracker.stopPeriodicSnapshots()
      try tracker.createSnapshot("last")
      try tracker.stopRecording()
      let file = try Statistics(contentsOf: path).snapshots
      #expect(file == Array(tracker.statistics.snapshots.prefix(file.count)) && file.count > count + 3)
      #expect(file.allSatisfy { $0.error == nil && $0.trackedBytes == 32 })
      keepAlive(leaf)
    }
  }

  @Test("what waits takes no memory beyond what the tracker's statistics need")
  func boundedMemory() async throws {
    await #expect(processExitsWith: .success) { [path = folder.path("p") as String] in
      let tracker = ClassTracker()
      let growing = Growing()
      try growing.track(tracker)
      try tracker.record(to: path)
      limitFiles(to: 4_096)
      // All that this thread allocates is in an arena of its own.
      let arena = try Arena()
      func snapshots(_ count: Int) {
        for _ in 0..<count {
          growing.grow()
          #expect(throws: SizerError.self) { try tracker.createSnapshot(mode: .inPlace) }
        }
      }
      try arena.inside {
        snapshots(20)
        let before = try arena.bytes()
        snapshots(200)
        // 2,000 sizes of 16 bytes that wait are 32 KB for each snapshot: 6 MB. A snapshot's own value, with its one
        // class, takes less than 2 KB.
        #expect(try arena.bytes() - before < 1 << 20)
      }
      limitFiles(to: nil)
      try tracker.stopRecording()
      let file = try Statistics(contentsOf: path)
      #expect(file.snapshots.count == 220 && file.objectCount == 2_000)
      #expect(file.objects.allSatisfy { Set($0.records.map(\.bytes)).count == 2 && $0.records.count == 220 })
      keepAlive(growing)
    }
  }
}
