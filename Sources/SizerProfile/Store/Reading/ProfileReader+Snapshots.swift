// SPDX-License-Identifier: Apache-2.0

extension ProfileReader {
  /// The snapshots without their classes.
  mutating func snapshots() throws(ProfileError) -> [Snapshot] {
    let count = try count("snapshots")
    var snapshots: [Snapshot] = []
    snapshots.reserveCapacity(count)
    var budget = budget
    let columns = "label,mode,error,time,pause,\(SnapshotFigure.columns)"
    try forEach("snapshots", columns, count: count) { (row, id) throws(ProfileError) in
      guard let mode = SnapshotMode(rawValue: try budget.text(row, 2)) else {
        throw origin.corrupted("snapshot \(id) was taken in a way that is unknown")
      }
      var snapshot = Snapshot(
        label: try budget.text(row, 1), timestamp: .nanoseconds(try time(row, 4)), mode: mode,
        pause: .nanoseconds(try time(row, 5)), error: try budget.optionalText(row, 3))
      for (offset, figure) in SnapshotFigure.all.enumerated() {
        snapshot[keyPath: figure.path] = try self.figure(row, 6 + Int32(offset))
      }
      snapshots.append(snapshot)
    }
    self.budget = budget
    return snapshots
  }

  borrowing func addClasses(to snapshots: inout [Snapshot], _ texts: [String]) throws(ProfileError) {
    let count = try count("classes")
    try forEach("classes", "snapshot,name,active,bytes,share", count: count) { (row, _) throws(ProfileError) in
      let snapshot = try index(row, 1, below: snapshots.count)
      let record = ClassRecord(
        active: try figure(row, 3), bytes: try figure(row, 4), share: try row.real(5))
      let name = texts[try index(row, 2, below: texts.count)]
      guard snapshots[snapshot].classes.updateValue(record, forKey: name) == nil else {
        throw origin.corrupted("snapshot \(snapshot) has a class twice")
      }
    }
  }
}
