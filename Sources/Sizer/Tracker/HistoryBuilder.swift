// SPDX-License-Identifier: Apache-2.0

/// Makes rows of a history of the engine's records.
struct RowBuilder: Sendable {
  private(set) var names = NameTable()
  private(set) var traces = TraceTable()
  private var cohorts: [(name: UInt32, className: UInt32)] = []

  /// Learns the cohorts that came since it was last asked.
  mutating func update(_ requests: [TrackRequest], _ lifetimes: Lifetimes) {
    for cohort in lifetimes.cohorts(from: cohorts.count) {
      let name = requests[cohort.request].name ?? cohort.className
      cohorts.append((number(of: name), number(of: cohort.className)))
    }
  }

  mutating func number(of name: String) -> UInt32 { names.number(of: name) }

  mutating func row(_ record: Lifetimes.Record, epoch: Ticks) -> History.ObjectRow {
    let cohort = cohorts[Int(record.cohort)]
    return History.ObjectRow(
      name: cohort.name, className: cohort.className, currentClass: cohort.className,
      trace: traces.number(of: record.trace), address: record.address, birth: record.birth.nanoseconds(since: epoch),
      end: record.end.map { $0.nanoseconds(since: epoch) } ?? .max, isDead: record.isDead)
  }
}

/// Brings the engine's records and the tracker's together into one history.
struct HistoryBuilder: Sendable {
  private var rows = RowBuilder()
  private var history: History
  private let started: Int64

  init(_ state: TrackerState, _ lifetimes: Lifetimes?) {
    history = History(snapshots: state.snapshots)
    started = state.started
    guard let lifetimes else { return }
    let records = lifetimes.records(from: 0)
    rows.update(state.requests, lifetimes)
    history.objects = records.map { rows.row($0, epoch: state.epoch) }
    for morph in lifetimes.morphs() where history.objects.indices.contains(Int(morph.object)) {
      history.objects[Int(morph.object)].currentClass = rows.number(of: typeName(of: morph.type))
    }
    history.sizes = HistoryBuilder.byObject(lifetimes.sizes(from: 0), objectCount: records.count)
    history.referents = state.referents.sorted { ($0.object, $0.snapshot) < ($1.object, $1.snapshot) }
    history.names = rows.names.names
  }

  /// The history, with names and lines in its traces: that may read files, and no lock should be held.
  func finished() -> History {
    var history = history
    history.traces = rows.traces.symbolised()
    history.tags = ProcessTags.ofThisProcess(started: started)
    return history
  }

  /// The engine records by snapshot; a history is ordered by object. Counting sort: linear, and it keeps the order of
  /// snapshots.
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
