// SPDX-License-Identifier: Apache-2.0

/// What a recording has written, and where it has to go on.
///
/// The tracker's own records hold all that the file lacks, and what is to be written is drawn up from them one snapshot
/// at a time: a file that takes nothing for hours costs the memory of one delta.
struct Recording: Sendable {
  private let recorder: ProfileRecorder
  /// The tracker's number of the first snapshot in the file.
  private let firstSnapshot: Int
  /// Whether the tracker keeps what is in the file of the whole heap.
  let keepsHeaps: Bool
  private var rows = RowBuilder()
  /// What there is in the file once `waiting` is written, and where the tracker's lists go on behind it.
  private var base = History.Counts()
  private var sizeCount: Int
  private var referentCount: Int
  /// Objects that have no end in the file.
  private var unended: [UInt32] = []
  private var currentClasses: [UInt32: UInt32] = [:]
  /// Drawn up, and not in the file yet.
  private var waiting: History.Delta?
  /// An image of the heap, and the tracker's number of the snapshot that it goes with: only while that is written.
  private var heap: (snapshot: Int, image: RecordedHeap)?
  /// Why the file did not take what is waiting.
  private var refusal: ProfileError?

  /// A recording of what comes after this moment, and of all objects. The tracker's lock is held.
  init(_ recorder: ProfileRecorder, _ state: TrackerState, _ lifetimes: Lifetimes, keepsHeaps: Bool) {
    self.recorder = recorder
    self.keepsHeaps = keepsHeaps
    firstSnapshot = state.snapshots.count
    sizeCount = lifetimes.sizeCount
    referentCount = state.referents.count
  }

  /// The tracker's numbers of the snapshots that are in the file, when nothing waits.
  var written: Range<Int> { firstSnapshot..<firstSnapshot + base.snapshots }

  /// Writes what was drawn up. What the file does not take waits, and is tried again next time.
  mutating func write() throws(ProfileError) {
    guard let delta = waiting else { return }
    do throws(ProfileError) {
      try recorder.append(delta)
      (waiting, refusal) = (nil, nil)
    } catch {
      refusal = error
      throw error
    }
  }

  /// What is in the file by now, in another one beside it.
  func copy(operation: String) throws(ProfileError) -> OutputDraft { try recorder.copy(operation: operation) }

  /// An image that is written with a snapshot, if that is written now: one that the file does not take is not kept.
  mutating func attach(_ image: RecordedHeap, toSnapshot number: Int) { heap = (number, image) }

  /// No image waits any more.
  mutating func dropHeap() {
    heap = nil
    waiting?.heap = nil
  }

  /// Draws up the next snapshot that the file lacks, with all that is known of objects by now; false when there is
  /// none, or when something waits already. The tracker's lock is held.
  mutating func drawUpSnapshot(_ state: TrackerState, _ lifetimes: Lifetimes) -> Bool {
    let number = firstSnapshot + base.snapshots
    guard waiting == nil, number < state.snapshots.count else { return false }
    drawUp(number, state, lifetimes)
    return true
  }

  /// Draws up what is the last to come. The tracker's lock is held.
  mutating func drawUpRest(_ state: TrackerState, _ lifetimes: Lifetimes) {
    // At most one snapshot: the caller has caught up, and others wait for this one to be written.
    guard waiting == nil, !drawUpSnapshot(state, lifetimes) else { return }
    drawUp(nil, state, lifetimes)
  }

  /// Writes the rest, puts names and lines in the place of addresses, and closes the file.
  consuming func finish() throws(ProfileError) {
    // Behind what was refused there may be more, of which nothing is known any more.
    var failure = refusal
    if failure == nil {
      do throws(ProfileError) { try write() } catch { failure = error }
    }
    try recorder.finish(traces: failure == nil ? rows.traces.symbolised() : nil)
    if let failure { throw failure }
  }

  private mutating func drawUp(_ number: Int?, _ state: TrackerState, _ lifetimes: Lifetimes) {
    let records = lifetimes.records(from: base.objects)
    // After the records: a class that an object was just born of must be known.
    rows.update(state.requests, lifetimes)
    let objects = records.map { rows.row($0, epoch: state.epoch) }
    var delta = History.Delta(base: base, snapshot: number.map { state.snapshots[$0] }, objects: objects)
    delta.ends = ends(state, lifetimes)
    for (place, object) in objects.enumerated() where object.end == .max {
      unended.append(UInt32(base.objects + place))
    }
    delta.classChanges = classChanges(lifetimes)
    if let number {
      delta.sizes = sizes(number, lifetimes)
      delta.referents = referents(number, state)
      if let heap, heap.snapshot == number {
        delta.heap = heap.image
        self.heap = nil
      }
    }
    delta.names = Array(rows.names.names[base.names...])
    delta.traces = rows.traces.raw(from: base.traces)
    base = delta.counts
    waiting = delta
  }

  private mutating func ends(_ state: TrackerState, _ lifetimes: Lifetimes) -> [History.Delta.End] {
    var ends: [History.Delta.End] = []
    unended.removeAll { number in
      let record = lifetimes.record(number)
      guard let end = record.end else { return false }
      ends.append(.init(object: number, time: end.nanoseconds(since: state.epoch), isDead: record.isDead))
      return true
    }
    return ends
  }

  private mutating func classChanges(_ lifetimes: Lifetimes) -> [History.Delta.ClassChange] {
    lifetimes.morphs().compactMap { morph in
      let name = rows.number(of: typeName(of: morph.type))
      guard currentClasses.updateValue(name, forKey: morph.object) != name else { return nil }
      return .init(object: morph.object, currentClass: name)
    }
  }

  /// Of the first snapshot in the file all sizes: those that did not change with it are in no row of it. It is drawn up
  /// before another is taken, so that the last sizing is its own.
  private mutating func sizes(_ number: Int, _ lifetimes: Lifetimes) -> [History.SizeRow] {
    let changed = lifetimes.sizes(from: sizeCount, ofSnapshot: UInt32(number))
    sizeCount += changed.count
    return (number == firstSnapshot ? lifetimes.livingSizes() : changed).map { row in
      History.SizeRow(object: row.object, snapshot: UInt32(base.snapshots), bytes: row.bytes)
    }
  }

  private mutating func referents(_ number: Int, _ state: TrackerState) -> [History.ReferentRow] {
    let changed = state.referents[referentCount...].prefix { $0.snapshot == number }
    referentCount += changed.count
    let trees =
      number == firstSnapshot ? state.lastTrees.map { ($0.key, $0.value) } : changed.map { ($0.object, $0.tree) }
    return trees.sorted { $0.0 < $1.0 }.map { object, tree in
      History.ReferentRow(object: object, snapshot: UInt32(base.snapshots), tree: tree)
    }
  }
}
