// SPDX-License-Identifier: Apache-2.0
import SeededRandom
import SizerProfile
import SizerReports
import Testing

@Suite("Comparing snapshots")
struct DiffModelTests {
  @Test("figures are what looking at every object gives", arguments: 1...40)
  func model(_ seed: Int) throws {
    // Objects with few names, places and sizes, as only the seed decides.
    var dice = SeededGenerator(seed: UInt64(seed))
    var history = History(names: ["A", "B", "C"])
    history.snapshots = (0..<4).map { Snapshot(label: "\($0)", timestamp: .nanoseconds(100 * ($0 + 1))) }
    history.traces = (0..<3).map { StackTrace(frames: [.init(address: UInt64($0), function: "f\($0)")]) }
    for row in 0..<50 {
      let birth = Int64(dice.below(450))
      let end: Int64 = dice.below(2) == 0 ? .max : birth + Int64(dice.below(300))
      let trace = dice.below(4)
      history.objects.append(
        .init(
          name: UInt32(dice.below(3)), className: 0, currentClass: 0,
          trace: trace == 3 ? History.ObjectRow.none : UInt32(trace), birth: birth, end: end,
          isDead: end != .max && dice.below(4) > 0))
      for snapshot in 0..<4 where birth <= 100 * (snapshot + 1) && 100 * (snapshot + 1) < end {
        let bytes = Int64(16 * dice.below(4))
        // Only what changed is a row.
        if let last = history.sizes.last, last.object == row, last.bytes == bytes { continue }
        history.sizes.append(.init(object: UInt32(row), snapshot: UInt32(snapshot), bytes: bytes))
      }
    }
    let statistics = Statistics(history)
    for (from, to) in [(0, 1), (0, 3), (1, 2), (2, 2)] {
      check(try ProfileDiff(statistics, from, statistics, to), statistics.objects, from, to)
      let single = try ProfileDiff(statistics, from, statistics, to, isGrouped: false)
      #expect(single.changes.allSatisfy { $0.object != nil && max($0.figures.fromCount, $0.figures.toCount) == 1 })
    }
  }

  private func check(_ diff: ProfileDiff, _ objects: [TrackedObject], _ from: Int, _ to: Int) {
    func bytes(_ object: TrackedObject, _ snapshot: Int) -> Int? {
      object.records.first { $0.timestamp == .nanoseconds(100 * (snapshot + 1)) }?.bytes
    }
    var growths: [ProfileDiff.Kind: Int] = [:]
    var counts: [ProfileDiff.Kind: Int] = [:]
    for object in objects {
      let kind: ProfileDiff.Kind
      switch (bytes(object, from), bytes(object, to)) {
      case (nil, nil): continue
      case (nil, .some): kind = .born
      case (.some, nil): kind = object.death == nil ? .left : .died
      case (.some(let before), .some(let after)):
        if before == after { continue }
        kind = before < after ? .grown : .shrunk
      }
      counts[kind, default: 0] += 1
      growths[kind, default: 0] += (bytes(object, to) ?? 0) - (bytes(object, from) ?? 0)
    }
    for kind in ProfileDiff.Kind.allCases {
      let changes = diff.changes.filter { $0.kind == kind }
      #expect(changes.reduce(0) { $0 + $1.figures.growth } == growths[kind, default: 0])
      #expect(changes.reduce(0) { $0 + max($1.figures.fromCount, $1.figures.toCount) } == counts[kind, default: 0])
      #expect(changes.map { $0.figures.growth.magnitude } == changes.map { $0.figures.growth.magnitude }.sorted(by: >))
    }
    for name in ["A", "B", "C"] {
      let named = objects.filter { $0.name == name }
      let change = diff.classes.first { $0.name == name }
      #expect(change?.figures.fromCount ?? 0 == named.count { bytes($0, from) != nil })
      #expect(change?.figures.toCount ?? 0 == named.count { bytes($0, to) != nil })
      #expect(change?.figures.toBytes ?? 0 == named.reduce(0) { $0 + (bytes($1, to) ?? 0) })
      #expect(change?.born ?? 0 == named.count { bytes($0, from) == nil && bytes($0, to) != nil })
      #expect(change?.gone ?? 0 == named.count { bytes($0, from) != nil && bytes($0, to) == nil })
    }
    let passing = objects.count { object in
      guard let death = object.death, bytes(object, from) == nil, bytes(object, to) == nil else { return false }
      return object.birth > .nanoseconds(100 * (from + 1)) && death <= .nanoseconds(100 * (to + 1))
    }
    #expect(diff.passingCount == passing)
  }
}
