// SPDX-License-Identifier: Apache-2.0
import Glibc
import Sizer
import Synchronization
import Testing

@Suite("Deaths")
struct DeathsTests {
  @Test("deinit runs exactly when it would, tracked or not")
  func deinitTimes() throws {
    final class Logger: Sendable {
      let log = Mutex<[String]>([])
    }
    final class Logged {
      let log: Logger
      init(_ log: Logger) { self.log = log }
      deinit { log.log.withLock { $0.append("deinit") } }
    }
    func run(_ tracker: ClassTracker?) throws -> [String] {
      let logger = Logger()
      func note(_ text: String) { logger.log.withLock { $0.append(text) } }
      try tracker?.track(class: Logged.self, name: "Logged")
      var logged: Logged? = made { Logged(logger) }
      var other = logged
      note("first goes")
      logged = nil
      try tracker?.createSnapshot()
      note("last goes")
      other = nil
      note("gone")
      keepAlive((logged, other))
      return logger.log.withLock(\.self)
    }
    let expected = ["first goes", "last goes", "deinit", "gone"]
    #expect(try run(nil) == expected)
    let tracker = ClassTracker()
    #expect(try run(tracker) == expected)
    tracker.close()
    #expect(try run(nil) == expected)
  }

  @Test("what is kept goes when it is untracked", .serialized, arguments: ["detachAll", "clear", "close", "free"])
  func lettingGo(_ way: String) throws {
    final class Tracked {}
    var tracker: ClassTracker? = ClassTracker()
    try tracker!.track(class: Tracked.self, name: "Tracked", keep: true)
    weak var object: Tracked?
    do { object = made { Tracked() } }
    tracker!.detachAllClasses()
    #expect(object != nil)
    switch way {
    case "detachAll": tracker!.detachAll()
    case "clear": tracker!.clear()
    case "close": tracker!.close()
    default: tracker = nil
    }
    #expect(object == nil)
    // It was untracked, and died after that: not as a tracked object.
    if way == "detachAll" || way == "close" {
      #expect(tracker!.statistics.objects.map { $0.death == nil } == [true])
    }
  }

  @Test("a deinit that runs when an object is untracked may call the tracker")
  func reentrant() throws {
    final class Caller {
      let tracker: ClassTracker
      init(_ tracker: ClassTracker) { self.tracker = tracker }
      deinit {
        _ = try? tracker.createSnapshot("from deinit")
        try? tracker.track(class: Caller.self, name: "tracked in deinit")
        _ = tracker.statistics.objects
        tracker.detachAll()
      }
    }
    let tracker = ClassTracker()
    do { try tracker.track(made { Caller(tracker) }, name: "caller", keep: true) }
    tracker.detachAll()
    #expect(tracker.statistics.snapshots.map(\.label) == ["from deinit"])
  }

  @Test("an object may be tracked in its own deinit, which changes nothing of its end")
  func trackedWhileDying() throws {
    final class Dying {
      let tracker: ClassTracker
      init(_ tracker: ClassTracker) { self.tracker = tracker }
      deinit { try? tracker.track(self, name: "dying") }
    }
    let tracker = ClassTracker()
    do { _ = made { Dying(tracker) } }
    #expect(tracker.objects("dying").allSatisfy { $0.death != nil })
    #expect(try tracker.createSnapshot().trackedBytes == 0)
  }

  @Test("weak and unowned references do not delay a death, though the memory stays")
  func weakAndUnowned() throws {
    final class Holder {
      weak var weakly: Leaf?
      unowned(safe) var unownedly: Leaf
      init(_ leaf: Leaf) { (weakly, unownedly) = (leaf, leaf) }
    }
    let tracker = ClassTracker()
    var leaf: Leaf? = made { Leaf() }
    try tracker.track(leaf!, name: "leaf")
    let holder = made { Holder(leaf!) }
    #expect(try tracker.active("leaf") == 1)
    leaf = nil
    #expect(holder.weakly == nil)
    #expect(try tracker.active("leaf") == 0)
    let object = tracker.objects("leaf")[0]
    #expect(object.death != nil && object.address == 0)
    #expect(object.records.count == 1)
    keepAlive(holder)
  }

