// SPDX-License-Identifier: Apache-2.0
import CSizerTesting
import Glibc
import SeededRandom
import Sizer
import Synchronization
import Testing

/// Runs `body` on so many threads at the same time; answers when all have ended.
func onThreads(_ count: Int, _ body: @escaping @Sendable (Int) -> Void) throws {
  final class Work: Sendable {
    let run: @Sendable () -> Void
    init(_ run: @escaping @Sendable () -> Void) { self.run = run }
  }
  let threads = try (0..<count).map { index in
    var thread = pthread_t()
    let work = Unmanaged.passRetained(Work { body(index) })
    let status = pthread_create(
      &thread, nil,
      { context in
        Unmanaged<Work>.fromOpaque(context!).takeRetainedValue().run()
        return nil
      }, work.toOpaque())
    try #require(status == 0)
    return thread
  }
  for thread in threads { pthread_join(thread, nil) }
}

/// All threads wait until the last has come.
private final class Barrier: Sendable {
  private let state: Mutex<(waiting: Int, round: Int)>
  private let count: Int
  init(_ count: Int) {
    self.count = count
    state = Mutex((0, 0))
  }
  func wait() {
    let round = state.withLock { state in
      state.waiting += 1
      if state.waiting == count {
        state = (0, state.round + 1)
        return state.round - 1
      }
      return state.round
    }
    while state.withLock({ $0.round == round }) { usleep(100) }
  }
}

private final class Payload {
  var names = [text(20), text(30)]
  var next: Payload?
}

private class Worked {
  let payload: Payload
  var others: [Leaf]
  init(_ count: Int) {
    payload = Payload()
    others = (0..<count).map { _ in Leaf() }
  }
}
private final class Derived: Worked {}

private let threadCount = 8
private let runningTime = Duration.seconds(10)

