// SPDX-License-Identifier: Apache-2.0

extension ProfileReader {
  /// The snapshots without their classes.
  mutating func snapshots() throws(ProfileError) -> [Snapshot] {
    let count = try count("snapshots")
    var snapshots: [Snapshot] = []
    snapshots.reserveCapacity(count)
    var budget = budget
    try forEach("snapshots", SnapshotColumns.list(in: version), count: count) { (row, id) throws(ProfileError) in
      guard let mode = SnapshotMode(rawValue: try budget.text(row, 2)) else {
        throw origin.corrupted("snapshot \(id) was taken in a way that is unknown")
      }
      var snapshot = Snapshot(
        label: try budget.text(row, 1), timestamp: .nanoseconds(try time(row, 4)), mode: mode,
        pause: .nanoseconds(try time(row, 5)), error: try budget.optionalText(row, 3))
      for (offset, figure) in SnapshotFigure.all.enumerated() {
        snapshot[keyPath: figure.path] = try self.figure(row, SnapshotColumns.figures + Int32(offset))
      }
      snapshot.ladder = try ladder(row)
      snapshots.append(snapshot)
    }
    self.budget = budget
    return snapshots
  }

  private borrowing func ladder(_ row: borrowing Statement) throws(ProfileError) -> MemoryLadder? {
    guard !row.isNull(SnapshotColumns.ladder) else { return nil }
    var ladder = MemoryLadder()
    for (offset, figure) in LadderFigure.all.enumerated() {
      figure.set(&ladder, try row.optionalInteger(SnapshotColumns.ladder + Int32(offset)).map { Int($0) })
    }
    return ladder
  }

  private borrowing func slabs(_ row: borrowing Statement) throws(ProfileError) -> SlabUse? {
    guard !row.isNull(6) else { return nil }
    var slabs = SlabUse()
    for (offset, path) in SlabFigure.all.enumerated() { slabs[keyPath: path] = try figure(row, 6 + Int32(offset)) }
    return slabs
  }

  borrowing func addClasses(to snapshots: inout [Snapshot], _ texts: [String]) throws(ProfileError) {
    let count = try count("classes")
    let columns = "snapshot,name,active,bytes,share," + SlabFigure.columns.joined(separator: ",")
    try forEach("classes", columns, count: count) { (row, _) throws(ProfileError) in
      let snapshot = try index(row, 1, below: snapshots.count)
      let record = ClassRecord(
        active: try figure(row, 3), bytes: try figure(row, 4), share: try row.real(5), slabs: try slabs(row))
      let name = texts[try index(row, 2, below: texts.count)]
      guard snapshots[snapshot].classes.updateValue(record, forKey: name) == nil else {
        throw origin.corrupted("snapshot \(snapshot) has a class twice")
      }
    }
  }
}
