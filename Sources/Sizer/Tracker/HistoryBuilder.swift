// SPDX-License-Identifier: Apache-2.0

/// Brings the engine's records and the tracker's together into one history.
struct HistoryBuilder {
  private var names: [String] = []
  private var nameNumbers: [String: UInt32] = [:]
  private(set) var history: History

  init(_ state: TrackerState, _ lifetimes: Lifetimes?) {
    history = History(snapshots: state.snapshots)
    guard let lifetimes else { return }
    let records = lifetimes.records()
    addObjects(records, state, lifetimes)
    addCurrentClasses(lifetimes)
    history.sizes = HistoryBuilder.byObject(lifetimes.sizes(), objectCount: records.count)
    // Each object's rows are in order of snapshot already.
    history.referents = state.referents.sorted { ($0.object, $0.snapshot) < ($1.object, $1.snapshot) }
    history.names = names
  }

  private mutating func number(of name: String) -> UInt32 {
    if let number = nameNumbers[name] { return number }
    let number = UInt32(names.count)
    names.append(name)
    nameNumbers[name] = number
    return number
  }

  private mutating func addObjects(_ records: [Lifetimes.Record], _ state: TrackerState, _ lifetimes: Lifetimes) {
    let cohorts = lifetimes.cohorts().map { cohort in
      (
        name: number(of: state.announcements[cohort.announcement].name),
        className: number(of: _typeName(cohort.type, qualified: true))
      )
    }
    let traces = TraceTable(of: records)
    history.traces = traces.traces
    history.objects.reserveCapacity(records.count)
    for record in records {
      let cohort = cohorts[Int(record.cohort)]
      history.objects.append(
        History.ObjectRow(
          name: cohort.name, className: cohort.className, currentClass: cohort.className,
          trace: traces.number(of: record.trace), address: record.address,
          birth: record.birth.nanoseconds(since: state.epoch),
          end: record.end.map { $0.nanoseconds(since: state.epoch) } ?? .max, isDead: record.isDead))
    }
  }

  private mutating func addCurrentClasses(_ lifetimes: Lifetimes) {
    for morph in lifetimes.morphs() where history.objects.indices.contains(Int(morph.object)) {
      history.objects[Int(morph.object)].currentClass = number(of: _typeName(morph.type, qualified: true))
    }
  }

  /// The engine records by snapshot; a history is ordered by object. Counting sort: linear, and it keeps the order of snapshots.
  private static func byObject(_ rows: [History.SizeRow], objectCount: Int) -> [History.SizeRow] {
    var starts = [Int](repeating: 0, count: objectCount + 1)
    for row in rows { starts[Int(row.object) + 1] += 1 }
    for index in 0..<objectCount { starts[index + 1] += starts[index] }
    var sorted = [History.SizeRow](repeating: History.SizeRow(object: 0, snapshot: 0, bytes: 0), count: rows.count)
    for row in rows {
      sorted[starts[Int(row.object)]] = row
      starts[Int(row.object)] += 1
    }
    return sorted
  }
}

/// The stacks that a set of records refers to, symbolised, each once.
private struct TraceTable {
  private(set) var traces: [StackTrace] = []
  private var numbers: [UInt32: UInt32] = [:]

  init(of records: [Lifetimes.Record]) {
    var wanted: [UInt32] = []
    for record in records where record.trace != 0 && numbers[record.trace] == nil {
      numbers[record.trace] = UInt32(wanted.count)
      wanted.append(record.trace)
    }
    if !wanted.isEmpty { traces = symboliser.traces(of: wanted.map(Engine.stack)) }
  }

  func number(of trace: UInt32) -> UInt32 {
    numbers[trace] ?? History.ObjectRow.none
  }
}

/// One for the process: code stays where it is, so what was found out holds for all trackers.
private let symboliser = Symboliser()
