// SPDX-License-Identifier: Apache-2.0

extension History {
  /// The rows of `sizes` that are an object's.
  package func sizeRows(of object: Int) -> Range<Int> {
    let start = sizes.partitioningIndex { $0.object >= object }
    return start..<sizes[start...].partitioningIndex { $0.object > object }
  }

  /// The rows of `referents` that are an object's.
  package func referentRows(of object: Int) -> Range<Int> {
    let start = referents.partitioningIndex { $0.object >= object }
    return start..<referents[start...].partitioningIndex { $0.object > object }
  }
}

extension Statistics {
  /// One record for each snapshot that found the object of a row of `history.objects` alive and did not fail.
  package func records(row: Int) -> [TrackedObject.Record] {
    let sizes = history.sizes[history.sizeRows(of: row)]
    guard let first = sizes.first else { return [] }
    let life = timeline.life(of: history.objects[row], from: first.snapshot)
    var size = Cursor(rows: sizes, snapshot: \.snapshot)
    var referents = Cursor(rows: history.referents[history.referentRows(of: row)], snapshot: \.snapshot)
    var records: [TrackedObject.Record] = []
    for snapshot in life where timeline.isSound(snapshot) {
      records.append(
        TrackedObject.Record(
          timestamp: snapshots[snapshot].timestamp, bytes: Int(size.row(at: snapshot)?.bytes ?? 0),
          referents: referents.row(at: snapshot)?.tree ?? []))
    }
    return records
  }

  /// Whether the object of a row of `history.objects` has a record at a snapshot.
  func hasRecord(row: Int, at snapshot: Int) -> Bool {
    guard timeline.isSound(snapshot), let first = history.sizes[history.sizeRows(of: row)].first else { return false }
    return timeline.life(of: history.objects[row], from: first.snapshot).contains(snapshot)
  }
}

/// Walks rows that say what changed, and knows at each snapshot which of them holds. Snapshots are asked for in rising order.
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
