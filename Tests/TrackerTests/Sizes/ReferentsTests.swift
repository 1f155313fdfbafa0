// SPDX-License-Identifier: Apache-2.0
import Sizer
import Testing

private final class Team {
  let name: String
  var members: [Member?]
  var rooms: [String: Leaf]
  let empty: Leaf? = nil
  let number = 3
  init(_ count: Int) {
    name = text()
    members = (0..<count).map { _ in Member() }
    rooms = ["east": Leaf(), "west": Leaf()]
  }
}
private final class Member { let badge = Leaf() }

@Suite("Referents in snapshots", .serialized)
struct ReferentsTests {
  private static let modes: [SnapshotMode] = [.inPlace, .frozen]

  @Test("level 1 has the stored properties that own something, with bytes that add up", arguments: modes)
  func levelOne(mode: SnapshotMode) throws {
    let team = made { Team(2) }
    let tracker = ClassTracker()
    try tracker.track(team, resolutionLevel: 1)
    try tracker.createSnapshot(mode: mode)
    let record = tracker.statistics.objects[0].records[0]
    #expect(record.referents.map(\.name) == ["name", "members", "rooms"])
    #expect(record.referents.allSatisfy { $0.children.isEmpty && $0.bytes > 0 })
    #expect(record.referents[1].typeName.hasPrefix("Swift.Array<"))
    // The text of 32 + 41 bytes; an array of 32 + 2 x 8 and two members of 32 with badges of 32.
    #expect(record.referents.prefix(2).map(\.bytes) == [80, 48 + 2 * 64])
    // The team's own block holds a header and five words.
    #expect(record.bytes == record.referents.reduce(64) { $0 + $1.bytes })
    keepAlive(team)
  }

