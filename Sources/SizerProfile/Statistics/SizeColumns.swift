// SPDX-License-Identifier: Apache-2.0

extension Statistics {
  /// The sound snapshot with the most tracked bytes, the first of several; nil without one.
  var largestSnapshot: Int? {
    snapshots.indices.filter(timeline.isSound).max {
      // `max` keeps the last of equals unless they are told apart.
      (snapshots[$0].trackedBytes, $1) < (snapshots[$1].trackedBytes, $0)
    }
  }

  /// For each row of `history.objects` the largest size of all its records; 0 without one. Linear in objects and sizes.
  func largestSizes() -> [Int64] {
    var column = [Int64](repeating: 0, count: history.objects.count)
    forEachObjectWithSizes { object, rows, life in
      var largest: Int64?
      for row in rows {
        // A size holds until the next row; it counts when a snapshot in that time found it.
        let start = max(Int(history.sizes[row].snapshot), life.lowerBound)
        let next = row + 1 < rows.upperBound ? Int(history.sizes[row + 1].snapshot) : .max
        let end = min(next, life.upperBound)
        guard start < end, timeline.hasSound(start..<end) else { continue }
        largest = max(largest ?? .min, history.sizes[row].bytes)
      }
      column[object] = largest ?? 0
    }
    return column
  }

  /// For each row of `history.objects` its size in ``largestSnapshot``; 0 when that did not find it.
  func sizesAtLargestSnapshot() -> [Int64] {
    guard let snapshot = largestSnapshot else { return [Int64](repeating: 0, count: history.objects.count) }
    return sizes(atSnapshot: snapshot).map { $0 ?? 0 }
  }

  /// For each row of `history.objects` its size at a snapshot; nil when that did not find it, or failed. Linear in
  /// objects and sizes.
  package func sizes(atSnapshot snapshot: Int) -> [Int64?] {
    var column = [Int64?](repeating: nil, count: history.objects.count)
    guard snapshots.indices.contains(snapshot), timeline.isSound(snapshot) else { return column }
    forEachObjectWithSizes { object, rows, life in
      guard life.contains(snapshot) else { return }
      let next = history.sizes[rows].partitioningIndex { $0.snapshot > snapshot }
      if next > rows.lowerBound { column[object] = history.sizes[next - 1].bytes }
    }
    return column
  }

  /// Calls `body` with each object that was sized: its row, its rows of `history.sizes`, and the snapshots in its life.
  private func forEachObjectWithSizes(_ body: (_ object: Int, _ rows: Range<Int>, _ life: Range<Int>) -> Void) {
    let sizes = history.sizes
    var start = 0
    while start < sizes.count {
      let object = sizes[start].object
      var end = start + 1
      while end < sizes.count, sizes[end].object == object { end += 1 }
      body(
        Int(object), start..<end, timeline.life(of: history.objects[Int(object)], from: sizes[start].snapshot))
      start = end
    }
  }
}
