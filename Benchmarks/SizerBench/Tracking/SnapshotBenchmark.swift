// SPDX-License-Identifier: Apache-2.0

import Sizer
import TrackingLoop

/// What a snapshot costs: of trackers that differ in what they have seen, in turns.
struct SnapshotBenchmark {
  var objects: Int
  var snapshots: Int
  /// Of so few objects a snapshot is mostly what any snapshot takes: the goal is one for all of it.
  private static let few = 1_000

  /// What any snapshot takes, before the process has grown and while no other tracker lives: it looks at all of that,
  /// too.
  static func fixedPart() throws -> SnapshotFigures {
    try SnapshotBenchmark(objects: few, snapshots: 0).alone()
  }

  private func alone() throws -> SnapshotFigures {
    var living: [Pair] = []
    let tracker = try tracker(&living, withDead: false)
    defer { tracker.close() }
    _ = try snapshot(tracker)
    let times = try (0..<31).map { _ in try snapshot(tracker) }
    return withExtendedLifetime(living) {
      SnapshotFigures("of the only tracker, first of all", objects, times, .whole)
    }
  }

  func run() throws -> [SnapshotFigures] {
    var living: [Pair] = []
    let plain = try tracker(&living, withDead: false)
    let withDead = try tracker(&living, withDead: true)
    let experienced = try tracker(&living, withDead: false)
    let trackers = [plain, withDead, experienced]
    defer { for tracker in trackers { tracker.close() } }
    let first = try trackers.map(snapshot)
    for _ in 0..<snapshots { try experienced.createSnapshot(mode: .inPlace) }
    var times = [[Double]](repeating: [], count: trackers.count)
    for round in 0..<15 {
      let order = round.isMultiple(of: 2) ? Array(trackers.indices) : trackers.indices.reversed()
      for index in order { times[index].append(try snapshot(trackers[index])) }
    }
    return withExtendedLifetime(living) {
      [
        figures("the first of three trackers", [first[0]]),
        figures("a later one", times[0]),
        figures("with as many dead objects", times[1]),
        figures("after \(snapshots) snapshots", times[2]),
        SnapshotFigures("statistics", objects, (0..<5).map { _ in statistics(plain) }),
      ]
    }
  }

  /// A tracker of as many new objects, and of as many that died between them.
  private func tracker(_ living: inout [Pair], withDead: Bool) throws -> ClassTracker {
    let tracker = ClassTracker()
    try tracker.track(class: Pair.self)
    living.reserveCapacity(living.count + objects)
    for number in 0..<objects {
      living.append(Pair(number))
      if withDead { _ = Pair(number) }
    }
    tracker.detachAllClasses()
    return tracker
  }

  private func snapshot(_ tracker: ClassTracker) throws -> Double {
    let start = processorTime
    let snapshot = try tracker.createSnapshot(mode: .inPlace)
    let time = processorTime - start
    guard snapshot.classes.values.reduce(0, { $0 + $1.active }) == objects, snapshot.unresolvedCount == 0 else {
      throw BenchError("the snapshot found \(snapshot.classes), made were \(objects) objects")
    }
    return Double(time)
  }

  private func statistics(_ tracker: ClassTracker) -> Double {
    let start = processorTime
    return withExtendedLifetime(tracker.statistics) { Double(processorTime - start) }
  }

  private func figures(_ title: String, _ times: [Double]) -> SnapshotFigures {
    SnapshotFigures(title, objects, times, objects <= Self.few ? nil : .perObject)
  }
}

/// What a snapshot costs: nanoseconds for each living object, microseconds in all.
struct SnapshotFigures: Encodable {
  var title: String
  var objects: Int
  var nsPerObject: Double
  var fastestNsPerObject: Double
  var microseconds: Double
  var target: String?
  var isReached: Bool?

  /// What it is to cost at most.
  enum Target { case perObject, whole }

  /// From the nanoseconds of all rounds.
  init(_ title: String, _ objects: Int, _ times: [Double], _ target: Target? = nil) {
    self.title = title
    self.objects = objects
    nsPerObject = (times.median / Double(objects)).rounded(to: 1)
    fastestNsPerObject = ((times.min() ?? .nan) / Double(objects)).rounded(to: 1)
    microseconds = (times.median / 1_000).rounded(to: 1)
    switch target {
    case .perObject: (self.target, isReached) = ("100 ns per object", times.median <= 100 * Double(objects))
    case .whole: (self.target, isReached) = ("140 us", times.median <= 140_000)
    case nil: break
    }
  }
}

extension [SnapshotFigures] {
  var table: Table {
    var table = Table(
      .text("what"), .number("objects"), .number("ns/object"), .number("fastest"), .number("us in all"),
      .text("target"))
    for row in self {
      table.append(
        row.title, row.objects.grouped, row.nsPerObject.decimals(1), row.fastestNsPerObject.decimals(1),
        row.microseconds.decimals(0), mark(row.target ?? "", row.isReached))
    }
    return table
  }
}
