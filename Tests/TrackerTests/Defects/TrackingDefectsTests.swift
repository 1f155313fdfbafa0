// SPDX-License-Identifier: Apache-2.0
import Glibc
import Sizer
import Synchronization
import Testing

/// What trackers of other languages were seen to do wrong; the numbers are those of the list that the project began
/// with.
@Suite("Known defects of trackers: tracking")
struct TrackingDefectsTests {
  @Test("1: detaching leaves no hook in a subclass, closing does not unhook another's class")
  func hooksOfOthers() throws {
    class Base {}
    class Derived: Base {}
    let (one, two) = (ClassTracker(), ClassTracker())
    try one.track(class: Base.self, name: "Base")
    try one.track(class: Derived.self, name: "Derived")
    try two.track(class: Derived.self, name: "Derived")
    try one.detach(class: Derived.self)
    try one.detach(class: Base.self)
    keepAlive(made { Derived() })
    #expect(one.statistics.objectCount == 0)
    #expect(two.statistics.objectCount == 1)
    try one.track(class: Derived.self, name: "Derived")
    one.close()
    keepAlive(made { Derived() })
    #expect(two.statistics.objectCount == 2)
    two.close()
    keepAlive(made { Derived() })
    #expect((one.statistics.objectCount, two.statistics.objectCount) == (0, 2))
  }

  @Test("2: a call that failed leaves no phantom, and clearing and closing still work")
  func failedCalls() throws {
    final class Tracked {}
    let tracker = ClassTracker()
    let object = made { Tracked() }
    expectError(.invalidArgument) { try tracker.track(class: unsafeBitCast(Int.self as Any.Type, to: AnyClass.self)) }
    expectError(.invalidArgument) { try tracker.track(object, name: "phantom", resolutionLevel: -1) }
    expectError(.invalidArgument) { try tracker.track((1, 2) as AnyObject, name: "phantom") }
    #expect(try tracker.createSnapshot().classes.isEmpty)
    tracker.clear()
    try tracker.track(object, name: "real")
    try tracker.track(class: Tracked.self, name: "class")
    #expect(try tracker.createSnapshot().classes.mapValues(\.active) == ["real": 1, "class": 0])
    tracker.close()
    #expect(tracker.statistics.objects.map(\.name) == ["real"])
    keepAlive(object)
  }

  @Test("4: dead objects are not sized, add no bytes and cost no memory at later snapshots")
  func deadObjects() throws {
    final class Tracked { let text = TestSupport.text(1_000) }
    let tracker = ClassTracker()
    try tracker.track(class: Tracked.self, name: "Tracked", resolutionLevel: 1)
    var objects = (0..<1_000).map { _ in made { Tracked() } }
    try tracker.createSnapshot()
    objects = Array(objects.prefix(1))
    for _ in 0..<100 {
      // An object of 32 bytes, a text of 32 + 1,001 in a block of 1,280.
      #expect(try tracker.createSnapshot().classes["Tracked"] == ClassRecord(active: 1, bytes: 1_312, share: 1))
    }
    let recorded = tracker.statistics.objects
    #expect(recorded.map(\.records.count) == [101] + [Int](repeating: 1, count: 999))
    keepAlive(objects)
  }

