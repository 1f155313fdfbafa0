// SPDX-License-Identifier: Apache-2.0
import Synchronization

extension ClassTracker {
  /// Sizes all living tracked objects and records the process's memory.
  ///
  ///     let snapshot = try tracker.createSnapshot("after load", heap: .classes)
  ///     print(snapshot.trackedBytes, snapshot.pause)
  ///
  /// Sizes are deep: all that an object owns through strong references, each block once. What several tracked objects
  /// reach counts for the one that was tracked first; a tracked object never counts with what refers to it. Objects
  /// that are dead cost nothing.
  ///
  /// - `inPlace`: in the process itself, some 50 ns for a small object. Threads that make or free tracked objects wait
  ///   meanwhile, and no thread may change what tracked objects refer to.
  /// - `frozen`: in a forked child that has an image of the process; other threads go on after the fork (20 to 40 ms
  ///   per GiB of memory with 4 KiB pages, 1 to 2 with huge ones that are not being written) and may do what they like.
  ///   Pages that they write while the child works are copied.
  /// - `counts`: counts and the bytes of each object's own block, without a look at what it refers to:
  ///   `Snapshot.skippedCount` counts all living objects, for no size is known, and they keep the sizes they had.
  ///   Some 50 ns for an object.
  /// - `automatic`: in place when nothing tracked lives, or when the process has one thread and little is tracked
  ///   (100,000 objects that had 64 MiB in the snapshot before); frozen otherwise.
  ///
  /// A frozen image may cost memory, and no limit is reached for its sake. When the head room below the limits of the
  /// control groups, of the process and of the machine is too small, or becomes so while the child works, `counts` is
  /// taken instead of `frozen`, asked for or not: `Snapshot.mode` says so and `Snapshot.error` says why. When the
  /// kernel has killed a child for memory none is made again.
  ///
  /// The snapshot says how it was taken and how long others had to wait (`Snapshot.pause`).
  /// - Parameters:
  ///   - label: what it is called.
  ///   - mode: how it looks at the heap.
  ///   - fragmentation: also ask the allocator which slabs the living objects of each class pin, and how full these are
  ///     (`ClassRecord.slabs`); some 50 ns more per object.
  ///   - heap: also tell what lives by class, tracked or not (`Snapshot.heap`), and how much of it nothing tracked
  ///     reaches (`Snapshot.untrackedBytes`). Read in a frozen image, so that `automatic` is `frozen` then; `counts`
  ///     has none.
  /// - Returns: the snapshot, which ``statistics`` has from now on, too.
  /// - Throws: `invalidArgument` for classes of the heap in place; `closed`; `outOfMemory`; `systemRefused` when the
  ///   kernel refuses the child, or ended it twice;
  ///   `unsupportedRuntime`; `unsupportedAllocator` when slabs are asked for and not known. Nothing is recorded then.
  @discardableResult
  public func createSnapshot(
    _ label: String = "", mode: SnapshotMode = .automatic, fragmentation: Bool = false, heap: SnapshotHeap = .none
  ) throws(SizerError) -> Snapshot {
    try createSnapshot(label, mode, SnapshotWishes(slabs: fragmentation, heap: heap))
  }

  /// A periodic one: with nothing tracked and nothing to tell of the heap it is a sample, without a ladder.
  func createSample(_ label: String, heap: SnapshotHeap) throws(SizerError) {
    try createSnapshot(label, .automatic, SnapshotWishes(heap: heap, isSample: heap == .none))
  }

  @discardableResult
  func createSnapshot(
    _ label: String, _ mode: SnapshotMode, _ wishes: SnapshotWishes
  ) throws(SizerError) -> Snapshot {
    let operation = "ClassTracker.createSnapshot(_:mode:fragmentation:heap:)"
    if wishes.heap == .classes, mode == .inPlace {
      throw SizerError(
        .invalidArgument, operation, "what other threads have would be read while they free it",
        advice: "take the classes of the heap in a frozen snapshot")
    }
    let lifetimes = try lifetimes.get()
    try checkLength(of: label, "label", operation: operation)
    let request = SnapshotRequest(label: label, wishes: wishes, lifetimes: lifetimes, operation: operation)
    return try Engine.onOwnStack(operation) { () throws(SizerError) in try create(request, mode) }
  }

  func create(_ request: SnapshotRequest, _ mode: SnapshotMode) throws(SizerError) -> Snapshot {
    let (lifetimes, operation) = (request.lifetimes, request.operation)
    return try snapshotting.withLock { (_) throws(SizerError) in
      let isInPlace = try state.withLock { (state) throws(SizerError) in
        try state.checkOpen(operation)
        try lifetimes.list(operation: operation)
        let isFrozen = mode == .frozen || request.wishes.heap == .classes
        return mode == .inPlace || (!isFrozen && state.suitsInPlace(lifetimes))
      }
      let snapshot =
        mode == .counts
        ? try createCounts(request, because: Snapshot.countsWereAskedFor)
        : isInPlace
          ? try createInPlace(request) : try Seats.withSeat { () throws(SizerError) in try createFrozen(request) }
      try writeSnapshots(heap: request.heap, operation: operation)
      return snapshot
    }
  }

