// SPDX-License-Identifier: Apache-2.0

extension Statistics {
  /// Prints a block for each object to standard output; see ``printStatistics(className:limit:folded:to:)``.
  public func printStatistics(className: String? = nil, limit: Limit = .all, folded: Bool = false) {
    var output = StandardOutput()
    printStatistics(className: className, limit: limit, folded: folded, to: &output)
    output.flush()
  }

  /// Prints a table of all snapshots to standard output; see ``printSummary(folded:to:)``.
  public func printSummary(folded: Bool = false) {
    var output = StandardOutput()
    printSummary(folded: folded, to: &output)
    output.flush()
  }

  /// Writes a block for each object, in the current order: name, address (`( free )` after its death, `( left )` when
  /// its tracking ended before) and representation; where it was made; time, size and referents at each snapshot;
  /// `finalize` with the time of its death.
  ///
  /// Lines are at most 79 columns wide and written one by one; what would break them is spelled out (`\n`, `\u{1b}`),
  /// what is too long has `...`. Referents below a thousandth of the object are folded.
  ///
  /// - Parameters:
  ///   - className: Only objects whose name or class name contains this text, byte for byte; nil for all.
  ///   - limit: How many of those.
  ///   - folded: Shows of many objects the first five, the last five and the five largest of the others, of an object
  ///     with many snapshots the first, the last and the largest, and of its referents what is at least a fiftieth of
  ///     it; `... 4970 more objects` stands for the rest.
  ///   - output: Where it goes.
  public func printStatistics<Output: TextOutputStream>(
    className: String? = nil, limit: Limit = .all, folded: Bool = false, to output: inout Output
  ) {
    let rows = selection(className: className, limit: limit)
    guard folded else {
      for row in rows { ObjectText(object: trackedObject(row: row)).write(to: &output) }
      return
    }
    let sizes = largestSizes()
    for part in Folding(ends: 5, largest: 5).parts(of: rows.count, size: { Int(sizes[rows[$0]]) }) {
      switch part {
      case .shown(let place): ObjectText(object: trackedObject(row: rows[place]), isFolded: true).write(to: &output)
      case .left(let count): output.write(leftLine(count, "object", indent: 0))
      }
    }
  }

  /// Writes a table of 79 columns: for each snapshot its label and tracked bytes, and for each class that it or an
  /// earlier one lists the living instances, their bytes, the bytes of one on average, and their share of the tracked
  /// bytes, rounded down.
  ///
  /// What is not exact, or failed, is told below it.
  /// - Parameters:
  ///   - folded: Shows of many snapshots the first, the last and the largest, and of many classes the twenty that are
  ///     largest in one of these; `... 37 more snapshots` and a row `(480 smaller)` stand for the rest.
  ///   - output: Where it goes.
  public func printSummary<Output: TextOutputStream>(folded: Bool = false, to output: inout Output) {
    SummaryText(snapshots, isFolded: folded).write(to: &output)
  }
}
