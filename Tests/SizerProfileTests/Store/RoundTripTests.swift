// SPDX-License-Identifier: Apache-2.0
import SizerProfile
import TestSupport
import Testing

/// What is written is what is read.
@Suite struct RoundTripTests {
  private let folder: Folder

  init() throws { folder = try Folder() }

  @Test("a history is the sum of its deltas, recorded or written", arguments: 0..<40 as Range<UInt64>)
  func sumOfDeltas(seed: UInt64) throws {
    let story = Story(seed: seed)
    var sum = History()
    for (delta, expected) in zip(story.deltas, story.histories) {
      try sum.apply(delta)
      #expect(sum == expected)
    }
    try story.record(to: folder.path("recorded"))
    #expect(try history(at: folder.path("recorded")) == story.history)
    try Statistics(story.history).write(to: folder.path("written"))
    #expect(try history(at: folder.path("written")) == story.history)
  }

  @Test("objects over many pages come back")
  func manyPages() throws {
    let story = Story(seed: 7, snapshots: 5, births: 1_500)
    #expect(story.history.objects.count > 1_500)
    try story.record(to: folder.path("recorded"))
    #expect(try history(at: folder.path("recorded")) == story.history)
    try Statistics(contentsOf: folder.path("recorded")).write(to: folder.path("again"))
    #expect(try history(at: folder.path("again")) == story.history)
  }

  @Test("nothing at all comes back as nothing")
  func emptyHistory() throws {
    try Statistics(History()).write(to: folder.path("empty"))
    #expect(try history(at: folder.path("empty")) == History())
    try ProfileRecorder(path: folder.path("recorded")).finish()
    #expect(try history(at: folder.path("recorded")) == History())
  }

  @Test("texts keep their scalars, also where Swift calls two equal")
  func scalars() throws {
    let names = ["caf\u{e9}", "cafe\u{301}", "", "a\0b", "\u{202e}"]
    let tree = names.map { SizeNode(name: $0, typeName: $0, bytes: 1, flatBytes: 1) }
    let row = History.ObjectRow(name: 0, className: 0, currentClass: 0, birth: 0)
    let told = History(
      snapshots: [Snapshot(label: "cafe\u{301}")], names: names, objects: [row],
      referents: [.init(object: 0, snapshot: 0, tree: tree)])
    try Statistics(told).write(to: folder.path("p"))
    let read = try history(at: folder.path("p"))
    #expect(read.names.map { Array($0.utf8) } == names.map { Array($0.utf8) })
    #expect(read.referents[0].tree.map { Array($0.name.utf8) } == names.map { Array($0.utf8) })
    #expect(read.referents[0].tree.map { Array($0.typeName.utf8) } == names.map { Array($0.utf8) })
    #expect(Array(read.snapshots[0].label.utf8) == Array("cafe\u{301}".utf8))
  }

  @Test("sizes of any unit and any distance come back")
  func sizes() throws {
    let objects = [History.ObjectRow](repeating: .init(name: 0, className: 0, currentClass: 0, birth: 5), count: 3_000)
    let bytes: [Int64] = [0, 1, 16, 1 << 53, (1 << 53) - 1, 99_999, 8]
    let chosen = [0, 1, 2, 700, 1_400, 1_401, 2_999]
    let rows = zip(chosen, bytes).map { History.SizeRow(object: UInt32($0), snapshot: 0, bytes: $1) }
    for part in [rows, [rows[0]], [rows[3]], [rows[2], rows[6]]] {
      let told = History(snapshots: [Snapshot()], names: [""], objects: objects, sizes: part)
      try Statistics(told).write(to: folder.path("p"))
      #expect(try history(at: folder.path("p")).sizes == part)
    }
  }

  @Test("trees deeper than a stack are folded where the file's levels end")
  func deepTrees() throws {
    var deep = SizeNode(name: "last", typeName: "T", bytes: 16, flatBytes: 16)
    for level in 0..<600 {
      deep = SizeNode(name: "\(level)", typeName: "T", bytes: 16 * (level + 2), flatBytes: 16, children: [deep])
    }
    let row = History.ObjectRow(name: 0, className: 0, currentClass: 0, birth: 0)
    let told = History(
      snapshots: [Snapshot()], names: [""], objects: [row], referents: [.init(object: 0, snapshot: 0, tree: [deep])])
    try Statistics(told).write(to: folder.path("p"))
    var nodes = try history(at: folder.path("p")).referents[0].tree
    var levels = 0
    while let node = nodes.first {
      levels += 1
      #expect(node.name == "\(600 - levels)")
      nodes = node.children
    }
    #expect(levels == 512)
  }

  @Test("no tree is told apart from no referents")
  func emptyTree() throws {
    let row = History.ObjectRow(name: 0, className: 0, currentClass: 0, birth: 0)
    let node = SizeNode(name: "a", typeName: "A", bytes: 32, flatBytes: 32)
    let told = History(
      snapshots: [Snapshot(), Snapshot()], names: [""], objects: [row, row],
      referents: [
        .init(object: 0, snapshot: 0, tree: [node]), .init(object: 0, snapshot: 1, tree: []),
        .init(object: 1, snapshot: 1, tree: [node, node]),
      ])
    try Statistics(told).write(to: folder.path("p"))
    #expect(try history(at: folder.path("p")) == told)
  }
}
