// SPDX-License-Identifier: Apache-2.0

/// What a recording has written, and what it has still to write.
struct Recording: Sendable {
  let recorder: ProfileRecorder
  /// The tracker's, when the recording began.
  private let generation: Int
  private var rows = RowBuilder()
  private var base = History.Counts()
  /// Objects that have no end in the file.
  private var unended: [UInt32] = []
  private var writtenSizes: Int
  private var currentClasses: [UInt32: UInt32] = [:]
  /// Deltas that the file did not take yet: the disk was full.
  private var pending: [History.Delta] = []

  init(_ recorder: ProfileRecorder, _ state: TrackerState, _ lifetimes: Lifetimes) {
    generation = state.generation
    self.recorder = recorder
    writtenSizes = lifetimes.sizeCount
  }

  /// Notes what came with a snapshot that was just taken, or since the last one when `snapshot` is nil. The tracker's lock is held.
  mutating func note(_ snapshot: Snapshot?, _ state: TrackerState, _ lifetimes: Lifetimes) {
    let isFirst = base.snapshots == 0
    // Cleared since: the objects that the file has are forgotten, and others have their numbers.
    guard state.generation == generation else { return }
    let records = lifetimes.records(from: base.objects)
    // After the records: a class that an object was just born of must be known.
    rows.update(state.announcements, lifetimes)
    let objects = records.map { rows.row($0, epoch: state.epoch) }
    var delta = History.Delta(base: base, snapshot: snapshot, objects: objects)
    delta.ends = ends(state, lifetimes)
    unended += objects.indices.lazy.filter { objects[$0].end == .max }.map { UInt32(base.objects + $0) }
    delta.classChanges = classChanges(lifetimes)
    if snapshot != nil {
      let number = UInt32(base.snapshots)
      delta.sizes = sizes(lifetimes, all: isFirst).map { .init(object: $0.object, snapshot: number, bytes: $0.bytes) }
      delta.referents = referents(state, all: isFirst).map { .init(object: $0.object, snapshot: number, tree: $0.tree) }
    }
    delta.names = Array(rows.names.names[base.names...])
    delta.traces = rows.traces.raw(from: base.traces)
    base = delta.counts
    pending.append(delta)
  }

  /// Writes what was noted. What the file does not take is tried again next time.
  mutating func write() throws(ProfileError) {
    while let delta = pending.first {
      try recorder.append(delta)
      pending.removeFirst()
    }
  }

  /// Puts names and lines in the place of addresses, and closes the file.
  consuming func finish() throws(ProfileError) {
    var failure: ProfileError?
    do throws(ProfileError) { try write() } catch { failure = error }
    try recorder.finish(traces: failure == nil ? rows.traces.symbolised() : nil)
    if let failure { throw failure }
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
      let name = rows.number(of: _typeName(morph.type, qualified: true))
      guard currentClasses.updateValue(name, forKey: morph.object) != name else { return nil }
      return .init(object: morph.object, currentClass: name)
    }
  }

  /// Of the first snapshot in the file all sizes: those that did not change with it are in no row of it.
  private mutating func sizes(_ lifetimes: Lifetimes, all: Bool) -> [History.SizeRow] {
    defer { writtenSizes = lifetimes.sizeCount }
    return all ? lifetimes.livingSizes() : lifetimes.sizes(from: writtenSizes)
  }

  private func referents(_ state: TrackerState, all: Bool) -> [History.ReferentRow] {
    let number = UInt32(state.snapshots.count - 1)
    if all {
      return state.lastTrees.sorted { $0.key < $1.key }.map { .init(object: $0.key, snapshot: number, tree: $0.value) }
    }
    let last = state.referents.suffix(while: { $0.snapshot == number })
    return last.sorted { $0.object < $1.object }
  }
}

extension Array {
  /// The elements at the end that all satisfy a condition.
  fileprivate func suffix(while condition: (Element) -> Bool) -> ArraySlice<Element> {
    self[(lastIndex { !condition($0) }.map { $0 + 1 } ?? startIndex)...]
  }
}