  @Test("an object with weak references is tracked although its counts have moved")
  func weakBefore() throws {
    var leaf: Leaf? = made { Leaf() }
    weak let weakly = leaf
    let tracker = ClassTracker()
    try tracker.track(leaf!, name: "leaf")
    // The counts are in a block of their own now, which is the object's; a Leaf's is 32.
    #expect(try tracker.createSnapshot().trackedBytes > 32)
    #expect(tracker.objects("leaf")[0].death == nil)
    leaf = nil
    #expect(weakly == nil)
    #expect(tracker.objects("leaf").map { $0.death != nil } == [true])
  }

  @Test("births and deaths have times in their order")
  func order() throws {
    final class Tracked {}
    let tracker = ClassTracker()
    try tracker.track(class: Tracked.self, name: "Tracked")
    var objects: [Tracked?] = (0..<100).map { _ in made { Tracked() } }
    let snapshot = try tracker.createSnapshot()
    var deaths: [Int] = []
    for step in 0..<100 {
      let next = step * 37 % 100
      objects[next] = nil
      deaths.append(next)
    }
    let recorded = tracker.statistics.objects
    #expect(recorded.map(\.birth) == recorded.map(\.birth).sorted())
    #expect(
      recorded.allSatisfy { $0.birth > .zero && $0.birth <= snapshot.timestamp && $0.death! >= snapshot.timestamp })
    let inOrder = deaths.map { recorded[$0].death! }
    #expect(inOrder == inOrder.sorted())
    let sorted = tracker.statistics.sorted(by: .death).objects
    #expect(sorted.map(\.death) == inOrder)
  }

  @Test("memory that is used again is another object")
  func reuse() throws {
    final class Tracked {}
    let tracker = ClassTracker()
    try tracker.track(class: Tracked.self, name: "Tracked")
    var addresses: Set<UInt64> = []
    for _ in 0..<1_000 {
      let object = made { Tracked() }
      addresses.insert(UInt64(UInt(bitPattern: Unmanaged.passUnretained(object).toOpaque())))
      keepAlive(object)
    }
    // The allocator gives the same block again, or a few.
    #expect(addresses.count < 1_000)
    let objects = tracker.objects("Tracked")
    #expect(objects.count == 1_000)
    #expect(objects.allSatisfy { $0.death != nil && $0.birth <= $0.death! && $0.address == 0 })
    #expect(try tracker.active("Tracked") == 0)
    // An object of another class in that memory is none of the tracker's.
    let others = (0..<100).map { _ in made { Leaf() } }
    #expect(try tracker.active("Tracked") == 0)
    keepAlive(others)
  }

  @Test("living objects have their address, dead ones none")
  func addresses() throws {
    let tracker = ClassTracker()
    let leaf = made { Leaf() }
    try tracker.track(leaf)
    let address = UInt64(UInt(bitPattern: Unmanaged.passUnretained(leaf).toOpaque()))
    #expect(tracker.statistics.objects[0].address == address)
    #expect(lines { tracker.statistics.printStatistics(to: &$0) }[0].contains("0x" + String(address, radix: 16)))
    keepAlive(leaf)
    tracker.detachAll()
    #expect(tracker.statistics.objects[0].address == 0)
  }

  @Test("an object that dies on another thread is dead")
  func anotherThread() throws {
    final class Tracked {}
    let tracker = ClassTracker()
    try tracker.track(class: Tracked.self, name: "Tracked")
    let reference = Unmanaged.passRetained(made { Tracked() })
    #expect(try tracker.active("Tracked") == 1)
    var thread = pthread_t()
    let started = pthread_create(
      &thread, nil,
      { pointer in
        Unmanaged<AnyObject>.fromOpaque(pointer!).release()
        return nil
      }, reference.toOpaque())
    try #require(started == 0)
    pthread_join(thread, nil)
    #expect(try tracker.active("Tracked") == 0)
    #expect(tracker.objects("Tracked").map { $0.death != nil } == [true])
  }

  @Test("objects that die together with what owns them are all dead")
  func together() throws {
    final class Owner { let parts = (0..<10).map { _ in Leaf() } }
    let tracker = ClassTracker()
    do {
      let owner = made { Owner() }
      try tracker.track(owner, name: "owner")
      for part in owner.parts { try tracker.track(part, name: "part") }
      #expect(try tracker.createSnapshot().classes.mapValues(\.active) == ["owner": 1, "part": 10])
    }
    #expect(try tracker.createSnapshot().classes.mapValues(\.active) == ["owner": 0, "part": 0])
    let deaths = tracker.statistics.sorted(by: .death).objects.map(\.name)
    #expect(deaths == ["owner"] + [String](repeating: "part", count: 10))
  }
}
