// SPDX-License-Identifier: Apache-2.0

extension History {
  /// The rows of `sizes` that are an object's.
  package func sizeRows(of object: Int) -> Range<Int> {
    rows(of: object, in: sizes, object: { $0.object })
  }

  /// The rows of `referents` that are an object's.
  package func referentRows(of object: Int) -> Range<Int> {
    rows(of: object, in: referents, object: { $0.object })
  }

  /// Only the first is searched for: the others are few and lie behind it.
  private func rows<Row>(of wanted: Int, in table: [Row], object: (Row) -> UInt32) -> Range<Int> {
    let start = table.partitioningIndex { object($0) >= wanted }
    var end = start
    while end < table.count, object(table[end]) == wanted { end += 1 }
    return start..<end
  }
}

extension Statistics {
  /// One record for each snapshot that found the object of a row of `history.objects` alive and did not fail.
  package func records(row: Int) -> [TrackedObject.Record] {
    let sizes = history.sizes[history.sizeRows(of: row)]
    guard let first = sizes.first else { return [] }
    let life = timeline.life(of: history.objects[row], from: first.snapshot)
    var size = Cursor(rows: sizes, snapshot: { $0.snapshot })
    var referents = Cursor(rows: history.referents[history.referentRows(of: row)], snapshot: { $0.snapshot })
    var records: [TrackedObject.Record] = []
    for snapshot in life where timeline.isSound(snapshot) {
      records.append(
        TrackedObject.Record(
          timestamp: history.snapshots[snapshot].timestamp, bytes: Int(size.row(at: snapshot)?.bytes ?? 0),
          referents: referents.row(at: snapshot)?.tree ?? []))
    }
    return records
  }

  /// Indices of the snapshots of these records, in the same order: times do not tell them apart, two may be taken in
  /// one nanosecond.
  package func recordedSnapshots(row: Int) -> [Int] {
    guard let first = history.sizes[history.sizeRows(of: row)].first else { return [] }
    return timeline.life(of: history.objects[row], from: first.snapshot).filter(timeline.isSound)
  }

  /// Whether the object of a row of `history.objects` has a record at a snapshot.
  func hasRecord(row: Int, at snapshot: Int) -> Bool {
    guard timeline.isSound(snapshot), let first = history.sizes[history.sizeRows(of: row)].first else { return false }
    return timeline.life(of: history.objects[row], from: first.snapshot).contains(snapshot)
  }
}

/// Walks rows that say what changed, and knows at each snapshot which of them holds. Snapshots are asked for in rising
/// order.
private struct Cursor<Row> {
  private var rest: ArraySlice<Row>
  private var current: Row?
  private let snapshot: (Row) -> UInt32

  init(rows: ArraySlice<Row>, snapshot: @escaping (Row) -> UInt32) {
    self.rest = rows
    self.snapshot = snapshot
  }

  mutating func row(at index: Int) -> Row? {
    while let next = rest.first, snapshot(next) <= index {
      current = next
      rest.removeFirst()
    }
    return current
  }
}
