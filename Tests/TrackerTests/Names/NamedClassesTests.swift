// SPDX-License-Identifier: Apache-2.0
import Sizer
import Synchronization
import Testing

/// What the classes here count themselves, by their names.
private let births = Mutex<[String: Int]>([:])

private func note(_ name: String) { births.withLock { $0[name, default: 0] += 1 } }

private func counted(_ name: String) -> Int { births.withLock { $0[name, default: 0] } }

class CitedShelf {
  init() { note("TrackerTests.CitedShelf") }
  final class Board {
    let wood = text()
    init() { note("TrackerTests.CitedShelf.Board") }
  }
}

private class CitedHidden {
  init() { note("TrackerTests.CitedHidden") }
}

private class CitedBox<Content> {
  var content: Content?
  init(of what: String) { note("TrackerTests.CitedBox<\(what)>") }
  final class Lid {
    init(of what: String) { note("TrackerTests.CitedBox<\(what)>.Lid") }
  }
}

/// An heir by another name.
private final class HeirOfHidden: CitedHidden {}

extension Array where Element == CitedShelf {
  fileprivate final class CitedPage {
    init() { note("(extension in TrackerTests):Swift.Array<TrackerTests.CitedShelf>.CitedPage") }
  }
}

private func makeLocal() -> AnyObject {
  final class CitedLocal {
    init() { note("TrackerTests.CitedLocal") }
  }
  return made { CitedLocal() }
}

private func makeAll(_ rounds: Int) -> [AnyObject] {
  (0..<rounds).flatMap { round -> [AnyObject] in
    [
      made { CitedShelf() }, made { CitedShelf.Board() }, made { CitedHidden() }, made { HeirOfHidden() },
      made { CitedBox<Int>(of: "Swift.Int") }, made { CitedBox<[String]>(of: "Swift.Array<Swift.String>") },
      made { CitedBox<Int>.Lid(of: "Swift.Int") }, made { [CitedShelf].CitedPage() }, makeLocal(),
    ] + (round % 2 == 0 ? [made { CitedBox<CitedHidden>(of: "TrackerTests.CitedHidden") }] : [])
  }
}

extension ClassTracker {
  /// Living objects by name, of those that have some.
  fileprivate func living(_ mode: SnapshotMode = .inPlace) throws -> [String: Int] {
    try createSnapshot(mode: mode).classes.mapValues(\.active).filter { $0.value > 0 }
  }
}

// One after the other: they make objects of the same classes.
@Suite("Classes that are tracked by their names", .serialized)
struct NamedClassesTests {
  private static let all = Set([
    "TrackerTests.CitedShelf", "TrackerTests.CitedShelf.Board", "TrackerTests.CitedHidden",
    "TrackerTests.CitedBox<Swift.Int>", "TrackerTests.CitedBox<Swift.Array<Swift.String>>",
    "TrackerTests.CitedBox<Swift.Int>.Lid", "TrackerTests.CitedBox<TrackerTests.CitedHidden>",
    "(extension in TrackerTests):Swift.Array<TrackerTests.CitedShelf>.CitedPage", "TrackerTests.CitedLocal",
  ])

  @Test("public, private, nested, generic, local ones and those in extensions, each under its own name")
  func ownNames() throws {
    let tracker = ClassTracker()
    try tracker.track(classesNamed: "TrackerTests.Cited*")
    let before = Self.all.reduce(into: [:]) { $0[$1] = counted($1) }
    var objects = makeAll(number(10))
    let made = Self.all.reduce(into: [:]) { $0[$1] = counted($1) - before[$1]! }
    #expect(made.values.allSatisfy { $0 > 0 })
    // The heir is called otherwise, and its initialiser counts its base.
    let expected = made.merging(["TrackerTests.CitedHidden": -10]) { $0 + $1 }
    #expect(try tracker.living() == expected)
    #expect(try tracker.living(.frozen) == expected)
    #expect(tracker.statistics.objects.allSatisfy { $0.name == $0.className })
    #expect(Set(tracker.statistics.trackedClasses) == Self.all)
    objects = []
    #expect(try tracker.living() == [:])
    #expect(tracker.statistics.objects.allSatisfy { $0.death != nil })
    keepAlive(objects)
  }

  @Test(
    "patterns",
    arguments: [
      ("TrackerTests.CitedShelf", ["TrackerTests.CitedShelf"]),
      ("TrackerTests.CitedShelf.*", ["TrackerTests.CitedShelf.Board"]),
      ("*.Board", ["TrackerTests.CitedShelf.Board"]),
      ("TrackerTests.CitedBox.Lid", ["TrackerTests.CitedBox<Swift.Int>.Lid"]),
      (
        "TrackerTests.CitedBox",
        [
          "TrackerTests.CitedBox<Swift.Int>", "TrackerTests.CitedBox<Swift.Array<Swift.String>>",
          "TrackerTests.CitedBox<TrackerTests.CitedHidden>",
        ]
      ),
      ("TrackerTests.*Hidden", ["TrackerTests.CitedHidden", "TrackerTests.HeirOfHidden"]),
      ("TrackerTests.CitedPage", ["(extension in TrackerTests):Swift.Array<TrackerTests.CitedShelf>.CitedPage"]),
      ("CitedShelf", []), ("*citedshelf", []), ("TrackerTests", []),
    ])
  func patterns(_ pattern: String, _ names: [String]) throws {
    let tracker = ClassTracker()
    try tracker.track(classesNamed: pattern)
    let objects = makeAll(number(1))
    #expect(Set(try tracker.living().keys) == Set(names))
    keepAlive(objects)
  }

