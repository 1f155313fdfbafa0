// SPDX-License-Identifier: Apache-2.0
import Glibc
import Sizer
import Synchronization
import TestSupport
import Testing

/// The names of this process's threads.
private func threadNames() -> [String] {
  guard let folder = opendir("/proc/self/task") else { return [] }
  defer { closedir(folder) }
  var names: [String] = []
  while let entry = readdir(folder) {
    let thread = withUnsafeBytes(of: entry.pointee.d_name) { bytes in
      String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
    }
    guard !thread.hasPrefix("."), let file = fopen("/proc/self/task/\(thread)/comm", "r") else { continue }
    defer { fclose(file) }
    var buffer = [UInt8](repeating: 0, count: 64)
    let count = fread(&buffer, 1, buffer.count, file)
    names.append(String(decoding: buffer.prefix(count).prefix { $0 != 10 }, as: UTF8.self))
  }
  return names
}
private func snapshotThreads() -> Int { threadNames().count { $0 == "sizer-snapshots" } }

/// Long enough that a snapshot which must not come would come.
private func afterSomeIntervals(_ tracker: ClassTracker) -> Int {
  usleep(100_000)
  return tracker.statistics.snapshots.count
}

@Suite("Periodic snapshots", .serialized)
struct PeriodicTests {
  @Test("they are taken again and again, of what is tracked then, until they are stopped")
  func again() throws {
    let tracker = ClassTracker()
    let leaf = made { Leaf() }
    try tracker.startPeriodicSnapshots(every: .milliseconds(5))
    #expect(eventually { tracker.statistics.snapshots.count > 3 })
    try tracker.track(leaf, name: "leaf")
    #expect(eventually { tracker.statistics.snapshots.count { $0.classes["leaf"]?.active == 1 } > 3 })
    tracker.stopPeriodicSnapshots()
    // The one that was under way is still recorded.
    #expect(eventually { snapshotThreads() == 0 })
    let count = tracker.statistics.snapshots.count
    #expect(afterSomeIntervals(tracker) == count)
    let times = tracker.statistics.snapshots.map(\.timestamp)
    #expect(times == times.sorted())
    #expect(tracker.statistics.snapshots.allSatisfy { $0.error == nil && $0.process.resident > 0 })
    let labels = tracker.statistics.snapshots.map { $0.label.split(separator: ",") }
    #expect(labels.map { $0.first.map(String.init) } == (1...labels.count).map { "periodic \($0)" })
    #expect(labels.allSatisfy { $0.last?.wholeMatch(of: /\ 00:\d\d:\d\d\.\d\d/) != nil })
    keepAlive(leaf)
  }

