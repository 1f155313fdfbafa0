// SPDX-License-Identifier: Apache-2.0
import Sizer
import Testing

/// As `TrackingDefectsTests`, of what is shown.
@Suite("Known defects of trackers: statistics")
struct StatisticsDefectsTests {
  @Test("3: a summary can be printed after a class has appeared since the last one")
  func newClass() throws {
    let tracker = ClassTracker()
    let leaves = [made { Leaf() }, made { Leaf() }]
    try tracker.track(leaves[0], name: "old")
    try tracker.createSnapshot("one")
    let first = lines { tracker.statistics.printSummary(to: &$0) }
    try tracker.track(leaves[1], name: "new")
    try tracker.createSnapshot("two")
    let second = lines { tracker.statistics.printSummary(to: &$0) }
    #expect(first.count { $0.hasPrefix("  old") } == 1)
    #expect(second.count { $0.hasPrefix("  old") } == 2)
    #expect(second.count { $0.hasPrefix("  new") } == 1)
    #expect(second.allSatisfy { $0.count <= 79 })
    keepAlive(leaves)
  }

  @Test("5: size is the largest ever, the snapshot's is that of the largest; living objects sort after the dead")
  func sorting() throws {
    final class Changing { var text = "" }
    let tracker = ClassTracker()
    let (shrinks, grows, stays) = (made { Changing() }, made { Changing() }, made { Changing() })
    var dead: Changing? = made { Changing() }
    for (object, name) in [(shrinks, "shrinks"), (grows, "grows"), (stays, "stays"), (dead!, "dead")] {
      try tracker.track(object, name: name)
    }
    shrinks.text = text(4_000)
    try tracker.createSnapshot("small")
    shrinks.text = ""
    grows.text = text(3_000)
    stays.text = text(2_000)
    dead!.text = text(1_000)
    let largest = try tracker.createSnapshot("largest")
    dead = nil
    grows.text = ""
    stays.text = ""
    try tracker.createSnapshot("last")
    #expect(largest.trackedBytes == tracker.statistics.snapshots.map(\.trackedBytes).max())
    func names(_ keys: Statistics.SortKey...) -> [String] { tracker.statistics.sorted(by: keys).objects.map(\.name) }
    #expect(names(.size) == ["shrinks", "grows", "stays", "dead"])
    #expect(names(.snapshotSize) == ["grows", "stays", "dead", "shrinks"])
    #expect(names(.death) == ["dead", "shrinks", "grows", "stays"])
    keepAlive((shrinks, grows, stays, dead))
  }

  @Test("6: without a limit all is printed; a fraction is of what the filter left")
  func limits() throws {
    let tracker = ClassTracker()
    let leaves = (0..<20).map { _ in made { Leaf() } }
    for (index, leaf) in leaves.enumerated() { try tracker.track(leaf, name: index < 4 ? "rare" : "common") }
    func count(_ name: String?, _ limit: Statistics.Limit?) -> Int {
      lines { output in
        if let limit {
          tracker.statistics.printStatistics(className: name, limit: limit, to: &output)
        } else {
          tracker.statistics.printStatistics(className: name, to: &output)
        }
      }.count
    }
    #expect(count(nil, nil) == 20)
    #expect(count("rare", nil) == 4)
    #expect(count("rare", 0.5) == 2)
    #expect(count("common", 0.25) == 4)
    keepAlive(leaves)
  }

  @Test("14: a share is of the tracked bytes, says so, and is never above 100 %")
  func shares() throws {
    let tracker = ClassTracker()
    let (leaf, texts) = (made { Leaf() }, made { Texts() })
    try tracker.track(leaf, name: "small")
    try tracker.track(texts, name: "large")
    let snapshot = try tracker.createSnapshot()
    #expect(snapshot.trackedBytes > 1 << 20)
    let printed = lines { tracker.statistics.printSummary(to: &$0) }
    let shares = printed.compactMap { line in
      line.hasSuffix("%") ? Int(line.dropLast().suffix(4).filter { $0 != " " }) : nil
    }
    #expect(shares == [99, 0])
    #expect(printed.contains { $0.contains("share of the tracked bytes") })
    #expect(snapshot.classes.values.allSatisfy { $0.share >= 0 && $0.share <= 1 })
    keepAlive((leaf, texts))
  }
}

private final class Texts { let all = (0..<1_000).map { text(1_000 + $0) } }
