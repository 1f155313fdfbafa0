// SPDX-License-Identifier: Apache-2.0
import Sizer
import Testing

@Suite("Bad input to a tracker")
struct TrackerBadInputTests {
  /// All that a tracker shows of itself.
  private func state(_ tracker: ClassTracker) -> [String] {
    let statistics = tracker.statistics
    return lines { statistics.printSummary(to: &$0) } + lines { statistics.printStatistics(to: &$0) }
      + statistics.trackedClasses
  }

  @Test(
    "levels below 0 and above 1,000 are refused, and nothing is changed", .serialized,
    arguments: [-1, Int.min, 1_001, Int.max])
  func levels(_ level: Int) throws {
    final class Tracked { let leaf = Leaf() }
    let tracker = ClassTracker()
    let (tracked, untracked) = (made { Leaf() }, made { Leaf() })
    try tracker.track(tracked, name: "leaf", resolutionLevel: 1)
    try tracker.track(class: Tracked.self, name: "Tracked", resolutionLevel: 1)
    let before = state(tracker)
    expectError(.invalidArgument) { try tracker.track(untracked, resolutionLevel: level, keep: true) }
    expectError(.invalidArgument) { try tracker.track(tracked, resolutionLevel: level) }
    expectError(.invalidArgument) { try tracker.track(class: Tracked.self, name: "bad", resolutionLevel: level) }
    expectError(.invalidArgument) { try tracker.change(tracked, resolutionLevel: level) }
    #expect(state(tracker) == before)
    let object = made { Tracked() }
    let snapshot = try tracker.createSnapshot()
    #expect(snapshot.classes.mapValues(\.active) == ["leaf": 1, "Tracked": 1])
    #expect(tracker.objects("Tracked")[0].records[0].referents.map(\.name) == ["leaf"])
    keepAlive((tracked, untracked, object))
  }

  @Test("levels 0 and 1,000 are fine", .serialized, arguments: [0, 1_000])
  func extremeLevels(_ level: Int) throws {
    let tracker = ClassTracker()
    let leaf = made { Leaf() }
    try tracker.track(leaf, resolutionLevel: level)
    #expect(try tracker.createSnapshot().trackedBytes == 32)
    keepAlive(leaf)
  }

  @Test("an object or a class that is not tracked is an error")
  func notTracked() throws {
    class Base {}
    final class Derived: Base {}
    let (tracker, other) = (ClassTracker(), ClassTracker())
    let leaf = made { Leaf() }
    try other.track(leaf)
    try tracker.track(class: Base.self, name: "Base")
    let before = state(tracker)
    expectError(.notTracked) { try tracker.change(leaf, resolutionLevel: 1) }
    expectError(.notTracked) { try tracker.detach(class: Derived.self) }
    expectError(.notTracked) { try other.detach(class: Base.self) }
    #expect(state(tracker) == before)
    // Of a class that is, its superclass's instances are, and after it was detached they are still.
    let derived = made { Derived() }
    try tracker.detach(class: Base.self)
    try tracker.change(derived, resolutionLevel: 1)
    tracker.detachAll()
    expectError(.notTracked) { try tracker.change(derived, resolutionLevel: 1) }
    keepAlive((leaf, derived))
  }

  @Test("static objects are refused")
  func statics() throws {
    let tracker = ClassTracker()
    // The storage of all empty arrays.
    let empty = unsafeBitCast([Leaf](), to: AnyObject.self)
    expectError(.invalidArgument) { try tracker.track(empty) }
    expectError(.notTracked) { try tracker.change(empty, resolutionLevel: 1) }
    #expect(tracker.statistics.objectCount == 0 && tracker.statistics.trackedClasses.isEmpty)
    #expect(try tracker.createSnapshot().classes.isEmpty)
  }

  @Test("values in boxes are refused, classes that are named like a box are not")
  func boxes() throws {
    struct Value { let leaf = Leaf() }
    final class Not__SwiftValue {}
    let tracker = ClassTracker()
    expectError(.invalidArgument) { try tracker.track(Value() as AnyObject) }
    let object = made { Not__SwiftValue() }
    try tracker.track(object, name: "no box")
    #expect(try tracker.active("no box") == 1)
    keepAlive(object)
  }

  @Test("a closed tracker can be closed again; its other members throw, or do nothing")
  func closed() throws {
    final class Tracked {}
    let tracker = ClassTracker()
    let leaf = made { Leaf() }
    try tracker.track(leaf, name: "leaf")
    try tracker.createSnapshot("only")
    tracker.close()
    tracker.close()
    let before = state(tracker)
    expectError(.closed) { try tracker.track(leaf) }
    expectError(.closed) { try tracker.track(class: Tracked.self) }
    expectError(.closed) { try tracker.change(leaf, resolutionLevel: 1) }
    expectError(.closed) { try tracker.detach(class: Tracked.self) }
    expectError(.closed) { try tracker.createSnapshot() }
    expectError(.closed) { try tracker.startPeriodicSnapshots() }
    tracker.detachAllClasses()
    tracker.detachAll()
    tracker.stopPeriodicSnapshots()
    #expect(state(tracker) == before)
    #expect(tracker.statistics.snapshots.map(\.label) == ["only"])
    tracker.clear()
    expectError(.closed) { try tracker.track(leaf) }
    tracker.close()
    keepAlive(leaf)
  }

  @Test("names may be empty, long, and anything")
  func names() throws {
    let tracker = ClassTracker()
    let names = ["", " ", "a\nb", "<script>", "/../", String(repeating: "n", count: 100_000), "\u{1b}[31m", "\u{0}"]
    let leaves = names.map { _ in made { Leaf() } }
    for (leaf, name) in zip(leaves, names) { try tracker.track(leaf, name: name, resolutionLevel: 1) }
    #expect(
      try tracker.createSnapshot().classes.mapValues(\.active)
        == Dictionary(uniqueKeysWithValues: names.map { ($0, 1) }))
    #expect(tracker.statistics.objects.map(\.name) == names)
    #expect(state(tracker).prefix(4).allSatisfy { $0.utf8.count <= 79 })
    keepAlive(leaves)
  }

  @Test(
    "a trace's depth is at least one call, and at most 256", .serialized, arguments: [Int.min, 0, 1, 256, 257, Int.max])
  func traceDepth(_ depth: Int) throws {
    final class Tracked {}
    let tracker = ClassTracker(maximumTraceDepth: depth)
    try tracker.track(class: Tracked.self, name: "Tracked", trace: true)
    let object = deep(300) { made { Tracked() } }
    // Calls that were inlined share an address with the one they are in.
    let calls = Set(try #require(tracker.objects("Tracked")[0].trace).frames.map(\.address)).count
    #expect(calls >= 1 && calls <= max(1, min(depth, 256)))
    keepAlive(object)
  }
}

/// Calls itself so many times.
@inline(never)
@_optimize(none)
private func deep(_ levels: Int, _ body: () -> AnyObject) -> AnyObject {
  let result = levels == 0 ? body() : deep(levels - 1, body)
  keepAlive(result)
  return result
}
