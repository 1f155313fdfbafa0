// SPDX-License-Identifier: Apache-2.0
import Synchronization

extension ClassTracker {
  /// Sizes all living tracked objects and records the process's memory.
  ///
  /// Sizes are deep: all that an object owns through strong references, each block once. What several tracked objects reach counts for
  /// the one that was announced first; a tracked object never counts with what refers to it. Objects that are dead cost nothing.
  ///
  /// In place, threads that make or free tracked objects wait meanwhile (``Snapshot/pause`` says how long); the objects that tracked
  /// ones refer to must not be changed by other threads. Time: some 100 ns for a small object.
  /// - Returns: the snapshot, which ``statistics`` has from now on, too.
  /// - Throws: `closed`; `outOfMemory`; `unsupportedRuntime`. Nothing is recorded then.
  @discardableResult
  public func createSnapshot(_ label: String = "", mode: SnapshotMode = .automatic) throws(SizerError) -> Snapshot {
    let place = "ClassTracker.createSnapshot(_:mode:)"
    let lifetimes = try lifetimes.get()
    return try state.withLock { (state) throws(SizerError) in
      try state.checkOpen(place)
      let sizing = try Engine.sizeInPlace(lifetimes, snapshot: state.snapshots.count, place: place)
      let snapshot = try state.snapshot(label, of: sizing, in: lifetimes)
      state.record(snapshot, sizing.trees)
      return snapshot
    }
  }

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

extension TrackerState {
  fileprivate func snapshot(
    _ label: String, of sizing: Sizing, in lifetimes: Lifetimes
  ) throws(SizerError) -> Snapshot {
    var classes = Dictionary(uniqueKeysWithValues: names.map { ($0, ClassRecord()) })
    var tracked = 0
    for (cohort, sum) in sizing.sums.enumerated() where sum.active > 0 {
      let name = announcements[lifetimes.announcement(ofCohort: cohort)].name
      classes[name, default: ClassRecord()].active += sum.active
      classes[name, default: ClassRecord()].bytes += sum.bytes
      tracked += sum.bytes
    }
    if tracked > 0 {
      for name in classes.keys { classes[name]!.share = Double(classes[name]!.bytes) / Double(tracked) }
    }
    return Snapshot(
      label: label, timestamp: sizing.taken.duration(since: epoch), trackedBytes: tracked,
      overheadBytes: Engine.overheadBytes, mode: .inPlace, pause: sizing.pause, skippedCount: sizing.skippedCount,
      unresolvedCount: sizing.unresolvedCount, process: try Engine.processMemory(place: "ClassTracker.createSnapshot(_:mode:)"), classes: classes)
  }

  /// Adds a snapshot for which nothing was sized.
  mutating func recordEmpty(_ snapshot: Snapshot) {
    snapshots.append(snapshot)
  }

  /// Adds a snapshot, and the trees that differ from those before.
  fileprivate mutating func record(_ snapshot: Snapshot, _ trees: [(object: UInt32, referents: [SizeNode])]) {
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
    snapshots.append(snapshot)
  }
}
