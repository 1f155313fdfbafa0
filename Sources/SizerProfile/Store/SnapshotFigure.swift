// SPDX-License-Identifier: Apache-2.0

/// The figures of a snapshot that are columns of their own, in the order of ``Schema``: a new one is a line here and one there.
struct SnapshotFigure {
  let column: String
  let path: any WritableKeyPath<Snapshot, Int> & Sendable

  static let all: [SnapshotFigure] = [
    SnapshotFigure(column: "tracked", path: \.trackedBytes),
    SnapshotFigure(column: "overhead", path: \.overheadBytes),
    SnapshotFigure(column: "skipped", path: \.skippedCount),
    SnapshotFigure(column: "unresolved", path: \.unresolvedCount),
    SnapshotFigure(column: "virtual", path: \.process.virtual),
    SnapshotFigure(column: "resident", path: \.process.resident),
    SnapshotFigure(column: "data", path: \.process.data),
    SnapshotFigure(column: "stack", path: \.process.stack),
    SnapshotFigure(column: "code", path: \.process.code),
    SnapshotFigure(column: "shared", path: \.process.shared),
    SnapshotFigure(column: "minor_faults", path: \.process.minorFaults),
    SnapshotFigure(column: "major_faults", path: \.process.majorFaults),
  ]

  /// For a statement's list of columns, and a mark for each.
  static let columns = all.map(\.column).joined(separator: ",")
  static let marks = String(repeating: ",?", count: all.count)
}

extension Duration {
  /// In whole nanoseconds; the nearest one that an Int64 holds when it is out of reach.
  var nanoseconds: Int64 {
    let (seconds, attoseconds) = components
    let (whole, isFar) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
    let (sum, isFarther) = whole.addingReportingOverflow(attoseconds / 1_000_000_000)
    return isFar || isFarther ? (seconds < 0 ? .min : .max) : sum
  }
}
