// SPDX-License-Identifier: Apache-2.0

extension Statistics {
  /// What objects can be sorted by. The raw value is what a user types.
  public enum SortKey: String, CaseIterable, Sendable, Hashable, Codable {
    /// The class when it was tracked first, ascending.
    case className
    /// The size in the snapshot with the most tracked bytes, descending; 0 for those that it did not find.
    case snapshotSize
    /// The birth, ascending.
    case birth
    /// The death, ascending; those that live come last.
    case death
    /// The name that objects are tracked under, ascending.
    case name
    /// The representation, ascending.
    case representation
    /// The largest size of all snapshots, descending; 0 for those that no snapshot found.
    case size
  }

  /// The same objects, sorted by the first key, those alike in it by the second, and so on; by all keys, in the order
  /// of their declaration, when none is given. Those alike in every key keep the order in which they were tracked.
  ///
  ///     statistics.sorted(by: .size, .birth).printStatistics(limit: 10)
  ///
  /// No object is made for this: a million objects take tens of bytes each, and about a second at worst.
  public func sorted(by keys: SortKey...) -> Statistics { sorted(by: keys) }

  /// The same objects, sorted by the first key, those alike in it by the second, and so on, as
  /// the other form does.
  public func sorted(by keys: [SortKey]) -> Statistics {
    var order = history.objects.indices.map { UInt32($0) }
    var runs = [0..<order.count]
    for key in keys.isEmpty ? SortKey.allCases : keys {
      runs.removeAll { $0.count < 2 }
      if runs.isEmpty { break }
      let column = column(of: key)
      runs = runs.flatMap { sort(&order, run: $0, by: column) }
    }
    return Statistics(self, order: order)
  }

  /// The same objects in the opposite order.
  public func reversed() -> Statistics {
    Statistics(self, order: history.objects.indices.reversed().map { UInt32(row(at: $0)) })
  }

  /// For each row of `history.objects` a number; the numbers ascend where the key's values are in order.
  private func column(of key: SortKey) -> [Int64] {
    switch key {
    case .className: return ranks(of: \.className)
    case .name: return ranks(of: \.name)
    case .representation: return ranks(of: \.currentClass)
    case .birth: return history.objects.map(\.birth)
    case .death: return history.objects.map { $0.isDead ? $0.end : .max }
    case .size: return largestSizes().map { ~$0 }
    case .snapshotSize: return sizesAtLargestSnapshot().map { ~$0 }
    }
  }

  private func ranks(of name: KeyPath<History.ObjectRow, UInt32>) -> [Int64] {
    let names = history.names
    let sorted = names.indices.sorted { names[$0].precedes(names[$1]) }
    var ranks = [Int64](repeating: 0, count: names.count)
    for (before, next) in zip(sorted, sorted.dropFirst()) {
      ranks[next] = ranks[before] + (names[before].isSameText(as: names[next]) ? 0 : 1)
    }
    return history.objects.map { ranks[Int($0[keyPath: name])] }
  }
}

/// Sorts a run of rows by their numbers in a column, and returns the runs within it that have the same number.
private func sort(_ order: inout [UInt32], run: Range<Int>, by column: [Int64]) -> [Range<Int>] {
  // Pairs lie side by side, so that comparing does not jump about the column. The row makes all of them different: ties
  // come in the order of tracking.
  var pairs = order[run].map { (number: column[Int($0)], row: $0) }
  pairs.sort { ($0.number, $0.row) < ($1.number, $1.row) }
  var ties: [Range<Int>] = []
  var start = 0
  for (offset, pair) in pairs.enumerated() {
    order[run.lowerBound + offset] = pair.row
    guard pair.number != pairs[start].number else { continue }
    ties.append(run.lowerBound + start..<run.lowerBound + offset)
    start = offset
  }
  ties.append(run.lowerBound + start..<run.upperBound)
  return ties
}
