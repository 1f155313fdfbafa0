// SPDX-License-Identifier: Apache-2.0
import Glibc
import Sizer
import Synchronization
import TestSupport
import Testing

private class Trunk {
  let leaf = Leaf()
  required init() {}
}
private final class Branch<Element>: Trunk {
  var elements: [Element] = []
}

/// An object of a class that nothing in the program names: four layers of types, one for each two bits of a number. Not
/// more, for the runtime's look at a type takes twice as long for each layer.
private func branch<Element>(_ bits: Int, layers: Int = 4, of type: Element.Type) -> Trunk {
  guard layers > 0 else { return made { Branch<Element>() } }
  let rest = bits >> 2
  switch bits & 3 {
  case 0: return branch(rest, layers: layers - 1, of: Element?.self)
  case 1: return branch(rest, layers: layers - 1, of: [Element].self)
  case 2: return branch(rest, layers: layers - 1, of: (Element, Int).self)
  default: return branch(rest, layers: layers - 1, of: Result<Element, CancellationError>.self)
  }
}

private func branch(_ seed: Int, _ number: Int) -> Trunk {
  switch seed {
  case 0: branch(number, of: UInt8.self)
  case 1: branch(number, of: UInt16.self)
  case 2: branch(number, of: UInt32.self)
  default: branch(number, of: Int8.self)
  }
}
private let seedCount = 4
private let classCount = 256

@Suite("Recordings and threads", .serialized)
struct RecordingThreadsTests {
  private let folder: TemporaryFolder
  private var path: String { folder.path("p") }

  init() throws { folder = try TemporaryFolder() }

  @Test("threads that make objects of ever new generic classes: the file is what the tracker tells")
  func newClasses() throws {
    let tracker = ClassTracker()
    try tracker.track(class: Trunk.self, name: "trunk", trace: true)
    try tracker.record(to: path)
    let isOver = Mutex(false)
    let born = Mutex(0)
    try onThreads(seedCount + 1) { index in
      guard index < seedCount else {
        for count in 0..<30 {
          #expect((try? tracker.createSnapshot("\(count)", mode: .frozen)) != nil)
        }
        isOver.withLock { $0 = true }
        return
      }
      var living: [Trunk] = []
      var count = 0
      while !isOver.withLock(\.self) || count < classCount {
        living.append(branch(index, count % classCount))
        count += 1
        if living.count > 50 { living = [] }
        usleep(200)
      }
      born.withLock { [count] in $0 += count }
    }
    tracker.detachAllClasses()
    try tracker.stopRecording()
    let (file, live) = (try Statistics(contentsOf: path), tracker.statistics)
    #expect(live.objectCount == born.withLock(\.self) && live.snapshots.count == 30)
    #expect(Set(live.objects.map(\.className)).count == seedCount * classCount)
    #expect(file.snapshots == live.snapshots)
    #expect(file.objects == live.objects)
    // What was sized adds up, object by object, to what the snapshot said then.
    var sums: [Duration: Int] = [:]
    for object in file.objects {
      for record in object.records { sums[record.timestamp, default: 0] += record.bytes }
    }
    for snapshot in file.snapshots { #expect(sums[snapshot.timestamp, default: 0] == snapshot.trackedBytes) }
  }

  @Test("recordings begin and stop while threads take snapshots: each holds what was taken in its time, none left out")
  func beginAndStop() throws {
    let tracker = ClassTracker()
    let leaves = (0..<50).map { _ in made { Leaf() } }
    for leaf in leaves { try tracker.track(leaf, name: "leaf") }
    let folder = folder
    let isOver = Mutex(false)
    let recorded = Mutex<[String]>([])
    let taken = Mutex(0)
    try onThreads(4) { index in
      if index < 2 {
        for step in 0..<30 {
          let file = "\(index)-\(step)"
          if (try? tracker.record(to: folder.path(file))) != nil { recorded.withLock { $0.append(file) } }
          let before = taken.withLock(\.self)
          while taken.withLock(\.self) < before + 4, !isOver.withLock(\.self) { usleep(500) }
          #expect((try? tracker.stopRecording()) != nil)
        }
        isOver.withLock { $0 = true }
      } else {
        while !isOver.withLock(\.self) {
          #expect((try? tracker.createSnapshot(mode: .inPlace)) != nil)
          taken.withLock { $0 += 1 }
        }
      }
    }
    try tracker.stopRecording()
    let files = recorded.withLock(\.self)
    #expect(files.count > 10 && folder.files == files.sorted())
    let all = tracker.statistics.snapshots
    var recordedCount = 0
    for file in files {
      let snapshots = try Statistics(contentsOf: folder.path(file)).snapshots
      guard let first = snapshots.first else { continue }
      let start = try #require(all.firstIndex(of: first))
      // One after the other, none left out.
      #expect(Array(all[start...].prefix(snapshots.count)) == snapshots)
      recordedCount += snapshots.count
    }
    #expect(recordedCount > files.count)
    keepAlive(leaves)
  }

  @Test("snapshots are taken while another thread ends a recording and looks up names")
  func whileItEnds() async {
    // In a process of its own, which has not read the program's debug information yet: that takes longer than many
    // snapshots.
    await #expect(processExitsWith: .success) { [path = path as String] in
      let tracker = ClassTracker()
      try tracker.track(class: Trunk.self, name: "trunk", trace: true)
      try tracker.record(to: path)
      let trunk = branch(0, 0)
      try tracker.createSnapshot()
      let hasStopped = Mutex(false)
      let passed = Mutex(0)
      try onThreads(2) { index in
        if index == 0 {
          #expect((try? tracker.stopRecording()) != nil)
          hasStopped.withLock { $0 = true }
        } else {
          while true {
            #expect((try? tracker.createSnapshot(mode: .inPlace)) != nil)
            if hasStopped.withLock(\.self) { break }
            passed.withLock { $0 += 1 }
          }
        }
      }
      let unrecorded = tracker.statistics.snapshots.count - (try Statistics(contentsOf: path)).snapshots.count
      #expect(min(unrecorded, passed.withLock(\.self)) > 3)
      keepAlive(trunk)
    }
  }