  /// The tracker's lock is taken when it is this thread's turn to walk: hundreds of others may be before it.
  private func createInPlace(_ request: SnapshotRequest) throws(SizerError) -> Snapshot {
    let empty = try state.withLock { (state) throws(SizerError) -> Snapshot? in
      try state.checkOpen(request.operation)
      guard request.lifetimes.livingCount == 0 else { return nil }
      let nothing = Sizing(mode: .inPlace, taken: .now)  // with nothing to size there is nothing to stop
      return state.record(try state.draft(request, nothing), nothing, request.lifetimes)
    }
    if let empty { return empty }
    return try Engine.withTurn { (turn) throws(SizerError) in
      try state.withLock { (state) throws(SizerError) in
        try state.checkOpen(request.operation)
        var sizing = try Engine.sizeInPlace(request.lifetimes, in: &turn, operation: request.operation)
        return try state.record(request, &sizing)
      }
    }
  }

  /// The cheap form: for want of memory, or because it was asked for. Images that were taken in vain had a pause, too,
  /// and the tracker may have been cleared since.
  private func createCounts(
    _ request: SnapshotRequest, because reason: String, after pause: Duration = .zero, generation: Int? = nil
  ) throws(SizerError) -> Snapshot {
    try state.withLock { (state) throws(SizerError) in
      try state.checkOpen(request.operation)
      var sizing = try Engine.count(request.lifetimes, operation: request.operation)
      sizing.pause += pause
      var draft = try state.draft(request, sizing)
      draft.error = reason
      guard generation == nil || state.generation == generation else { return draft }
      return state.record(draft, sizing, request.lifetimes)
    }
  }

  /// What is taken when there is no room for an image.
  private func createInstead(
    _ request: SnapshotRequest, because reason: String, after pause: Duration, generation: Int
  ) throws(SizerError) -> Snapshot {
    guard !request.wishes.isOnlyWithRoom else {
      throw SizerError(.outOfMemory, request.operation, reason, advice: "take counts only")
    }
    return try createCounts(request, because: reason, after: pause, generation: generation)
  }

  /// The tracker's lock is free while the child works.
  private func createFrozen(_ request: SnapshotRequest) throws(SizerError) -> Snapshot {
    var attempt = 0
    var failures = 0
    var pause = Duration.zero
    while true {
      attempt += 1
      var generation = 0
      let start = try Engine.withTurn { (turn) throws(SizerError) in
        try state.withLock { (state) throws(SizerError) in
          try state.checkOpen(request.operation)
          generation = state.generation
          return try Engine.startFrozen(
            request.lifetimes, in: &turn, heap: request.wishes.heap, operation: request.operation)
        }
      }
      let frozen: FrozenSizing
      switch consume start {
      case .underWay(let child): frozen = child
      case .noRoom(let what):
        return try createInstead(request, because: what, after: pause, generation: generation)
      }
      pause += frozen.pause
      switch try Engine.finish(frozen, isLast: attempt == Engine.mostAttempts, operation: request.operation) {
      case .learnt: continue
      case .noRoom(let what):
        return try createInstead(request, because: what, after: pause, generation: generation)
      case .failed(let what):
        failures += 1
        guard failures < 2 else {
          throw SizerError(
            .systemRefused, request.operation, "the snapshot failed twice: \(what)",
            advice: "try again, or take one in place")
        }
      case .finished(var sizing):
        sizing.found.pause = pause  // of all images that it took
        return try state.withLock { (state) throws(SizerError) in
          // Cleared meanwhile: there is nothing any more that the sizes could be recorded of.
          guard state.generation == generation else { return try state.draft(request, sizing.found) }
          return try state.record(request, &sizing)
        }
      }
    }
  }

  /// What is sized in place in some 10 ms: as long as the fork of a process of 300 MiB takes.
  static let mostInPlace = (objects: 100_000, bytes: 64 << 20)

  /// What was recorded up to now, as a value that does not change any more.
  ///
  /// Time: linear in the objects ever tracked and in the sizes recorded; stacks are symbolised when they are first
  /// asked for here.
  public var statistics: Statistics {
    let lifetimes = try? lifetimes.get()
    return Engine.preferringOwnStack {
      Statistics(state.withLock { HistoryBuilder($0, lifetimes) }.finished())
    }
  }
}

/// What a snapshot is to tell besides.
struct SnapshotWishes {
  var slabs = false
  var heap = SnapshotHeap.none
  /// Whether with nothing tracked the kernel's figures are enough.
  var isSample = false
  /// Whether without room for a frozen image none is to be taken at all: the cheap form was taken already.
  var isOnlyWithRoom = false
}

