// SPDX-License-Identifier: Apache-2.0

internal import SizerProfile

/// A history's rows by object and by class, and its snapshots' times, looked up without searching.
struct HistoryIndex {
  let history: History
  /// The kept snapshots' indices and times.
  let kept: [Int]
  let times: [Int64]
  /// When the last thing happened that the history knows of; more than 0.
  let end: Int64
  /// For each snapshot of the history, the first kept one that is not before it; `kept.count` when there is none.
  private let keptAtOrAfter: [Int]
  private let sizeStarts: [Int]
  private let referentStarts: [UInt32: Range<Int>]
  /// Objects in order of class, and of tracking within one; where each class starts.
  private let objects: [UInt32]
  private let classStarts: [Int]

  init(_ history: History, _ catalogue: Catalogue) {
    self.history = history
    kept = catalogue.snapshots
    let allTimes = history.snapshots.map { nanoseconds($0.timestamp) }
    times = kept.map { allTimes[$0] }
    end = Self.end(history, allTimes)
    var position = 0
    var followers: [Int] = []
    for snapshot in history.snapshots.indices {
      while position < catalogue.snapshots.count, catalogue.snapshots[position] < snapshot { position += 1 }
      followers.append(position)
    }
    keptAtOrAfter = followers
    sizeStarts = Self.starts(of: history.sizes.lazy.map { Int($0.object) }, groups: history.objects.count)
    var ranges: [UInt32: Range<Int>] = [:]
    for (index, row) in history.referents.enumerated() {
      ranges[row.object] = (ranges[row.object]?.lowerBound ?? index)..<index + 1
    }
    referentStarts = ranges
    (objects, classStarts) = Self.byClass(history, catalogue)
  }

  /// The objects of a class in the order in which they were tracked.
  func objects(ofClass index: Int) -> ArraySlice<UInt32> { objects[classStarts[index]..<classStarts[index + 1]] }

  func sizes(of object: UInt32) -> ArraySlice<History.SizeRow> {
    history.sizes[sizeStarts[Int(object)]..<sizeStarts[Int(object) + 1]]
  }

  func referents(of object: UInt32) -> ArraySlice<History.ReferentRow> {
    history.referents[referentStarts[object] ?? 0..<0]
  }

  /// The kept snapshots that found the object alive, as positions; empty when none did.
  func life(of object: UInt32) -> Range<Int> {
    guard let first = sizes(of: object).first else { return 0..<0 }
    let start = keptAtOrAfter[Int(first.snapshot)]
    let end = history.objects[Int(object)].end
    if end == .max { return start..<kept.count }
    var low = start
    var high = kept.count
    while low < high {
      let middle = (low + high) / 2
      if times[middle] < end { low = middle + 1 } else { high = middle }
    }
    return start..<low
  }

  private static func end(_ history: History, _ times: [Int64]) -> Int64 {
    var end = max(times.last ?? 0, 1)
    for object in history.objects { end = max(end, object.end == .max ? object.birth : object.end) }
    return end
  }

  /// Where each group starts in rows that are in order of group, and where the last ends.
  private static func starts(of groups: some Sequence<Int>, groups count: Int) -> [Int] {
    var starts = [Int](repeating: 0, count: count + 1)
    for group in groups { starts[group + 1] += 1 }
    for index in 0..<count { starts[index + 1] += starts[index] }
    return starts
  }

  private static func byClass(_ history: History, _ catalogue: Catalogue) -> ([UInt32], [Int]) {
    let classes = history.objects.lazy.map { Int(catalogue.classOfName[Int($0.name)]) }
    let starts = starts(of: classes.filter { $0 >= 0 }, groups: catalogue.classes.count)
    var next = starts
    var objects = [UInt32](repeating: 0, count: starts.last ?? 0)
    for (object, index) in classes.enumerated() where index >= 0 {
      objects[next[index]] = UInt32(object)
      next[index] += 1
    }
    return (objects, starts)
  }
}
