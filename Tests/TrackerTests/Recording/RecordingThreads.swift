// SPDX-License-Identifier: Apache-2.0
import Glibc
import Sizer
import Synchronization
import TestSupport
import Testing

/// What the compiler can't see through: metadata is asked for at run time.
private protocol Growable: AnyObject {
  init()
  static var next: any Growable.Type { get }
}
private class Trunk {
  let leaf = Leaf()
  init() {}
}
private final class Branch<Element>: Trunk, Growable {
  var elements: [Element] = []
  override required init() {}
  /// A class that nothing in the program names.
  static var next: any Growable.Type { Branch<Element?>.self }
}
private enum Seeds {
  static var all: [any Growable.Type] {
    [
      Branch<Int8>.self, Branch<Int16>.self, Branch<Int32>.self, Branch<UInt8>.self, Branch<UInt16>.self,
      Branch<UInt32>.self,
    ]
  }
}

@Suite("Recordings and threads", .serialized)
struct RecordingThreads {
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
    try onThreads(Seeds.all.count + 1) { index in
      guard index < Seeds.all.count else {
        for count in 0..<30 {
          #expect((try? tracker.createSnapshot("\(count)", mode: .frozen)) != nil)
        }
        isOver.withLock { $0 = true }
        return
      }
      var type = Seeds.all[index]
      var living: [AnyObject] = []
      var count = 0
      while !isOver.withLock(\.self) || count < 40 {
        living.append(type.init())
        count += 1
        // Metadata takes memory for ever, and names grow with each.
        if count < 200 { type = type.next }
        if living.count > 50 { living = [] }
        if count > 200 { usleep(100) }
      }
      born.withLock { [count] in $0 += count }
    }
    tracker.detachAllClasses()
    try tracker.stopRecording()
    let (file, live) = (try Statistics(contentsOf: path), tracker.statistics)
    #expect(live.objectCount == born.withLock(\.self) && live.snapshots.count == 30)
    #expect(Set(live.objects.map(\.className)).count >= 40 * Seeds.all.count)
    #expect(file.snapshots == live.snapshots)
    #expect(file.objects == live.objects)
    // What was sized adds up, object by object, to what the snapshot said then.
    var sums: [Duration: Int] = [:]
    for object in file.objects {
      for record in object.records { sums[record.timestamp, default: 0] += record.bytes }
    }
    for snapshot in file.snapshots { #expect(sums[snapshot.timestamp, default: 0] == snapshot.trackedBytes) }
  }

  @Test("several threads take snapshots while others begin and stop recordings: each file holds what was taken in its time")
  func beginAndStop() throws {
    let tracker = ClassTracker()
    let leaves = (0..<50).map { _ in made { Leaf() } }
    for leaf in leaves { try tracker.track(leaf, name: "leaf") }
    let folder = folder
    let isOver = Mutex(false)
    let recorded = Mutex<[String]>([])
    try onThreads(4) { index in
      if index < 2 {
        for step in 0..<30 {
          let file = "\(index)-\(step)"
          if (try? tracker.record(to: folder.path(file))) != nil { recorded.withLock { $0.append(file) } }
          usleep(3_000)
          #expect((try? tracker.stopRecording()) != nil)
        }
        isOver.withLock { $0 = true }
      } else {
        while !isOver.withLock(\.self) {
          #expect((try? tracker.createSnapshot(mode: .inPlace)) != nil)
        }
      }
    }
    try tracker.stopRecording()
    let files = recorded.withLock(\.self)
    #expect(files.count > 10 && folder.files == files.sorted())
    let all = tracker.statistics.snapshots
    for file in files {
      let snapshots = try Statistics(contentsOf: folder.path(file)).snapshots
      guard let first = snapshots.first else { continue }
      let start = try #require(all.firstIndex(of: first))
      // One after the other, none left out.
      #expect(Array(all[start...].prefix(snapshots.count)) == snapshots)
    }
    keepAlive(leaves)
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

  /// Calls `body` with 0 and 1 on two threads, while a third asks for statistics, which takes a while: the two have to wait for each other.
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
