// SPDX-License-Identifier: Apache-2.0

package import SizerProfile

/// How a process's heap changes from table to table: since the first one, and from the last but one to the last.
package struct LiveChanges: Sendable, Hashable {
  /// What a type has now, and how that changed.
  package struct Row: Sendable, Hashable {
    package var type: String
    package var count: Int
    package var bytes: Int
    /// Since the first table; nil when that did not list the type, and had more types than it listed.
    package var countChange: Int?
    package var bytesChange: Int?
    /// Bytes per second since the last table but one; nil when that is not known, or there is none.
    package var bytesPerSecond: Int?
  }

  /// What one table had, for comparison.
  private struct Moment: Sendable, Hashable {
    var table: LiveTable
    private var places: [ExactText: Int]

    init(_ table: LiveTable) {
      self.table = table
      places = Dictionary(
        table.classes.enumerated().map { (ExactText($1.type), $0) }, uniquingKeysWith: { first, _ in first })
    }

    /// What it had of a type; nil when it does not tell.
    func figures(of type: String) -> LiveTable.Class? {
      if let place = places[ExactText(type)] { return table.classes[place] }
      return table.isComplete ? LiveTable.Class(type: type, count: 0, bytes: 0) : nil
    }

    func rung(_ name: String) -> Int? { table.ladder.first { $0.name.isSameText(as: name) }?.bytes }
  }

  private var first: Moment?
  private var previous: Moment?
  private var last: Moment?
  /// The types of the last table, and those of an earlier one that have no objects any more. In no order.
  package private(set) var rows: [Row] = []

  package init() {}

  /// The last table.
  package var table: LiveTable? { last?.table }

  /// The seconds between the first table and the last.
  package var seconds: Double { last.flatMap { last in first.map { max(0, last.table.time - $0.table.time) } } ?? 0 }

  /// Takes a table that is newer than those before. One of another process, which has taken the socket, is a first one.
  ///
  /// - Returns: Whether the process is another one.
  @discardableResult
  package mutating func take(_ table: LiveTable) -> Bool {
    let isOther = last.map { $0.table.process != table.process } ?? false
    let moment = Moment(table)
    previous = isOther ? nil : last
    if isOther || first == nil { first = moment }
    last = moment
    rows = computedRows()
    return isOther
  }

  /// Changes count from the last table on.
  package mutating func startAnew() {
    first = last
    rows = computedRows()
  }

  /// How the whole heap changed since the first table.
  package var totals: (resident: Int, objects: Int, bytes: Int) {
    guard let first = first?.table, let last = last?.table else { return (0, 0, 0) }
    return (last.resident &- first.resident, last.objects &- first.objects, last.bytes &- first.bytes)
  }

  /// How much a rung of the ladder changed since the first table; nil when that did not have it.
  package func change(ofRung rung: MemoryLadder.Rung) -> Int? { first?.rung(rung.name).map { rung.bytes &- $0 } }

  private func computedRows() -> [Row] {
    guard let last else { return [] }
    return last.table.classes.map(row) + gone.map(row)
  }

  private func row(_ now: LiveTable.Class) -> Row {
    let before = first?.figures(of: now.type)
    return Row(
      type: now.type, count: now.count, bytes: now.bytes, countChange: before.map { now.count &- $0.count },
      bytesChange: before.map { now.bytes &- $0.bytes }, bytesPerSecond: rate(now))
  }

  private func rate(_ now: LiveTable.Class) -> Int? {
    guard let previous, let last, let before = previous.figures(of: now.type) else { return nil }
    let seconds = last.table.time - previous.table.time
    // Clocks are set, and rubbish is sent: a moment too short to divide by tells nothing.
    guard seconds >= 0.001 else { return nil }
    let rate = (Double(now.bytes &- before.bytes) / seconds).rounded()
    return Int(exactly: rate)
  }

  /// Types that the first table or the last but one had and that have no objects now, as far as that is known.
  private var gone: [LiveTable.Class] {
    guard let last, last.table.isComplete else { return [] }
    let now = Set(last.table.classes.map { ExactText($0.type) })
    var met = now
    let before = (first?.table.classes ?? []) + (previous?.table.classes ?? [])
    return before.filter { $0.count != 0 && met.insert(ExactText($0.type)).inserted }
      .map { LiveTable.Class(type: $0.type, count: 0, bytes: 0) }
  }
}
