// SPDX-License-Identifier: Apache-2.0
import Sizer
import Testing

/// Objects of sizes that differ: a header, and an array's block.
private final class Sized {
  let bytes: [UInt8]
  init(_ count: Int) { bytes = [UInt8](repeating: 1, count: number(count)) }
}

@Suite("Acceptance: sorting and printing")
struct AcceptancePrintingTests {
  private func tracked(_ sizes: [(String, Int)]) throws -> (tracker: ClassTracker, objects: [Sized]) {
    let tracker = ClassTracker()
    let objects = sizes.map { size in made { Sized(size.1) } }
    for (object, size) in zip(objects, sizes) { try tracker.track(object, name: size.0) }
    try tracker.createSnapshot()
    return (tracker, objects)
  }

  @Test("objects are sorted by size, by two keys, and reversed; a key that is unknown is none")
  func sorting() throws {
    let (tracker, objects) = try tracked([("b", 100), ("a", 10_000), ("b", 1_000), ("a", 100)])
    let statistics = tracker.statistics
    func births(_ statistics: Statistics) -> [Int] {
      statistics.objects.map { object in tracker.statistics.objects.firstIndex { $0.birth == object.birth }! }
    }
    #expect(births(statistics.sorted(by: .size)) == [1, 2, 0, 3])
    #expect(births(statistics.sorted(by: .size).reversed()) == [3, 0, 2, 1])
    #expect(births(statistics.sorted(by: .name, .size)) == [1, 3, 2, 0])
    #expect(births(statistics.sorted(by: .size, .name)) == [1, 2, 3, 0])
    #expect(births(statistics) == [0, 1, 2, 3])
    #expect(Statistics.SortKey(rawValue: "unknown") == nil)
    #expect(Statistics.SortKey(rawValue: "snapshotSize") == .snapshotSize)
    keepAlive(objects)
  }

  @Test("tracked classes are listed in order as they appear between snapshots")
  func trackedClasses() throws {
    final class First {}
    final class Second {}
    let tracker = ClassTracker()
    #expect(tracker.statistics.trackedClasses == [])
    try tracker.track(class: Second.self, name: "M.Second")
    try tracker.createSnapshot()
    #expect(tracker.statistics.trackedClasses == ["M.Second"])
    let object = made { First() }
    try tracker.track(object, name: "M.First")
    try tracker.createSnapshot()
    #expect(tracker.statistics.trackedClasses == ["M.First", "M.Second"])
    #expect(tracker.statistics.snapshots[0].classes.keys.sorted() == ["M.Second"])
    keepAlive(object)
  }

  @Test("a filtered print has the class and its creating line only")
  func filtered() throws {
    final class Wanted {}
    final class Other {}
    let tracker = ClassTracker()
    try tracker.track(class: Wanted.self, name: "Wanted", trace: true)
    try tracker.track(class: Other.self, name: "Other", trace: true)
    let wanted = made { Wanted() }; let wantedLine = #line
    let other = made { Other() }; let otherLine = #line
    let printed = lines { tracker.statistics.printStatistics(className: "Want", to: &$0) }
    #expect(printed.count { $0.contains("Wanted ") && $0.contains("0x") } == 1)
    #expect(printed.contains { $0.contains("AcceptancePrintingTests.swift:\(wantedLine)") })
    #expect(!printed.contains { $0.contains("Other") || $0.contains("AcceptancePrintingTests.swift:\(otherLine)") })
    #expect(lines { tracker.statistics.printStatistics(className: "want", to: &$0) }.isEmpty)
    keepAlive((wanted, other))
  }

  @Test("limits are a count, or a fraction of what the filter left")
  func limits() throws {
    let (tracker, objects) = try tracked((0..<10).map { ($0 < 4 ? "few" : "many", 100) })
    func blocks(_ name: String?, _ limit: Statistics.Limit) -> Int {
      lines { tracker.statistics.printStatistics(className: name, limit: limit, to: &$0) }.count { $0.contains("0x") }
    }
    #expect(blocks(nil, 3) == 3)
    #expect(blocks(nil, 0.5) == 5)
    #expect(blocks("few", 0.5) == 2)
    #expect(blocks("few", 100) == 4)
    #expect(blocks(nil, .all) == 10)
    keepAlive(objects)
  }

  @Test("nothing, one, two and a dead instance are printed")
  func deadAndAlive() throws {
    final class Tracked {}
    let tracker = ClassTracker()
    try tracker.track(class: Tracked.self, name: "Tracked")
    func heads() -> [Bool] {
      lines { tracker.statistics.printStatistics(to: &$0) }.filter { $0.hasPrefix("Tracked") }
        .map { $0.contains("( free )") }
    }
    #expect(heads() == [])
    var first: Tracked? = made { Tracked() }
    #expect(heads() == [false])
    let second = made { Tracked() }
    #expect(heads() == [false, false])
    try tracker.createSnapshot()
    first = nil
    #expect(heads() == [true, false])
    let printed = lines { tracker.statistics.printStatistics(to: &$0) }
    #expect(printed.count { $0.hasSuffix(" finalize") } == 1)
    #expect(printed.count { $0.hasSuffix("  16     B") } == 2)
    keepAlive((first, second))
  }

  @Test("the merged referents of two instances equal their sum")
  func merged() throws {
    final class Owner {
      let name: String
      let leaf = Leaf()
      init(_ length: Int) { name = text(length) }
    }
    let tracker = ClassTracker()
    try tracker.track(class: Owner.self, name: "Owner", resolutionLevel: 1)
    // Blocks of strings: a header of 32 bytes, the text and its end.
    let owners = [made { Owner(40) }, made { Owner(200) }]
    try tracker.createSnapshot()
    let statistics = tracker.statistics
    let merged = statistics.mergedReferents(of: "Owner", inSnapshot: 0)
    #expect(merged.map(\.name) == ["name", "leaf"])
    #expect(merged.map(\.bytes) == [80 + 256, 32 + 32])
    #expect(merged.map(\.count) == [2, 2])
    let sum = statistics.objects.flatMap { $0.records[0].referents }.reduce(0) { $0 + $1.bytes }
    #expect(merged.reduce(0) { $0 + $1.bytes } == sum)
    #expect(statistics.mergedReferents(of: "Owner", inSnapshot: 1).isEmpty)
    keepAlive(owners)
  }
}
