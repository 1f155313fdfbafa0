// SPDX-License-Identifier: Apache-2.0

extension ProfileReader {
  /// All sizes, in order of object. The file has them in order of snapshot: the runs are read twice, once to count each
  /// object's rows and once to put each row in its place, which needs no memory but the result's.
  mutating func sizes(objects: Int, snapshots: Int) throws(ProfileError) -> [History.SizeRow] {
    var budget = budget
    var places = [UInt32](repeating: 0, count: objects + 1)
    var total = 0
    var sum: Int64 = 0
    try forEachSize(objects, snapshots, &budget) { (object, _, bytes) throws(ProfileError) in
      // No overflow: 2^60 and 2^53 at most.
      sum += bytes
      total += 1
      guard sum <= FileLimits.sizeSum, total < UInt32.max else {
        throw origin.corrupted("its sizes add up to too much")
      }
      places[object + 1] += 1
    }
    for object in 0..<objects { places[object + 1] += places[object] }
    var sizes = [History.SizeRow](repeating: History.SizeRow(object: 0, snapshot: 0, bytes: 0), count: total)
    var again = self.budget
    var placed = 0
    try forEachSize(objects, snapshots, &again) { (object, snapshot, bytes) throws(ProfileError) in
      // A file that is written to meanwhile may say something else the second time.
      guard Int(places[object]) < total else { throw origin.corrupted("it changes while it is read") }
      sizes[Int(places[object])] = History.SizeRow(object: UInt32(object), snapshot: UInt32(snapshot), bytes: bytes)
      places[object] += 1
      placed += 1
    }
    guard placed == total else { throw origin.corrupted("it changes while it is read") }
    self.budget = budget
    return sizes
  }

  /// Calls `body` with object, snapshot and bytes of each row, in order of snapshot, then of object.
  private borrowing func forEachSize(
    _ objects: Int, _ snapshots: Int, _ budget: inout TextBudget,
    _ body: (Int, Int, Int64) throws(ProfileError) -> Void
  ) throws(ProfileError) {
    var last = 0
    var next = 0
    let count = try count("size_runs")
    try forEach("size_runs", "snapshot,first,unit,sizes", count: count) { (row, id) throws(ProfileError) in
      let snapshot = try index(row, 1, below: snapshots)
      let first = try index(row, 2, below: objects)
      guard snapshot > last || snapshot == last && first >= next else {
        throw origin.corrupted("size_runs is out of order at row \(id)")
      }
      let unit = Int64(try figure(row, 3))
      last = snapshot
      next = first
      try budget.withText(row, 4) { (text) throws(ProfileError) in
        guard var list = NumberListReader(text) else { throw origin.corrupted("run \(id) is no list of sizes") }
        while let value = list.next() {
          if value < 0 {
            // Below 10^18 each (the reader's limit), so that two of them never overflow.
            next = min(next - Int(value), objects)
          } else {
            let (bytes, isTooLarge) = value.multipliedReportingOverflow(by: unit)
            guard next < objects, !isTooLarge, bytes <= FileLimits.figure else {
              throw origin.corrupted("run \(id) goes beyond the last object, or has a size of \(value) times \(unit)")
            }
            try body(next, snapshot, bytes)
            next += 1
          }
        }
        guard list.isComplete else { throw origin.corrupted("run \(id) is no list of sizes") }
      }
    }
  }
}
