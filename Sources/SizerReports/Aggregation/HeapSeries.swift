// SPDX-License-Identifier: Apache-2.0

internal import SizerProfile

/// What lives, by class, over time: of the kept snapshots that tell of the whole heap, the types that were largest at
/// any of them, and the others summed.
struct HeapSeries {
  /// A type, with a figure for each of ``positions``.
  struct Row {
    var name: String
    var count: [Int]
    var bytes: [Int]

    var peakBytes: Int { bytes.max() ?? 0 }
  }

  /// Which of the kept snapshots tell, ascending.
  let positions: [Int]
  /// The largest first.
  let rows: [Row]
  let other: Row
  /// How many types are in ``other``.
  let otherCount: Int

  /// nil when no snapshot tells.
  init?(_ history: History, _ snapshots: [Int], limits: PageLimits) {
    let positions = snapshots.indices.filter { history.snapshots[snapshots[$0]].heap != nil }
    guard !positions.isEmpty else { return nil }
    self.positions = positions
    let empty = [Int](repeating: 0, count: positions.count)
    let names = TextNumbers()
    var all: [Row] = []
    for (column, position) in positions.enumerated() {
      for record in history.snapshots[snapshots[position]].heap ?? [] {
        let number = names.number(of: record.typeName)
        if number == all.count { all.append(Row(name: record.typeName, count: empty, bytes: empty)) }
        // Two types of one name are one row.
        all[number].count[column] &+= clamped(record.count)
        all[number].bytes[column] &+= clamped(record.bytes)
      }
    }
    all.sort { ($1.peakBytes, $0.name) < ($0.peakBytes, $1.name) }
    let room = min(limits.heapTypes, limits.heapCells / positions.count)
    rows = Array(all.prefix(room))
    otherCount = max(0, all.count - room)
    other = all.dropFirst(room).reduce(into: Row(name: "", count: empty, bytes: empty)) { sum, row in
      for column in empty.indices {
        sum.count[column] &+= row.count[column]
        sum.bytes[column] &+= row.bytes[column]
      }
    }
  }

  /// A row's figures as steps: they hold until the next.
  func steps(_ figures: [Int]) -> [Int] {
    var steps: [Int] = []
    var before = 0
    for (column, figure) in figures.enumerated() where figure != before {
      steps += [positions[column], figure]
      before = figure
    }
    return steps
  }
}
