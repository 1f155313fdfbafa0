// SPDX-License-Identifier: Apache-2.0

internal import SizerProfile

/// The referents of many objects, summed by their place: the field `cache` of all instances is one node. Trees can be
/// taken out again, so that going from one snapshot to the next costs what changed.
struct ReferentTally {
  /// One line of the tree, from the top down. `count` objects have this referent.
  struct Row: Equatable {
    var depth: Int
    /// Nil in a line that stands for `count` small referents together.
    var name: String?
    var typeName: String
    var count: Int
    var bytes: Int
    var flatBytes: Int
  }

  /// Texts are numbers: long ones may be in many objects' trees.
  private struct Key: Hashable {
    var parent: Int
    var name: Int
    var typeName: Int
  }

  private struct Node {
    var key: Key
    var count = 0
    var bytes = 0
    var flatBytes = 0
    var children: [Int] = []
  }

  private let limits: PageLimits
  private let texts: TextNumbers
  private var nodes = [Node(key: Key(parent: -1, name: -1, typeName: -1))]
  private var indices: [Key: Int] = [:]

  /// - Parameter texts: may have some already, and gets those that come.
  init(limits: PageLimits, texts: TextNumbers) {
    self.limits = limits
    self.texts = texts
  }

  /// Puts an object's referents in, or with `sign` -1 takes them out.
  mutating func add(_ tree: [SizeNode], sign: Int) { add(tree, sign: sign, below: 0, depth: 0) }

  private mutating func add(_ tree: [SizeNode], sign: Int, below parent: Int, depth: Int) {
    guard depth < limits.referentLevels else { return }
    for node in tree {
      // As in `Statistics.mergedReferents`: elements and values of a collection are one, whatever their index or key.
      let isElement = node.name.utf8.first == UInt8(ascii: "[") && node.name.utf8.last == UInt8(ascii: "]")
      let key = Key(
        parent: parent, name: texts.number(of: isElement ? "[]" : node.name),
        typeName: texts.number(of: node.typeName))
      guard let index = index(of: key) else { continue }
      nodes[index].count &+= sign
      nodes[index].bytes &+= sign &* clamped(node.bytes)
      nodes[index].flatBytes &+= sign &* clamped(node.flatBytes)
      add(node.children, sign: sign, below: index, depth: depth + 1)
    }
  }

  private mutating func index(of key: Key) -> Int? {
    if let index = indices[key] { return index }
    guard nodes.count < limits.referentsPerClass else { return nil }
    indices[key] = nodes.count
    nodes[key.parent].children.append(nodes.count)
    nodes.append(Node(key: key))
    return nodes.count - 1
  }

  /// The tree in order of depth first, of each owner the largest referents.
  var rows: [Row] {
    var rows: [Row] = []
    append(childrenOf: 0, depth: 0, to: &rows)
    return rows
  }

  private func append(childrenOf parent: Int, depth: Int, to rows: inout [Row]) {
    let present = nodes[parent].children.map { nodes[$0] }.enumerated().filter { $0.element.count > 0 }
    let sorted = present.sorted { ($0.element.bytes, $1.offset) > ($1.element.bytes, $0.offset) }.map(\.element)
    for node in sorted.prefix(limits.referentsPerOwner) {
      rows.append(
        Row(
          depth: depth, name: texts.texts[node.key.name], typeName: texts.texts[node.key.typeName], count: node.count,
          bytes: node.bytes, flatBytes: node.flatBytes))
      if let index = indices[node.key] { append(childrenOf: index, depth: depth + 1, to: &rows) }
    }
    let rest = sorted.dropFirst(limits.referentsPerOwner)
    guard !rest.isEmpty else { return }
    rows.append(
      Row(
        depth: depth, name: nil, typeName: "", count: rest.count, bytes: rest.reduce(0) { $0 &+ $1.bytes },
        flatBytes: rest.reduce(0) { $0 &+ $1.flatBytes }))
  }
}

extension ReferentTally {
  /// The merged referents of a class at each kept snapshot at which they differ from those before, by position.
  static func overTime(
    of objects: ArraySlice<UInt32>, in index: HistoryIndex, limits: PageLimits, texts: TextNumbers
  ) -> [(position: Int, rows: [Row])] {
    var comings: [[Int]] = Array(repeating: [], count: index.kept.count + 1)
    var goings = comings
    for object in objects {
      let rows = index.referents(of: object)
      guard !rows.isEmpty else { continue }
      addSpans(of: rows, within: index.life(of: object), index, &comings, &goings)
    }
    var merged = ReferentTally(limits: limits, texts: texts)
    var result: [(position: Int, rows: [Row])] = []
    for position in index.kept.indices where !(comings[position].isEmpty && goings[position].isEmpty) {
      for row in goings[position] { merged.add(index.history.referents[row].tree, sign: -1) }
      for row in comings[position] { merged.add(index.history.referents[row].tree, sign: 1) }
      result.append((position, merged.rows))
    }
    return result
  }

  /// From which position to which each of an object's trees holds.
  private static func addSpans(
    of rows: ArraySlice<History.ReferentRow>, within life: Range<Int>, _ index: HistoryIndex, _ comings: inout [[Int]],
    _ goings: inout [[Int]]
  ) {
    var held: Int?
    var row = rows.startIndex
    for position in life {
      let before = row
      while row < rows.endIndex, rows[row].snapshot <= index.kept[position] { row += 1 }
      guard row > before else { continue }
      if let held { goings[position].append(held) }
      held = row - 1
      comings[position].append(row - 1)
    }
    if let held { goings[life.upperBound].append(held) }
  }
}
