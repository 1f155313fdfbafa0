// SPDX-License-Identifier: Apache-2.0

extension Statistics {
  /// Prints a block for each object to standard output; see ``printStatistics(className:limit:to:)``.
  public func printStatistics(className: String? = nil, limit: Limit = .all) {
    var output = StandardOutput()
    printStatistics(className: className, limit: limit, to: &output)
    output.flush()
  }

  /// Prints a table of all snapshots to standard output; see ``printSummary(to:)``.
  public func printSummary() {
    var output = StandardOutput()
    printSummary(to: &output)
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
  public func printStatistics<Output: TextOutputStream>(
    className: String? = nil, limit: Limit = .all, to output: inout Output
  ) {
    for row in selection(className: className, limit: limit) {
      ObjectText(object: trackedObject(row: row)).write(to: &output)
    }
  }

  /// Writes a table of 79 columns: for each snapshot its label and tracked bytes, and for each class that it or an
  /// earlier one lists the living instances, their bytes, the bytes of one on average, and their share of the tracked
  /// bytes, rounded down.
  ///
  /// What is not exact, or failed, is told below it.
  public func printSummary<Output: TextOutputStream>(to output: inout Output) {
    SummaryText(snapshots).write(to: &output)
  }
}