/// What a snapshot was asked for.
struct SnapshotRequest {
  var label: String
  var wishes: SnapshotWishes
  var lifetimes: Lifetimes
  var operation: String
  /// What goes into the file with it.
  var heap: RecordedHeap?
}

extension TrackerState {
  /// Whether nobody else could change what is sized in place, and that takes no longer than a fork would.
  fileprivate func suitsInPlace(_ lifetimes: Lifetimes) -> Bool {
    let isSmall =
      lifetimes.livingCount <= ClassTracker.mostInPlace.objects
      && (snapshots.last?.trackedBytes ?? 0) <= ClassTracker.mostInPlace.bytes
    return lifetimes.livingCount == 0 || (isSmall && Engine.hasOneThread)
  }
}

extension TrackerState {
  /// Makes a snapshot of a sizing and records both, or neither.
  fileprivate mutating func record(
    _ request: SnapshotRequest, _ sizing: inout FinishedSizing
  ) throws(SizerError) -> Snapshot {
    // All that can fail comes before the first change.
    let draft = try draft(request, sizing.found)
    try sizing.record(as: snapshots.count, operation: request.operation)
    return record(draft, sizing.found, request.lifetimes)
  }

  /// Completes a snapshot by the sums by class and records it.
  fileprivate mutating func record(_ draft: Snapshot, _ sizing: Sizing, _ lifetimes: Lifetimes) -> Snapshot {
    var snapshot = draft
    // An object that could not be recorded at its birth can't be sized either.
    snapshot.skippedCount = sizing.skippedCount + lifetimes.lostCount
    for (cohort, sum) in sizing.sums.enumerated() where sum.active > 0 {
      let name = name(ofCohort: cohort, in: lifetimes)
      snapshot.classes[name, default: ClassRecord()].active += sum.active
      snapshot.classes[name, default: ClassRecord()].bytes += sum.bytes
      snapshot.trackedBytes += sum.bytes
    }
    if snapshot.trackedBytes > 0 {
      for name in snapshot.classes.keys {
        snapshot.classes[name]!.share = Double(snapshot.classes[name]!.bytes) / Double(snapshot.trackedBytes)
      }
    }
    record(sizing.trees, lifetimes)
    snapshots.append(snapshot)
    return snapshot
  }

  /// The snapshot without sizes.
  fileprivate mutating func draft(_ request: SnapshotRequest, _ sizing: Sizing) throws(SizerError) -> Snapshot {
    listMetClasses(in: request.lifetimes)
    let process = try Engine.processMemory(operation: request.operation)
    // With nothing tracked a periodic one is the kernel's figures and costs some 130 µs, for all is cold when it comes;
    // the ladder and the profiler's own pages would cost more than as much again.
    let isSample = request.wishes.isSample && request.lifetimes.livingCount == 0 && !tracksClasses
    let overhead = isSample ? snapshots.last?.overheadBytes : nil
    let ladder =
      isSample
      ? nil
      : try Engine.memoryLadder(
        objectBytes: sizing.heap?.objects, rawBytes: sizing.heap?.raw, deadBytes: sizing.heap?.dead, process: process,
        operation: request.operation)
    var records = Dictionary(uniqueKeysWithValues: names.map { ($0, ClassRecord()) })
    if request.wishes.slabs {
      let slabs = try request.lifetimes.slabUse(operation: request.operation) {
        name(ofCohort: $0, in: request.lifetimes)
      }
      for name in names { records[name]?.slabs = slabs[name] ?? SlabUse() }
    }
    return Snapshot(
      label: request.label, timestamp: sizing.taken.duration(since: epoch),
      overheadBytes: overhead ?? ladder?.profiler ?? Engine.overheadBytes,
      mode: sizing.mode, pause: sizing.pause, unresolvedCount: sizing.unresolvedCount, process: process,
      classes: records, ladder: ladder, estimatedBytes: sizing.estimatedBytes, heap: sizing.heapClasses)
  }

  /// Adds a snapshot for which nothing was sized.
  mutating func recordEmpty(_ snapshot: Snapshot) {
    snapshots.append(snapshot)
  }

  /// Adds the trees that differ from those before.
  private mutating func record(_ trees: [(object: UInt32, referents: [SizeNode])], _ lifetimes: Lifetimes) {
    let number = UInt32(snapshots.count)
    var present = Dictionary(uniqueKeysWithValues: trees.map { ($0.object, $0.referents) })
    for (object, tree) in trees where lastTrees[object] != tree {
      referents.append(History.ReferentRow(object: object, snapshot: number, tree: tree))
    }
    for (object, tree) in lastTrees.sorted(by: { $0.key < $1.key }) where present[object] == nil {
      // One that could not be sized keeps what it had, as its size. One whose level became 0 has none from now on; for
      // one that died it makes no difference.
      if lifetimes.namesReferents(of: object) {
        present[object] = tree
      } else {
        referents.append(History.ReferentRow(object: object, snapshot: number, tree: []))
      }
    }
    lastTrees = present
  }
}