  @Test("clearing while a recording begins: it has ended, or it records what comes")
  func clearedMeanwhile() throws {
    for round in 0..<60 {
      let tracker = ClassTracker()
      try holdingTheTracker(tracker) { index in
        if index == 0 { tracker.clear() } else { try? tracker.record(to: folder.path("\(round)")) }
      }
      try tracker.createSnapshot("after")
      let labels = try Statistics(contentsOf: folder.path("\(round)")).snapshots.map(\.label)
      // Another one can begin if and only if this one has ended.
      let hasEnded = (try? tracker.record(to: folder.path("next \(round)"))) != nil
      #expect(labels == (hasEnded ? [] : ["after"]))
    }
  }

  @Test("closing while a recording begins: it is refused, or ended; no file is left half done")
  func closedMeanwhile() throws {
    for round in 0..<60 {
      let tracker = ClassTracker()
      let isRecorded = Mutex(false)
      try holdingTheTracker(tracker) { index in
        guard index == 0 else { return tracker.close() }
        do throws(ProfileError) {
          try tracker.record(to: folder.path("\(round)"))
          isRecorded.withLock { $0 = true }
        } catch {
          #expect(error.code == .closed)
        }
      }
      #expect(folder.files == (isRecorded.withLock(\.self) ? ["\(round)"] : []))
      for file in folder.files {
        #expect(try Statistics(contentsOf: folder.path(file)).snapshots.isEmpty)
        unlink(folder.path(file))
      }
    }
  }

  /// Calls `body` with 0 and 1 on two threads, while a third asks for statistics, which takes a while: the two have to
  /// wait for each other.
  private func holdingTheTracker(_ tracker: ClassTracker, _ body: @escaping @Sendable (Int) -> Void) throws {
    let leaves = (0..<3_000).map { _ in made { Leaf() } }
    for leaf in leaves { try tracker.track(leaf, name: "leaf") }
    let running = Mutex(2)
    try onThreads(3) { index in
      if index == 2 {
        while running.withLock({ $0 > 0 }) { keepAlive(tracker.statistics) }
      } else {
        usleep(500)
        body(index)
        running.withLock { $0 -= 1 }
      }
    }
    keepAlive(leaves)
  }
}
