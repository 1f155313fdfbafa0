// SPDX-License-Identifier: Apache-2.0

import Sizer
import TrackingLoop

/// What a snapshot costs: of trackers that differ in what they have seen, in turns.
struct SnapshotBenchmark {
  var objects: Int
  var snapshots: Int
  private static let limit = 100.0

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
        figures("the first", [first[0]]),
        figures("a later one", times[0]),
        figures("with as many dead objects", times[1]),
        figures("after \(snapshots) snapshots", times[2]),
        figures("statistics", (0..<5).map { _ in statistics(plain) }, isSnapshot: false),
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
    return Double(time) / Double(objects)
  }

  private func statistics(_ tracker: ClassTracker) -> Double {
    let start = processorTime
    return withExtendedLifetime(tracker.statistics) { Double(processorTime - start) / Double(objects) }
  }

  private func figures(_ title: String, _ times: [Double], isSnapshot: Bool = true) -> SnapshotFigures {
    SnapshotFigures(
      title: title, objects: objects, nsPerObject: times.median.rounded(to: 1),
      fastestNsPerObject: (times.min() ?? .nan).rounded(to: 1),
      isReached: isSnapshot ? times.median <= Self.limit : nil)
  }
}

/// What a snapshot costs for each living object.
struct SnapshotFigures: Encodable {
  var title: String
  var objects: Int
  var nsPerObject: Double
  var fastestNsPerObject: Double
  var isReached: Bool?
}

extension [SnapshotFigures] {
  var table: Table {
    var table = Table(
      .text("what"), .number("objects"), .number("ns/object"), .number("fastest"), .text("target"))
    for row in self {
      table.append(
        row.title, row.objects.grouped, row.nsPerObject.decimals(1), row.fastestNsPerObject.decimals(1),
        mark("100 ns", row.isReached))
    }
    return table
  }
}
