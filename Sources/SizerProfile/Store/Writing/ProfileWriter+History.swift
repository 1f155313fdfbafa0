// SPDX-License-Identifier: Apache-2.0

extension ProfileWriter {
  /// All that a delta holds, in the order in which it refers to itself. Between ``begin()`` and ``commit()``.
  mutating func add(_ delta: History.Delta) throws(ProfileError) {
    if let breach = delta.firstBreach(after: counts) { throw origin.inconsistent(breach) }
    try add(names: delta.names)
    try add(traces: delta.traces)
    try add(objects: delta.objects)
    try update(ends: delta.ends)
    try update(classes: delta.classChanges)
    guard let snapshot = delta.snapshot else { return }
    try add(snapshot: snapshot)
    try add(sizes: delta.sizes)
    try add(referents: delta.referents)
    if let heap = delta.heap { try add(heap: heap, ofSnapshot: delta.base.snapshots) }
  }

  /// A whole history, as if it had been recorded. Between ``begin()`` and ``commit()``, into an empty profile.
  mutating func add(_ history: History) throws(ProfileError) {
    if let breach = history.firstBreach() { throw origin.inconsistent(breach) }
    try add(tags: history.tags)
    try add(names: history.names)
    try add(traces: history.traces)
    try add(objects: history.objects)
    let sizes = try BySnapshot(history.sizes, \.snapshot, history.snapshots.count, origin)
    let referents = try BySnapshot(history.referents, \.snapshot, history.snapshots.count, origin)
    for (index, snapshot) in history.snapshots.enumerated() {
      try add(snapshot: snapshot)
      try add(sizes: sizes.rows(index).lazy.map { history.sizes[Int($0)] })
      try add(referents: referents.rows(index).lazy.map { history.referents[Int($0)] })
    }
    for row in history.heaps { try add(heap: row.heap, ofSnapshot: Int(row.snapshot)) }
  }
}

/// Which rows are of which snapshot: a history is in order of object, a file in order of snapshot.
private struct BySnapshot {
  /// Indices of rows, those of a snapshot in their order.
  private var order: [UInt32]
  /// Where a snapshot's indices begin.
  private var starts: [Int]

  /// Counts, then places: O(rows + snapshots).
  init<Row>(_ rows: [Row], _ snapshot: (Row) -> UInt32, _ count: Int, _ origin: Origin) throws(ProfileError) {
    guard rows.count < UInt32.max else { throw origin.inconsistent("there are more than 4 billion rows") }
    starts = [Int](repeating: 0, count: count + 1)
    for row in rows {
      guard snapshot(row) < count else {
        throw origin.inconsistent("a row is of snapshot \(snapshot(row)), which is unknown")
      }
      starts[Int(snapshot(row)) + 1] += 1
    }
    for index in 0..<count { starts[index + 1] += starts[index] }
    order = [UInt32](repeating: 0, count: rows.count)
    var places = starts
    for (index, row) in rows.enumerated() {
      order[places[Int(snapshot(row))]] = UInt32(index)
      places[Int(snapshot(row))] += 1
    }
  }

  func rows(_ snapshot: Int) -> ArraySlice<UInt32> { order[starts[snapshot]..<starts[snapshot + 1]] }
}