@Suite("Threads")
struct ThreadsTests {
  @Test("8 threads make and destroy objects: the counts are exact at every barrier")
  func barriers() throws {
    class Base { let value = number(1) }
    final class Low: Base { let leaf = Leaf() }
    let tracker = ClassTracker()
    try tracker.track(class: Base.self, name: "Base")
    try tracker.track(class: Low.self, name: "Low")
    let barrier = Barrier(threadCount + 1)
    let counts = Mutex((base: 0, low: 0, born: 0))
    let isOver = Mutex(false)
    let measuring = Mutex<[(Snapshot, base: Int, low: Int)]>([])
    let end = ContinuousClock.now + runningTime
    try onThreads(threadCount + 1) { index in
      guard index < threadCount else {
        // The one that measures.
        while true {
          barrier.wait()
          let snapshot = try? tracker.createSnapshot(mode: .inPlace)
          let (base, low, _) = counts.withLock(\.self)
          if let snapshot { measuring.withLock { $0.append((snapshot, base, low)) } }
          isOver.withLock { $0 = ContinuousClock.now > end }
          barrier.wait()
          if isOver.withLock(\.self) { return }
        }
      }
      var random = SeededGenerator(seed: UInt64(index))
      var living: [Base] = []
      repeat {
        var change = (base: 0, low: 0, born: 0)
        for _ in 0..<2_000 {
          if living.count > 500 || (random.next() % 2 == 0 && !living.isEmpty) {
            let gone = living.remove(at: Int(random.next() % UInt64(living.count)))
            if gone is Low { change.low -= 1 } else { change.base -= 1 }
          } else if random.next() % 3 == 0 {
            living.append(made { Low() })
            change.low += 1
            change.born += 1
          } else {
            living.append(made { Base() })
            change.base += 1
            change.born += 1
          }
        }
        counts.withLock { $0 = ($0.base + change.base, $0.low + change.low, $0.born + change.born) }
        barrier.wait()
        barrier.wait()
      } while !isOver.withLock(\.self)
    }
    let measured = measuring.withLock(\.self)
    #expect(measured.count > 2)
    for (snapshot, base, low) in measured {
      #expect(snapshot.classes.mapValues(\.active) == ["Base": base, "Low": low])
      // A header and an integer; a reference more, and a leaf, which is as large as the first.
      #expect(
        snapshot.classes.mapValues(\.bytes) == [
          "Base": base * Int(csizer_block_bytes(24)),
          "Low": low * (Int(csizer_block_bytes(32)) + Int(csizer_block_bytes(24))),
        ])
      #expect(snapshot.skippedCount == 0)
    }
    let statistics = tracker.statistics
    #expect(statistics.objectCount == counts.withLock(\.born))
    // There are millions: every thousandth is looked at.
    for position in stride(from: 0, to: statistics.objectCount, by: 1_000) {
      let object = try #require(statistics.object(at: position))
      #expect((object.death ?? .zero) >= object.birth)
    }
  }

  @Test("8 threads never stop constructing: snapshots end, and what is read of them makes sense")
  func withoutBarriers() throws {
    let tracker = ClassTracker()
    try tracker.track(class: Worked.self, name: "Worked")
    try tracker.track(class: Derived.self, name: "Derived", resolutionLevel: 1)
    let end = ContinuousClock.now + runningTime
    let snapshots = Mutex<[Snapshot]>([])
    try onThreads(threadCount + 1) { index in
      guard index < threadCount else {
        while ContinuousClock.now < end {
          if let snapshot = try? tracker.createSnapshot(mode: .inPlace) { snapshots.withLock { $0.append(snapshot) } }
          usleep(1_000)
        }
        return
      }
      var random = SeededGenerator(seed: UInt64(index))
      // Bounded, for each object that was ever tracked costs its record.
      for _ in 0..<200_000 where ContinuousClock.now < end {
        var living: [Worked] = []
        for _ in 0..<random.next() % 20 {
          let count = Int(random.next() % 5)
          living.append(random.next() % 8 == 0 ? made { Derived(count) } : made { Worked(count) })
        }
        keepAlive(living)
      }
    }
    let taken = snapshots.withLock(\.self)
    #expect(taken.count > 2)
    for snapshot in taken {
      // At most 19 objects a thread live at a time.
      #expect(snapshot.classes.values.allSatisfy { $0.active >= 0 && $0.active <= threadCount * 20 })
      #expect(snapshot.trackedBytes >= 32 * snapshot.classes.values.reduce(0) { $0 + $1.active })
    }
    #expect(try tracker.createSnapshot().trackedBytes == 0)
    #expect(tracker.statistics.objects(className: nil, limit: 1_000).allSatisfy { $0.death != nil })
  }

  @Test("any member may be called from any thread")
  func anyMember() throws {
    class Tracked {}
    final class Low: Tracked {}
    let tracker = ClassTracker()
    try onThreads(threadCount) { index in
      for step in 0..<100 {
        switch (index + step) % threadCount {
        case 0: try? tracker.track(class: Tracked.self, name: "Tracked \(step % 3)", trace: step % 2 == 0)
        case 1: try? tracker.track(class: Low.self, name: "Low", resolutionLevel: 1, keep: step % 7 == 0)
        case 2: _ = try? tracker.createSnapshot("\(step)")
        case 3: keepAlive(tracker.statistics.objects)
        case 4: try? tracker.detach(class: Tracked.self)
        case 5: step % 10 == 0 ? tracker.clear() : tracker.detachAllClasses()
        case 6: step % 10 == 0 ? tracker.detachAll() : tracker.stopPeriodicSnapshots()
        default:
          let object = made { Low() }
          try? tracker.track(object, keep: step % 5 == 0)
          try? tracker.change(object, resolutionLevel: step % 3)
        }
        for _ in 0..<20 {
          keepAlive(made { Low() })
          keepAlive(made { Tracked() })
        }
      }
    }
    tracker.clear()
    #expect(tracker.statistics.objectCount == 0 && tracker.statistics.snapshots.isEmpty)
    try tracker.track(class: Tracked.self, name: "Tracked")
    let objects = [made { Tracked() }, made { Low() }]
    #expect(try tracker.active("Tracked") == 2)
    keepAlive(objects)
  }

  @Test("trackers come and go while other threads make objects of their classes")
  func comeAndGo() throws {
    class Tracked { let leaf = Leaf() }
    let isOver = Mutex(false)
    try onThreads(4) { index in
      if index == 0 {
        for round in 0..<200 {
          let tracker = ClassTracker()
          try? tracker.track(class: Tracked.self, name: "Tracked", keep: round % 3 == 0, trace: round % 2 == 0)
          _ = try? tracker.createSnapshot()
          if round % 4 == 0 { tracker.close() }
        }
        isOver.withLock { $0 = true }
      } else {
        var living: [Tracked] = []
        while !isOver.withLock(\.self) {
          living.append(made { Tracked() })
          if living.count > 100 { living = [] }
        }
      }
    }
    let tracker = ClassTracker()
    try tracker.track(class: Tracked.self, name: "Tracked")
    let object = made { Tracked() }
    #expect(try tracker.active("Tracked") == 1)
    keepAlive(object)
  }
}