  @Test("elements have indices, a dictionary's values their keys", arguments: modes)
  func elements(mode: SnapshotMode) throws {
    let team = made { Team(3) }
    team.members[1] = nil
    let tracker = ClassTracker()
    try tracker.track(team, resolutionLevel: 3)
    try tracker.createSnapshot(mode: mode)
    let referents = tracker.statistics.objects[0].records[0].referents
    #expect(referents[1].children.map(\.name) == ["[0]", "[2]"])
    #expect(referents[1].children.map(\.bytes) == [64, 64])
    #expect(referents[1].children[0].children.map(\.name) == ["badge"])
    #expect(
      Set(referents[2].children.map(\.name)) == ["[\"east\"]", "[\"west\"]"]
        || Set(referents[2].children.map(\.name)) == ["[east]", "[west]"])
    #expect(referents[2].children.map(\.bytes) == [32, 32])
    keepAlive(team)
  }

  @Test("a level that goes back to 0 records none from then on, and later ones again", arguments: modes)
  func backToZero(mode: SnapshotMode) throws {
    let team = made { Team(1) }
    let tracker = ClassTracker()
    try tracker.track(team, resolutionLevel: 2)
    var counts: [Int] = []
    for level in [2, 2, 0, 0, 1, 0, 2] {
      try tracker.change(team, resolutionLevel: level)
      try tracker.createSnapshot(mode: mode)
    }
    counts = tracker.statistics.objects[0].records.map(\.referents.count)
    #expect(counts == [3, 3, 0, 0, 3, 0, 3])
    #expect(
      tracker.statistics.objects[0].records.map { $0.referents.first?.children.count } == [0, 0, nil, nil, 0, nil, 0])
    keepAlive(team)
  }

  @Test("a class's level holds for the instances to come, a change for one of them", arguments: modes)
  func classLevel(mode: SnapshotMode) throws {
    let tracker = ClassTracker()
    final class Owner { let member = Member() }
    try tracker.track(class: Owner.self, name: "Owner", resolutionLevel: 1)
    let first = made { Owner() }
    try tracker.track(class: Owner.self, name: "Owner")
    let second = made { Owner() }
    try tracker.createSnapshot(mode: mode)
    try tracker.change(second, resolutionLevel: 2)
    try tracker.createSnapshot(mode: mode)
    let objects = tracker.objects("Owner")
    #expect(objects.map { $0.records.map(\.referents.count) } == [[1, 1], [0, 1]])
    #expect(objects[1].records[1].referents[0].children.map(\.name) == ["badge"])
    #expect(objects[0].records[1].referents[0].children.isEmpty)
    keepAlive((first, second))
  }

  @Test("a change of the level changes neither name nor class nor what is kept", arguments: modes)
  func changeOnly(mode: SnapshotMode) throws {
    weak var object: Member?
    let tracker = ClassTracker()
    do {
      let member = made { Member() }
      object = member
      try tracker.track(member, name: "kept", keep: true)
      try tracker.change(member, resolutionLevel: 1)
    }
    #expect(object != nil)
    #expect(tracker.statistics.objects.map(\.name) == ["kept"])
    #expect(try tracker.createSnapshot(mode: mode).classes.mapValues(\.active) == ["kept": 1])
    tracker.detachAll()
    #expect(object == nil)
  }

  @Test("referents too small to matter are folded, and the sum stays", arguments: modes)
  func folded(mode: SnapshotMode) throws {
    final class Owner {
      let text = TestSupport.text(1_000_000)
      let leaves = (0..<10).map { _ in Leaf() }
    }
    let owner = made { Owner() }
    let tracker = ClassTracker()
    try tracker.track(owner, resolutionLevel: 2)
    let bytes = try tracker.createSnapshot(mode: mode).trackedBytes
    let record = tracker.statistics.objects[0].records[0]
    // The owner's own block has a header, a string and an array.
    #expect(record.referents.reduce(48) { $0 + $1.bytes } == bytes)
    #expect(record.referents[0].name == "text")
    #expect(record.referents.count <= 2)
    keepAlive(owner)
  }

  @Test("keys that are integers or texts are named by them, others by their place", arguments: modes)
  func keys(mode: SnapshotMode) throws {
    final class Owner {
      let integers = [number(-7): Leaf()]
      let short = [String(number(12)): Leaf()]
      let long = [text(300): Leaf()]
      let accented = [String(repeating: "é", count: number(200)): Leaf()]
      let others = [Double(number(3)): Leaf()]
    }
    let owner = made { Owner() }
    let tracker = ClassTracker()
    try tracker.track(owner, resolutionLevel: 2)
    try tracker.createSnapshot(mode: mode)
    let referents = tracker.statistics.objects[0].records[0].referents
    #expect(
      referents.map { $0.children.map(\.name) } == [
        ["[-7]"], ["[12]"], ["[\(String(repeating: "z", count: 256))…]"],
        ["[\(String(repeating: "é", count: 128))…]"], ["[0]"],
      ])
    keepAlive(owner)
  }

  @Test("an enum's payload is named by its case, also where there are several", arguments: modes)
  func enums(mode: SnapshotMode) throws {
    enum Part {
      case empty
      case leaf(Leaf, Int)
      case words([Int], Int)
    }
    final class Owner {
      let none: Part
      let leaf: Part
      let words: Part
      let present: Leaf?
      let absent: Leaf?
      init() {
        (none, leaf, words) = (.empty, .leaf(Leaf(), 1), .words(Array(0..<number(4)), 2))
        (present, absent) = (Leaf(), number(0) == 0 ? nil : Leaf())
      }
    }
    let owner = made { Owner() }
    let tracker = ClassTracker()
    try tracker.track(owner, resolutionLevel: 2)
    try tracker.createSnapshot(mode: mode)
    let referents = tracker.statistics.objects[0].records[0].referents
    #expect(referents.map(\.name) == ["leaf", "words", "present"])
    #expect(referents.map(\.bytes) == [32, 64, 32])
    #expect(referents.map { $0.children.map(\.name) } == [["leaf"], ["words"], []])
    #expect(referents[2].typeName == "TestSupport.Leaf")
    keepAlive(owner)
  }

  @Test("existentials that share their boxes are named once, where they are met first", arguments: modes)
  func sharedBoxes(mode: SnapshotMode) throws {
    let owner = made { ExpressionOwner(depth: 40) }
    let tracker = ClassTracker()
    try tracker.track(owner, resolutionLevel: 60)
    let bytes = try tracker.createSnapshot(mode: mode).trackedBytes
    var level = tracker.statistics.objects[0].records[0].referents
    // The owner's own block has a header and an existential.
    #expect(level.reduce(64) { $0 + $1.bytes } == bytes)
    var depth = 0
    while let node = level.first {
      #expect(level.count == 1)
      level = node.children
      depth += 1
    }
    #expect(depth > 20)  // the innermost are too small to be shown
    keepAlive(owner)
  }

  // Each in a process in which nothing is known of the types.
  @Test("types behind types behind types have names in the first snapshot, taken in place")
  func manyTypesInPlace() async {
    await #expect(processExitsWith: .success) { try Self.expectManyTypes(in: .inPlace) }
  }

  @Test("types behind types behind types have names in the first snapshot, a frozen one")
  func manyTypesFrozen() async {
    await #expect(processExitsWith: .success) { try Self.expectManyTypes(in: .frozen) }
  }

  private static func expectManyTypes(in mode: SnapshotMode) throws {
    let owner = made { Nested.owner() }
    let tracker = ClassTracker()
    try tracker.track(owner, resolutionLevel: 40)
    try tracker.createSnapshot(mode: mode)
    var level = tracker.statistics.objects[0].records[0].referents
    var names: [String] = []
    while let node = level.first {
      names.append(node.name)
      level = node.children
    }
    #expect(names == Array(repeating: ["list", "[0]", "table", "[1]"], count: 6).flatMap(\.self) + ["leaf"])
    keepAlive(owner)
  }
}

private protocol Expression {}
private struct Sum: Expression {
  var left: any Expression
  var right: any Expression
}
private struct Constant: Expression { var value = (1, 2, 3, 4) }
private final class ExpressionOwner {
  let root: any Expression
  init(depth: Int) {
    var expression: any Expression = Constant()
    for _ in 0..<number(depth) { expression = Sum(left: expression, right: expression) }
    root = expression
  }
}

private enum Nested {
  class Base {}
  final class End: Base { let leaf = Leaf() }
  struct Layer<Inner: Base> { var table: [Int: Inner]? }
  final class Around<Inner: Base>: Base {
    var list: [Layer<Inner>]
    init(_ inner: Inner) { list = [Layer(table: [1: inner])] }
  }
  static func owner() -> Base { around(Around(Around(Around(End())))) }
  @inline(never)
  private static func around<Inner: Base>(_ inner: Inner) -> Base { Around(Around(Around(inner))) }
}