  @Test("4, 15: snapshots that find nothing new take no memory of the engine's")
  func unchanged() async {
    await #expect(processExitsWith: .success) {
      let tracker = ClassTracker()
      let leaves = (0..<10_000).map { _ in made { Leaf() } }
      for leaf in leaves { try tracker.track(leaf) }
      for _ in 0..<10 { try tracker.createSnapshot() }
      let before = tracker.statistics.snapshots.last!
      for _ in 0..<500 { try tracker.createSnapshot() }
      let after = tracker.statistics.snapshots.last!
      // What knows the heap's pages grows with the snapshots' own values. A record of 16 bytes for each size would be
      // 80 MB.
      let growth = after.overheadBytes - before.overheadBytes
      #expect(growth < 256 << 10)
      #expect(after.trackedBytes == 320_000 && before.trackedBytes == 320_000)
      keepAlive(leaves)
    }
  }

  @Test("7: a list of 100,000 nodes has all its bytes")
  func recursionLimit() throws {
    final class Node { var next: Node? }
    let head = made { Node() }
    var last = head
    for _ in 1..<number(100_000) {
      last.next = made { Node() }
      last = last.next!
    }
    let tracker = ClassTracker()
    try tracker.track(head)
    // A header and a reference: 24 bytes in a block of 32.
    #expect(try tracker.createSnapshot().trackedBytes == 3_200_000)
    var next = head.next
    head.next = nil
    while let node = next { (next, node.next) = (node.next, nil) }
  }

  @Test("8: a snapshot ends while two threads keep constructing, and no object is lost")
  func chasingTheTail() throws {
    class Tracked {}
    let tracker = ClassTracker()
    try tracker.track(class: Tracked.self, name: "Tracked")
    let state = Mutex((isOver: false, born: 0))
    final class Work: Sendable {
      let run: @Sendable () -> Void
      init(_ run: @escaping @Sendable () -> Void) { self.run = run }
    }
    let threads = try (0..<2).map { _ in
      let work = Work {
        var living: [Tracked] = []
        while !state.withLock(\.isOver) {
          for _ in 0..<100 { living.append(made { Tracked() }) }
          state.withLock { $0.born += 100 }
          // So that the test ends on a slow machine, too.
          if living.count == 100_000 { living = [] }
        }
      }
      var thread = pthread_t()
      let status = pthread_create(
        &thread, nil,
        { context in
          Unmanaged<Work>.fromOpaque(context!).takeRetainedValue().run()
          return nil
        }, Unmanaged.passRetained(work).toOpaque())
      try #require(status == 0)
      return thread
    }
    for _ in 0..<20 { try tracker.createSnapshot() }
    state.withLock { $0.isOver = true }
    for thread in threads { pthread_join(thread, nil) }
    #expect(tracker.statistics.objectCount == state.withLock(\.born))
    #expect(try tracker.active("Tracked") == 0)
  }

  @Test("10: weak references are not followed as if they were strong")
  func weakReferences() throws {
    final class Observer {
      weak var subject: Everyone?
      init(_ subject: Everyone) { self.subject = subject }
    }
    final class Everyone { let text = TestSupport.text(5_000) }
    let everyone = made { Everyone() }
    let observer = made { Observer(everyone) }
    let tracker = ClassTracker()
    try tracker.track(observer, name: "observer", resolutionLevel: 1)
    #expect(try tracker.createSnapshot().trackedBytes == 32)
    #expect(tracker.statistics.objects[0].records[0].referents.isEmpty)
    keepAlive((observer, everyone))
  }

  @Test("11: an odd object does not stop a snapshot")
  func oddObjects() throws {
    final class Odd {
      var wild = UnsafeMutablePointer<Int>(bitPattern: 0xdead_bee8)
      var dangling: Unmanaged<Leaf>
      unowned(unsafe) var gone: Leaf
      var never: Never? = nil
      var bits = UInt.max
      init(_ leaf: Leaf) { (dangling, gone) = (Unmanaged.passUnretained(leaf), leaf) }
    }
    let odd: Odd
    do { odd = made { Odd(Leaf()) } }
    let leaf = made { Leaf() }
    let tracker = ClassTracker()
    try tracker.track(odd, name: "odd", resolutionLevel: 3)
    try tracker.track(leaf, name: "leaf")
    let snapshot = try tracker.createSnapshot()
    #expect(snapshot.classes.mapValues(\.active) == ["odd": 1, "leaf": 1])
    #expect(snapshot.classes["leaf"]?.bytes == 32)
    #expect(snapshot.error == nil)
    keepAlive((odd, leaf))
  }

  @Test("13: a process name with blanks and brackets shifts no figure")
  func processName() async {
    await #expect(processExitsWith: .success) {
      let tracker = ClassTracker()
      let plain = try tracker.createSnapshot().process
      // Writing there renames the main thread, by whose name the process goes.
      let file = try #require(fopen("/proc/self/comm", "w"))
      fputs("a b) R 1 (c", file)
      try #require(fclose(file) == 0)
      let odd = try tracker.createSnapshot().process
      // Figures that do not change, and those that hardly can.
      #expect(odd.code == plain.code && odd.code > 0)
      #expect(abs(odd.virtual - plain.virtual) < plain.virtual / 2)
      #expect(abs(odd.resident - plain.resident) < plain.resident / 2)
      #expect(odd.minorFaults >= plain.minorFaults && odd.minorFaults < plain.minorFaults + 100_000)
    }
  }
}
