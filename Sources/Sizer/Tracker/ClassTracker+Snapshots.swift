// SPDX-License-Identifier: Apache-2.0
import Synchronization

extension ClassTracker {
  /// Sizes all living tracked objects and records the process's memory.
  ///
  /// Sizes are deep: all that an object owns through strong references, each block once. What several tracked objects reach counts for
  /// the one that was announced first; a tracked object never counts with what refers to it. Objects that are dead cost nothing.
  ///
  /// - `inPlace`: in the process itself, some 100 ns for a small object. Threads that make or free tracked objects wait meanwhile, and no
  ///   thread may change what tracked objects refer to.
  /// - `frozen`: in a forked child that has an image of the process; other threads go on after the fork (some 20 ms per GiB of memory
  ///   with 4 KiB pages, 1 with huge pages) and may do what they like. Pages that they write while the child works are
  ///   copied. Referents are not named.
  /// - `automatic`: in place when the process has one thread, when nothing is tracked, or when referents are to be named; frozen otherwise.
  ///
  /// The snapshot says how it was taken and how long others had to wait (``Snapshot/pause``).
  /// - Returns: the snapshot, which ``statistics`` has from now on, too.
  /// - Throws: `closed`; `outOfMemory`; `systemRefused` when the kernel refuses the child, or ended it twice; `unsupportedRuntime`.
  ///   Nothing is recorded then.
  @discardableResult
  public func createSnapshot(_ label: String = "", mode: SnapshotMode = .automatic) throws(SizerError) -> Snapshot {
    let place = "ClassTracker.createSnapshot(_:mode:)"
    let lifetimes = try lifetimes.get()
    return try snapshotting.withLock { (_) throws(SizerError) in
      let isInPlace = try state.withLock { (state) throws(SizerError) in
        try state.checkOpen(place)
        return mode == .inPlace || (mode == .automatic && lifetimes.suitsInPlace)
      }
      return isInPlace
        ? try createInPlace(label, lifetimes, place: place) : try createFrozen(label, lifetimes, place: place)
    }
  }

  private func createInPlace(_ label: String, _ lifetimes: Lifetimes, place: String) throws(SizerError) -> Snapshot {
    try state.withLock { (state) throws(SizerError) in
      try state.checkOpen(place)
      if lifetimes.count == 0 {  // with nothing to size there is nothing to stop
        return try state.record(label, Sizing(mode: .inPlace, taken: .now), lifetimes, place: place)
      }
      var sizing = try Engine.sizeInPlace(lifetimes, place: place)
      try sizing.record(as: state.snapshots.count, place: place)
      return try state.record(label, sizing.found, lifetimes, place: place)
    }
  }

  /// The tracker's lock is free while the child works.
  private func createFrozen(_ label: String, _ lifetimes: Lifetimes, place: String) throws(SizerError) -> Snapshot {
    var attempt = 0
    var failures = 0
    while true {
      attempt += 1
      var generation = 0
      let frozen = try state.withLock { (state) throws(SizerError) in
        try state.checkOpen(place)
        generation = state.generation
        return try Engine.startFrozen(lifetimes, place: place)
      }
      switch try Engine.finish(frozen, isLast: attempt == ClassTracker.mostImages, place: place) {
      case .learnt: continue
      case .failed(let what):
        failures += 1
        guard failures < 2 else {
          throw SizerError(code: .systemRefused, message: "the snapshot failed twice: \(what)", place: place)
        }
      case .finished(var sizing):
        return try state.withLock { (state) throws(SizerError) in
          // Cleared meanwhile: there is nothing any more that the sizes could be recorded of.
          guard state.generation == generation else { return try state.forgotten(label, sizing.found, place: place) }
          try sizing.record(as: state.snapshots.count, place: place)
          return try state.record(label, sizing.found, lifetimes, place: place)
        }
      }
    }
  }

  /// How often an image is taken until all types in it are known. Each one shows types behind those of the one before.
  private static let mostImages = 12

  /// What was recorded up to now, as a value that does not change any more.
  ///
  /// Time: linear in the objects ever tracked and in the sizes recorded; stacks are symbolised when they are first asked for here.
  public var statistics: Statistics {
    let lifetimes = try? lifetimes.get()
    return state.withLock { state in
      Statistics(HistoryBuilder(state, lifetimes).history)
    }
  }
}

extension Lifetimes {
  /// Whether nobody else could change what is sized in place, or only that can do what is asked for.
  fileprivate var suitsInPlace: Bool {
    count == 0 || namesReferents || Engine.hasOneThread
  }
}

extension TrackerState {
  /// Makes a snapshot of a sizing and records it.
  fileprivate mutating func record(
    _ label: String, _ sizing: Sizing, _ lifetimes: Lifetimes, place: String
  ) throws(SizerError) -> Snapshot {
    var snapshot = try forgotten(label, sizing, place: place)
    for (cohort, sum) in sizing.sums.enumerated() where sum.active > 0 {
      let name = announcements[lifetimes.announcement(ofCohort: cohort)].name
      snapshot.classes[name, default: ClassRecord()].active += sum.active
      snapshot.classes[name, default: ClassRecord()].bytes += sum.bytes
      snapshot.trackedBytes += sum.bytes
    }
    if snapshot.trackedBytes > 0 {
      for name in snapshot.classes.keys {
        snapshot.classes[name]!.share = Double(snapshot.classes[name]!.bytes) / Double(snapshot.trackedBytes)
      }
    }
    record(sizing.trees)
    snapshots.append(snapshot)
    return snapshot
  }

  /// The snapshot without the sums by class.
  fileprivate func forgotten(_ label: String, _ sizing: Sizing, place: String) throws(SizerError) -> Snapshot {
    let process = try Engine.processMemory(place: place)
    let ladder = try Engine.memoryLadder(
      objectBytes: sizing.heap?.objects, rawBytes: sizing.heap?.raw, process: process, place: place)
    return Snapshot(
      label: label, timestamp: sizing.taken.duration(since: epoch), overheadBytes: Engine.overheadBytes,
      mode: sizing.mode, pause: sizing.pause, skippedCount: sizing.skippedCount,
      unresolvedCount: sizing.unresolvedCount, process: process,
      classes: Dictionary(uniqueKeysWithValues: names.map { ($0, ClassRecord()) }), ladder: ladder)
  }

  /// Adds a snapshot for which nothing was sized.
  mutating func recordEmpty(_ snapshot: Snapshot) {
    snapshots.append(snapshot)
  }

  /// Adds the trees that differ from those before.
  private mutating func record(_ trees: [(object: UInt32, referents: [SizeNode])]) {
    let number = UInt32(snapshots.count)
    let changed = Dictionary(uniqueKeysWithValues: trees.map { ($0.object, $0.referents) })
    for (object, tree) in trees where lastTrees[object] != tree {
      referents.append(History.ReferentRow(object: object, snapshot: number, tree: tree))
    }
    // An object whose level became 0 has none from now on; for one that died it makes no difference.
    for object in lastTrees.keys.filter({ changed[$0] == nil }).sorted() {
      referents.append(History.ReferentRow(object: object, snapshot: number, tree: []))
    }
    lastTrees = changed
  }
}
