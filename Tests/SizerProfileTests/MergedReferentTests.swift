// SPDX-License-Identifier: Apache-2.0
import SizerProfile
import Testing

@Suite("Statistics: merged referents")
struct MergedReferentTests {
  private func node(_ name: String, _ type: String, _ flat: Int, _ children: [SizeNode] = []) -> SizeNode {
    SizeNode(
      name: name, typeName: type, bytes: children.reduce(flat) { $0 + $1.bytes }, flatBytes: flat, children: children)
  }

  private func merged(
    _ name: String, _ type: String, _ count: Int, _ flat: Int, _ children: [MergedReferent] = []
  )
    -> MergedReferent
  {
    MergedReferent(
      name: name, typeName: type, count: count, bytes: children.reduce(flat) { $0 + $1.bytes }, flatBytes: flat,
      children: children)
  }

  @Test("those of two instances are merged by name and type, elements and values as one")
  func twoInstances() {
    let trees = [
      [
        node("name", "Swift.String", 32),
        node("staff", "Swift.Array<E>", 64, [node("[0]", "E", 48), node("[1]", "E", 48), node("[2]", "F", 80)]),
        node("friend", "E", 48),
      ],
      [
        node("staff", "Swift.Array<E>", 128, [node("[0]", "E", 16, [node("name", "Swift.String", 32)])]),
        node("friend", "F", 80),
        node("rooms", "Swift.Dictionary<Swift.String, R>", 96, [node("[\"a\"]", "R", 1), node("[\"b\"]", "R", 2)]),
      ],
    ]
    let history = History(
      snapshots: [Snapshot(timestamp: .seconds(1))], names: ["Company"],
      objects: [0, 0].map { .init(name: $0, className: 0, currentClass: 0, birth: 0) },
      sizes: [.init(object: 0, snapshot: 0, bytes: 1000), .init(object: 1, snapshot: 0, bytes: 1000)],
      referents: trees.enumerated().map { .init(object: UInt32($0.offset), snapshot: 0, tree: $0.element) })
    let staff = merged(
      "staff", "Swift.Array<E>", 2, 192,
      [merged("[]", "E", 3, 112, [merged("name", "Swift.String", 1, 32)]), merged("[]", "F", 1, 80)])
    let rooms = merged("rooms", "Swift.Dictionary<Swift.String, R>", 1, 96, [merged("[]", "R", 2, 3)])
    #expect(
      Statistics(history).mergedReferents(of: "Company", inSnapshot: 0) == [
        staff, rooms, merged("friend", "F", 1, 80), merged("friend", "E", 1, 48), merged("name", "Swift.String", 1, 32),
      ])
    #expect(Statistics(history).mergedReferents(of: "Nobody", inSnapshot: 0).isEmpty)
    #expect(Statistics(history).mergedReferents(of: "Company", inSnapshot: 1).isEmpty)
    #expect(Statistics(history).mergedReferents(of: "Company", inSnapshot: -1).isEmpty)
  }

  /// Adds up every node of trees by its path: names and types from the root on.
  private func totals(of trees: [SizeNode], below path: String = "", into sums: inout [String: [Int]]) {
    for tree in trees {
      let path = path + "/" + (tree.name.hasPrefix("[") ? "[]" : tree.name) + ":" + tree.typeName
      let before = sums[path, default: [0, 0, 0]]
      sums[path] = [before[0] + 1, before[1] + tree.bytes, before[2] + tree.flatBytes]
      totals(of: tree.children, below: path, into: &sums)
    }
  }

  private func totals(of trees: [MergedReferent], below path: String = "", into sums: inout [String: [Int]]) {
    for tree in trees {
      let path = path + "/" + tree.name + ":" + tree.typeName
      #expect(sums[path] == nil, "\(path) stands there twice")
      sums[path] = [tree.count, tree.bytes, tree.flatBytes]
      totals(of: tree.children, below: path, into: &sums)
    }
  }

  @Test(
    "counts and bytes are those of the instances that each snapshot found, level by level", arguments: 0..<UInt64(20))
  func sums(seed: UInt64) {
    let model = Model.random(seed: seed, depth: 4)
    let statistics = Statistics(model.history)
    for name in statistics.trackedClasses {
      for (index, snapshot) in model.snapshots.enumerated() {
        var expected: [String: [Int]] = [:]
        for object in model.objects where object.name == name {
          for record in object.records where record.timestamp == snapshot.timestamp {
            totals(of: record.referents, into: &expected)
          }
        }
        var found: [String: [Int]] = [:]
        let merged = statistics.mergedReferents(of: name, inSnapshot: index)
        totals(of: merged, into: &found)
        #expect(found == expected)
        #expect(merged.map(\.bytes) == merged.map(\.bytes).sorted(by: >))
      }
    }
  }

  @Test("sums of what a file claims stop at the largest number")
  func overflow() {
    let history = History(
      snapshots: [Snapshot()], names: ["A"], objects: [.init(name: 0, className: 0, currentClass: 0, birth: 0)],
      sizes: [.init(object: 0, snapshot: 0, bytes: 1)],
      referents: [.init(object: 0, snapshot: 0, tree: [node("[0]", "T", .max), node("[1]", "T", 5)])])
    #expect(Statistics(history).mergedReferents(of: "A", inSnapshot: 0).map(\.bytes) == [.max])
  }
}