  @Test("after a long one as many are left out as it is to rest")
  func rests() {
    let (periodic, restless) = (PeriodicSnapshots(), PeriodicSnapshots())
    let times = Mutex<[ContinuousClock.Instant]>([])
    #expect(
      periodic.start(every: .milliseconds(1), resting: 9) { number in
        times.withLock { $0.append(.now) }
        usleep(20_000)
        times.withLock { $0.append(.now) }
        return number < 4
      })
    #expect(eventually { times.withLock { $0.count } == 8 })
    for end in stride(from: 1, to: 7, by: 2) {
      let (took, rest) = times.withLock { ($0[end] - $0[end - 1], $0[end + 1] - $0[end]) }
      #expect(rest >= took * 8)  // nine times, less what passes between two looks at the clock
    }
    let calls = Mutex(0)
    let start = ContinuousClock.now
    #expect(
      restless.start(every: .milliseconds(1)) { number in
        usleep(20_000)
        calls.withLock { $0 = number }
        return number < 4
      })
    #expect(eventually { calls.withLock { $0 } == 4 })
    #expect(ContinuousClock.now - start < times.withLock { $0[7] - $0[0] })
  }

  @Test("starting again changes the interval only: one thread goes on")
  func startAgain() throws {
    let tracker = ClassTracker()
    try tracker.startPeriodicSnapshots(every: .seconds(3_600))
    #expect(eventually { snapshotThreads() == 1 })
    #expect(afterSomeIntervals(tracker) == 0)
    try tracker.startPeriodicSnapshots(every: .milliseconds(5))
    #expect(eventually { tracker.statistics.snapshots.count > 5 })
    #expect(snapshotThreads() == 1)
    try tracker.startPeriodicSnapshots(every: .seconds(3_600))
    usleep(50_000)
    let count = tracker.statistics.snapshots.count
    #expect(afterSomeIntervals(tracker) == count)
    tracker.stopPeriodicSnapshots()
    #expect(eventually { snapshotThreads() == 0 })
  }

  @Test("they can be stopped, started, stopped and started again, in quick succession too")
  func restart() throws {
    let tracker = ClassTracker()
    for _ in 0..<3 {
      try tracker.startPeriodicSnapshots(every: .milliseconds(2))
      let count = tracker.statistics.snapshots.count
      #expect(eventually { tracker.statistics.snapshots.count > count + 2 })
      tracker.stopPeriodicSnapshots()
      tracker.stopPeriodicSnapshots()
    }
    for _ in 0..<200 {
      try tracker.startPeriodicSnapshots(every: .seconds(3_600))
      tracker.stopPeriodicSnapshots()
    }
    #expect(eventually { snapshotThreads() == 0 })
    try tracker.startPeriodicSnapshots(every: .milliseconds(2))
    let count = tracker.statistics.snapshots.count
    #expect(eventually { tracker.statistics.snapshots.count > count + 2 })
    #expect(snapshotThreads() == 1)
    tracker.close()
    #expect(eventually { snapshotThreads() == 0 })
  }

  @Test("clearing, closing and freeing a tracker end them", .serialized, arguments: ["clear", "close", "free"])
  func ends(_ way: String) throws {
    var tracker: ClassTracker? = ClassTracker()
    try tracker!.startPeriodicSnapshots(every: .milliseconds(2))
    #expect(eventually { tracker!.statistics.snapshots.count > 2 })
    switch way {
    case "clear": tracker!.clear()
    case "close": tracker!.close()
    default: tracker = nil
    }
    #expect(eventually { snapshotThreads() == 0 })
    if let tracker {
      let count = tracker.statistics.snapshots.count
      #expect(way == "clear" ? count <= 1 : count > 2)
      #expect(afterSomeIntervals(tracker) == count)
    }
    if way == "clear" {
      try tracker!.startPeriodicSnapshots(every: .milliseconds(2))
      #expect(eventually { tracker!.statistics.snapshots.count > 2 })
      tracker!.close()
      #expect(eventually { snapshotThreads() == 0 })
    } else if way == "close" {
      expectError(.closed) { try tracker!.startPeriodicSnapshots(every: .milliseconds(2)) }
    }
  }

  @Test("detaching everything does not end them")
  func detached() throws {
    let tracker = ClassTracker()
    try tracker.startPeriodicSnapshots(every: .milliseconds(2))
    tracker.detachAll()
    #expect(eventually { tracker.statistics.snapshots.count > 3 })
    tracker.close()
    #expect(eventually { snapshotThreads() == 0 })
  }

  @Test("an interval that is not above zero is refused, and changes nothing")
  func badIntervals() throws {
    let tracker = ClassTracker()
    for interval in [Duration.zero, .seconds(-1), .nanoseconds(-1)] {
      expectError(.invalidArgument) { try tracker.startPeriodicSnapshots(every: interval) }
    }
    #expect(snapshotThreads() == 0)
    try tracker.startPeriodicSnapshots(every: .milliseconds(2))
    expectError(.invalidArgument) { try tracker.startPeriodicSnapshots(every: .zero) }
    let count = tracker.statistics.snapshots.count
    #expect(eventually { tracker.statistics.snapshots.count > count + 2 })
    tracker.close()
    #expect(eventually { snapshotThreads() == 0 })
  }

  @Test("intervals of a nanosecond and of an age are fine")
  func extremeIntervals() throws {
    let tracker = ClassTracker()
    try tracker.startPeriodicSnapshots(every: .seconds(Int64.max) * 15)
    #expect(eventually { snapshotThreads() == 1 })
    try tracker.startPeriodicSnapshots(every: .nanoseconds(1))
    #expect(eventually { tracker.statistics.snapshots.count > 3 })
    try tracker.startPeriodicSnapshots(every: Duration(secondsComponent: 0, attosecondsComponent: 1))
    let count = tracker.statistics.snapshots.count
    #expect(eventually { tracker.statistics.snapshots.count > count + 3 })
    tracker.close()
    #expect(eventually { snapshotThreads() == 0 })
  }

  @Test("an error is recorded, and the next snapshot is taken all the same")
  func errors() async {
    await #expect(processExitsWith: .success) {
      let tracker = ClassTracker()
      let leaf = made { Leaf() }
      try tracker.track(leaf)
      try tracker.createSnapshot()
      try tracker.startPeriodicSnapshots(every: .milliseconds(20))
      #expect(eventually { tracker.statistics.snapshots.count > 2 })
      // From here on the kernel gives no memory to anybody.
      var limit = rlimit()
      try #require(getrlimit(__rlimit_resource_t(RLIMIT_AS.rawValue), &limit) == 0)
      let before = limit
      limit.rlim_cur = 1
      try #require(setrlimit(__rlimit_resource_t(RLIMIT_AS.rawValue), &limit) == 0)
      #expect(eventually { tracker.statistics.snapshots.last?.error != nil })
      limit = before
      try #require(setrlimit(__rlimit_resource_t(RLIMIT_AS.rawValue), &limit) == 0)
      #expect(eventually { tracker.statistics.snapshots.last?.error == nil })
      let failed = tracker.statistics.snapshots.filter { $0.error != nil }
      // Without memory for an image objects are counted, where there is enough for that.
      for snapshot in failed {
        #expect(snapshot.error!.contains(snapshot.mode == .counts ? "refused memory" : "outOfMemory"))
        #expect(snapshot.trackedBytes == (snapshot.mode == .counts ? 32 : 0))
      }
      #expect(tracker.statistics.snapshots.last!.trackedBytes == 32)
      #expect(snapshotThreads() == 1)
      keepAlive(leaf)
    }
  }
}
