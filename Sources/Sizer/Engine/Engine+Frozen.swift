// SPDX-License-Identifier: Apache-2.0
import CSizer
package import Synchronization

/// A frozen sizing under way: the child works, the process goes on.
struct FrozenSizing: ~Copyable, Sendable {
  fileprivate let child: csizer_child
  fileprivate let results: SizingResults
  fileprivate let headroom: Headroom
  fileprivate var found: Sizing
  /// Of the kinds of block, when what lives is wanted by class.
  fileprivate let kindNames: [String]

  /// For how long births and deaths had to wait.
  var pause: Duration { found.pause }
}

/// What came of asking for a child.
enum FrozenStart: ~Copyable, Sendable {
  case underWay(FrozenSizing)
  /// The host could be hurt for want of memory: in words, what is short.
  case noRoom(String)
}

/// What came of a child.
enum FrozenEnd: ~Copyable, Sendable {
  case finished(FinishedSizing)
  /// It has met types that are known from now on, or wanted more room; ask again.
  case learnt
  /// It was ended, or had to be.
  case failed(String)
  /// It was ended for memory.
  case noRoom(String)
}

extension Engine {
  /// For how many nanoseconds a child may make no progress.
  package static let patience = Atomic<UInt64>(20_000_000_000)

  /// How many processors a child that sizes may use at most.
  private static let mostProcessors = Atomic<UInt32>(2)
  static var usesTwoProcessors: Bool {
    get { mostProcessors.load(ordering: .relaxed) > 1 }
    set { mostProcessors.store(newValue ? 2 : 1, ordering: .relaxed) }
  }

  /// How many processors a child may use now, of at most so many.
  package static func processorsForChild(atMost most: UInt32) -> UInt32 {
    csizer_census_map().map { csizer_frozen_processors($0, most) } ?? 1
  }

  /// Tests only: whether the heap is large enough for two.
  package static var isHeapLarge: Bool { csizer_census_map().map { csizer_frozen_is_large($0) } ?? false }

  /// Tests only: how many objects the last child that ended well looked at in sweeps that two threads share, and how
  /// many of these its second thread did.
  package static let lastSweep = Mutex((all: UInt64(0), bySecond: UInt64(0)))

  /// Forks a child that sizes all living objects of a tracker in its image of the process, if there is memory for it.
  /// The tracker's lock is held until this returns; it was taken in the turn.
  static func startFrozen(
    _ lifetimes: Lifetimes, in turn: inout Turn, heap: SnapshotHeap = .none, operation: String
  ) throws(SizerError) -> FrozenStart {
    try lifetimes.list(operation: operation)
    let walk = try turn.makeWalk(operation: operation)
    try check(csizer_frozen_prepare(lifetimes.handle, walk.layouts.handle), operation: operation)
    let headroom: Headroom
    switch try Headroom.find(forResultsOf: lifetimes, operation: operation) {
    case .found(let found): headroom = found
    case .short(let what): return .noRoom(what)
    }
    let layouts = walk.layouts
    let kindNames = heap == .classes ? (0..<layouts.kindCount).map { layouts.name(ofKind: $0) } : []
    _ = csizer_lifetimes_count(lifetimes.handle)  // what was born by now is put in order while others go on
    let processors = processorsForChild(atMost: mostProcessors.load(ordering: .relaxed))
    // From the first lock on, of which there are many, others wait.
    let asked = Ticks.now
    let held = Ticks(value: csizer_lifetimes_hold())
    defer { csizer_lifetimes_resume() }
    let results = try SizingResults(of: lifetimes, isShared: true, operation: operation)
    if heap == .classes {
      try check(csizer_sizing_want_kinds(results.handle, kindNames.count), operation: operation)
    }
    guard let child = try walk.fork(results.handle, processors: processors) else { return .noRoom(Headroom.refusal) }
    let found = Sizing(mode: .frozen, taken: held, pause: Ticks.now.duration(since: asked))
    return .underWay(
      FrozenSizing(child: child, results: results, headroom: headroom, found: found, kindNames: kindNames))
  }

  /// Waits for the child. No lock is held. `isLast` takes the sizes though types are unknown.
  static func finish(_ frozen: consuming FrozenSizing, isLast: Bool, operation: String) throws(SizerError) -> FrozenEnd
  {
    let end = csizer_frozen_await(
      frozen.results.handle, frozen.child, patience.load(ordering: .relaxed), frozen.headroom.handle)
    switch end {
    case CSIZER_CHILD_DIED: return .failed("its child process was ended by somebody")
    case CSIZER_CHILD_STUCK: return .failed("its child process was stuck")
    case CSIZER_CHILD_NO_ROOM: return .noRoom(frozen.headroom.endedFor)
    case CSIZER_CHILD_KILLED_FOR_MEMORY: return .noRoom(Headroom.killed)
    default: break
    }
    let report = csizer_frozen_report_of(frozen.results.handle)
    try check(report.status, operation: operation)
    lastSweep.withLock { $0 = (report.swept, report.swept_by_second) }
    var learnt = 0
    if report.unknown > 0 {
      learnt = try withTurn { (turn) throws(SizerError) in try learn(frozen.results, in: &turn, operation: operation) }
    }
    let lacksRoom = csizer_sizing_lacks_room(frozen.results.handle)
    if learnt > 0 || lacksRoom, !isLast { return .learnt }
    frozen.found.trees = frozen.results.trees()
    frozen.found.unresolvedCount = Int(report.unresolved)
    frozen.found.estimatedBytes = Int(report.estimated_bytes)
    if report.heap_objects > 0 {
      frozen.found.heap = (Int(report.heap_objects), Int(report.heap_raw), Int(report.heap_dead))
    }
    frozen.found.heapClasses = frozen.results.heapClasses(named: frozen.kindNames)
    return .finished(FinishedSizing(found: frozen.found, results: frozen.results))
  }
}

/// What tests let go wrong with frozen snapshots.
package enum FrozenFault: CaseIterable, Sendable {
  /// The kernel refuses the child, or the memory for its results.
  case fork, memory
  /// The child is killed, never ends, or faults at every other object.
  case death, hang, crash
  /// The fork takes 100 ms and more.
  case slow
  /// The kernel refuses the child for want of memory.
  case noRoom

  fileprivate var inC: csizer_frozen_fault {
    switch self {
    case .fork: CSIZER_FAULT_FORK
    case .memory: CSIZER_FAULT_MEMORY
    case .death: CSIZER_FAULT_DEATH
    case .hang: CSIZER_FAULT_HANG
    case .crash: CSIZER_FAULT_CRASH
    case .slow: CSIZER_FAULT_SLOW
    case .noRoom: CSIZER_FAULT_NO_ROOM
    }
  }
}

extension Engine {
  /// Tests only: what happens to the next children of the process, whichever tracker asks for them.
  package static func failFrozen(_ fault: FrozenFault, times: Int) {
    csizer_frozen_fail(fault.inC, UInt32(times))
  }
}