  @Test("what lived before is not tracked, what is made of the same classes afterwards is")
  func metBefore() throws {
    let other = ClassTracker()
    try other.track(classesNamed: "*.CitedLocal")  // from now on all classes are met
    let early = makeAll(number(3))
    let tracker = ClassTracker()
    try tracker.track(classesNamed: "TrackerTests.CitedShelf*")
    #expect(try tracker.living() == [:])
    let late = makeAll(number(2))
    let expected = ["TrackerTests.CitedShelf": 2, "TrackerTests.CitedShelf.Board": 2]
    #expect(try tracker.living() == expected)
    #expect(try other.living() == ["TrackerTests.CitedLocal": 5])
    try tracker.detach(classesNamed: "TrackerTests.CitedShelf*")
    let untracked = makeAll(number(1))
    #expect(try tracker.living() == expected)  // those stay
    tracker.detachAll()
    #expect(try tracker.living() == [:])
    keepAlive((early, late, untracked))
  }

  @Test("a class that is tracked itself keeps its name, and one that inherits goes by its own if that is meant")
  func nearest() throws {
    let tracker = ClassTracker()
    try tracker.track(class: CitedHidden.self, name: "hidden")
    try tracker.track(classesNamed: "TrackerTests.*Hidden")
    let objects = makeAll(number(4))
    #expect(try tracker.living() == ["hidden": 4, "TrackerTests.HeirOfHidden": 4])
    try tracker.detach(classesNamed: "TrackerTests.*Hidden")
    let more = makeAll(number(1))
    #expect(try tracker.living() == ["hidden": 6, "TrackerTests.HeirOfHidden": 4])
    try tracker.detach(class: CitedHidden.self)
    expectError(.notTracked) { try tracker.detach(class: CitedHidden.self) }
    keepAlive((objects, more))
  }

  @Test("levels, traces and references, as the pattern that was given last says")
  func options() throws {
    let tracker = ClassTracker()
    try tracker.track(classesNamed: "TrackerTests.Cited*")
    try tracker.track(classesNamed: "*.Board", resolutionLevel: 1, keep: true, trace: true)
    let objects = makeAll(number(1))
    keepAlive(objects)
    try tracker.createSnapshot(mode: .inPlace)
    let board = try #require(tracker.objects("TrackerTests.CitedShelf.Board").first)
    #expect(board.death == nil && board.records[0].referents.map(\.name) == ["wood"])
    #expect(board.trace?.frames.contains { $0.file == #filePath } == true)
    let shelf = try #require(tracker.objects("TrackerTests.CitedShelf").first)
    #expect(shelf.trace == nil && shelf.records.allSatisfy(\.referents.isEmpty))
    tracker.close()
  }

  @Test("a file has the classes' names, and never the pattern")
  func file() throws {
    let folder = try TemporaryFolder()
    let tracker = ClassTracker()
    try tracker.record(to: folder.path("p"))
    try tracker.track(classesNamed: "TrackerTests.Cited*")
    var objects = makeAll(number(2))
    try tracker.createSnapshot()
    objects.removeLast(5)
    objects += [made { CitedBox<Int?>(of: "Swift.Optional<Swift.Int>") }]
    try tracker.createSnapshot()
    tracker.detachAllClasses()
    try tracker.stopRecording()
    let (file, live) = (try Statistics(contentsOf: folder.path("p")), tracker.statistics)
    #expect(file.snapshots == live.snapshots)
    #expect(file.objects == live.objects)
    #expect(Set(file.trackedClasses) == Self.all.union(["TrackerTests.CitedBox<Swift.Optional<Swift.Int>>"]))
    #expect(file.objects.allSatisfy { $0.name == $0.className })
    keepAlive(objects)
  }

  @Test("patterns that mean no class are refused, and nothing is changed")
  func badPatterns() throws {
    let tracker = ClassTracker()
    for pattern in ["", "Demo.Box<Swift.Int>", "Demo.Leaf#1", "Demo\0", String(repeating: "*", count: 1_008)] {
      expectError(.invalidArgument) { try tracker.track(classesNamed: pattern) }
      expectError(.notTracked) { try tracker.detach(classesNamed: pattern) }
    }
    expectError(.invalidArgument) { try tracker.track(classesNamed: "*", resolutionLevel: -1) }
    try tracker.track(classesNamed: String(repeating: "y", count: 1_007))
    try tracker.detach(classesNamed: String(repeating: "y", count: 1_007))
    tracker.close()
    expectError(.closed) { try tracker.track(classesNamed: "*") }
    expectError(.closed) { try tracker.detach(classesNamed: "*") }
  }
}
