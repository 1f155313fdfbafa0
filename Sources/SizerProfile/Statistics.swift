// SPDX-License-Identifier: Apache-2.0

/// What was recorded, as a value: sorted, filtered and printed without touching the tracker that recorded it.
///
///     let statistics = try Statistics(contentsOf: "server.sizer")
///     statistics.printSummary()
///     statistics.sorted(by: .size).printStatistics(className: "Session", limit: 3)
///
/// Copies share their storage. The objects stay in columns: a ``TrackedObject`` is made when it is asked for.
public struct Statistics: Sendable {
  package let history: History
  /// Rows of `history.objects` in the current order; nil while that is the order of tracking.
  package let order: [UInt32]?
  let timeline: Timeline

  package init(_ history: History) {
    self.history = history
    self.order = nil
    self.timeline = Timeline(history.snapshots)
  }

  /// The same history in another order.
  init(_ other: Statistics, order: [UInt32]?) {
    self.history = other.history
    self.order = order
    self.timeline = other.timeline
  }

  /// The snapshots, in order of time.
  public var snapshots: [Snapshot] { history.snapshots }

  /// What tells the process that was recorded from others: `service.name`, `host.name`, `process.pid` and their like,
  /// by OpenTelemetry's names. Empty for a profile that was written before profiles had them.
  public var tags: [String: String] { history.tags }

  /// How many objects were tracked. Takes constant time.
  public var objectCount: Int { history.objects.count }

  /// All tracked objects, in the current order.
  ///
  /// Makes every one of them, with a record per object and snapshot: where there are millions, ``object(at:)`` makes
  /// one at a time.
  public var objects: [TrackedObject] {
    (0..<objectCount).map { trackedObject(row: row(at: $0)) }
  }

  /// The object at a position of the current order; nil when there is none at this position. Takes time logarithmic in
  /// the number of objects, and linear in that of its records.
  public func object(at position: Int) -> TrackedObject? {
    history.objects.indices.contains(position) ? trackedObject(row: row(at: position)) : nil
  }

  /// Every name that an object is tracked under or a snapshot lists, sorted, each once. Linear in the number of
  /// objects.
  public var trackedClasses: [String] {
    var isRegistered = [Bool](repeating: false, count: history.names.count)
    for object in history.objects { isRegistered[Int(object.name)] = true }
    let names = TextNumbers()
    for (name, isRegistered) in zip(history.names, isRegistered) where isRegistered { _ = names.number(of: name) }
    for snapshot in snapshots { for name in snapshot.classes.keys { _ = names.number(of: name) } }
    return names.texts.sorted { $0.precedes($1) }
  }

  /// The row of `history.objects` that stands at a position of the current order.
  package func row(at position: Int) -> Int {
    order.map { Int($0[position]) } ?? position
  }

  /// What is known of the object in a row of `history.objects`.
  package func trackedObject(row: Int) -> TrackedObject {
    let object = history.objects[row]
    return TrackedObject(
      name: history.names[Int(object.name)],
      className: history.names[Int(object.className)],
      representation: history.names[Int(object.currentClass)],
      address: object.address,
      birth: .nanoseconds(object.birth),
      death: object.isDead ? .nanoseconds(object.end) : nil,
      records: records(row: row),
      trace: object.trace == History.ObjectRow.none ? nil : history.traces[Int(object.trace)])
  }
}
