// SPDX-License-Identifier: Apache-2.0

import SizerProfile
import SizerReports

extension TopState {
  /// The view's table with the rows of a range, and how many there are without it. nil where nothing is known yet.
  func table(_ rows: (Int) -> Range<Int>) -> (table: TopTable, rowCount: Int)? {
    switch view {
    case .classes:
      guard changes.table != nil else { return nil }
      let all = classRows
      return (classTable(all[rows(all.count)]), all.count)
    case .tasks:
      guard let all = taskRows else { return nil }
      return (taskTable(all[rows(all.count)]), all.count)
    case .ladder:
      guard changes.table != nil else { return nil }
      var table = ladderTable()
      table.keep(rows(table.rowCount))
      return (table, (changes.table?.ladder.count ?? 0) + 1)
    case .keys: return nil
    }
  }

  private func column(_ head: String, _ least: Int, rank: Int, _ key: SortKey? = nil) -> TopTable.Column {
    let isSorted = key == sortKey
    // What rows are sorted by is seen, however narrow the screen.
    return TopTable.Column(head: head, least: least, rank: isSorted ? min(rank, 0) : rank, isSorted: isSorted)
  }

  /// - Parameter hasChanges: Whether it has columns for them.
  func classTable(_ rows: some Collection<LiveChanges.Row>, hasChanges: Bool = true) -> TopTable {
    var columns = [column("count", 8, rank: 2, .count), column("bytes", 10, rank: 1, .bytes)]
    if hasChanges {
      columns += [
        column("+count", 8, rank: 6), column("+bytes", 11, rank: 3, .change), column("+bytes/s", 11, rank: 5, .rate),
      ]
    }
    if retained != nil { columns.append(column("retained", 10, rank: 4, .retained)) }
    var table = TopTable(columns, text: "type")
    table.isSortedByText = sortKey == .name
    for row in rows {
      var cells: [TopTable.Cell] = [.count(row.count), .bytes(row.bytes)]
      if hasChanges {
        cells += [.countChange(row.countChange), .bytesChange(row.bytesChange), .bytesChange(row.bytesPerSecond)]
      }
      if let retained { cells.append(retained[row.type].map { .bytes($0) } ?? .bytesChange(nil)) }
      table.add(cells, row.type)
    }
    return table
  }

  func taskTable(_ rows: some Collection<LiveTask>) -> TopTable {
    var table = TopTable(
      [
        column("count", 8, rank: 2, .count), column("bytes", 10, rank: 1, .bytes),
        column("retained", 10, rank: 3, .retained), column("state", 9, rank: 4),
      ], text: "made by and waiting in")
    table.isSortedByText = sortKey == .name
    for task in rows {
      table.add(
        [.count(task.count), .bytes(task.bytes), .bytes(task.retainedBytes), .word(task.state)],
        taskWay(creator: task.creator, frames: task.frames))
    }
    return table
  }

  /// The rungs, the resident memory above them.
  func ladderTable(hasChanges: Bool = true) -> TopTable {
    var columns = [TopTable.Column(head: "bytes", least: 10, rank: 0), .init(head: "share", least: 5, rank: 2)]
    if hasChanges { columns.insert(.init(head: "+bytes", least: 11, rank: 1), at: 1) }
    var table = TopTable(columns, text: "memory")
    guard let now = changes.table else { return table }
    func add(_ bytes: Int, _ change: Int?, _ name: String) {
      var cells: [TopTable.Cell] = [.bytes(bytes), .word("\(percent(bytes, of: now.resident))%")]
      if hasChanges { cells.insert(.bytesChange(change), at: 1) }
      table.add(cells, name)
    }
    add(now.resident, changes.totals.resident, "resident")
    for rung in now.ladder { add(rung.bytes, changes.change(ofRung: rung), "  " + rung.name) }
    return table
  }
}
