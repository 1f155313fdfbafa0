// SPDX-License-Identifier: Apache-2.0

/// Referents of one name and type, of several objects, as one.
public struct MergedReferent: Sendable, Hashable, Codable {
  /// The stored property's name; `[]` for all elements and values of one collection.
  public var name: String
  /// The dynamic type, fully qualified.
  public var typeName: String
  /// How many referents it stands for.
  public var count: Int
  /// Their usable bytes, with all below them.
  public var bytes: Int
  /// Usable bytes of the blocks that belong to them themselves.
  public var flatBytes: Int
  /// What is below them, merged in the same way, largest first.
  public var children: [MergedReferent]

  /// A merged referent of these figures.
  public init(
    name: String, typeName: String, count: Int, bytes: Int, flatBytes: Int, children: [MergedReferent] = []
  ) {
    self.name = name
    self.typeName = typeName
    self.count = count
    self.bytes = bytes
    self.flatBytes = flatBytes
    self.children = children
  }
}

extension Statistics {
  /// The referents of all tracked objects of a name that a snapshot found, merged by name and type at each level,
  /// largest first.
  ///
  /// At the first level their bytes add up to those of all these objects' ``TrackedObject/Record/referents``. Elements
  /// and values of a collection merge whatever their index or key. Linear in the number of referents recorded; empty
  /// when none are, and for a snapshot that does not exist.
  ///
  /// - Parameters:
  ///   - name: The name that objects are tracked under.
  ///   - snapshot: Index into ``snapshots``.
  public func mergedReferents(of name: String, inSnapshot snapshot: Int) -> [MergedReferent] {
    guard snapshots.indices.contains(snapshot) else { return [] }
    let isNamed = history.names.map { $0.isSameText(as: name) }
    var merger = ReferentMerger()
    var start = 0
    while start < history.referents.count {
      let row = Int(history.referents[start].object)
      let end = history.referents[start...].partitioningIndex { $0.object > row }
      defer { start = end }
      guard isNamed[Int(history.objects[row].name)], hasRecord(row: row, at: snapshot) else { continue }
      let next = history.referents[start..<end].partitioningIndex { $0.snapshot > snapshot }
      if next > start { merger.add(history.referents[next - 1].tree) }
    }
    return merger.result()
  }
}

/// Adds trees of referents up. Keeps its work in lists, so that a deep tree does not need a deep stack.
private struct ReferentMerger {
  private struct Key: Hashable {
    var parent: Int
    var name: Int
    var typeName: Int
  }

  /// A parent stands before its children; roots have the parent -1. Their names are not filled in.
  private var nodes: [(key: Key, node: MergedReferent)] = []
  private let texts = TextNumbers()
  private var positions: [Key: Int] = [:]

  mutating func add(_ tree: [SizeNode]) {
    var work = [(siblings: tree, parent: -1)]
    while let (siblings, parent) = work.popLast() {
      for node in siblings {
        let position = position(of: node, below: parent)
        nodes[position].node.count += 1
        nodes[position].node.bytes = saturatingSum(nodes[position].node.bytes, node.bytes)
        nodes[position].node.flatBytes = saturatingSum(nodes[position].node.flatBytes, node.flatBytes)
        if !node.children.isEmpty { work.append((node.children, position)) }
      }
    }
  }

  private mutating func position(of node: SizeNode, below parent: Int) -> Int {
    let isElement = node.name.utf8.first == UInt8(ascii: "[") && node.name.utf8.last == UInt8(ascii: "]")
    let key = Key(
      parent: parent, name: texts.number(of: isElement ? "[]" : node.name), typeName: texts.number(of: node.typeName))
    if let position = positions[key] { return position }
    positions[key] = nodes.count
    nodes.append((key, MergedReferent(name: "", typeName: "", count: 0, bytes: 0, flatBytes: 0)))
    return nodes.count - 1
  }

  /// The merged roots. From the last node to the first, so that each has all its children when its parent takes it.
  func result() -> [MergedReferent] {
    // Siblings in the order in which they are shown; names tell those of one size apart, so that the order never
    // varies.
    let ranks = texts.ranks()
    let order = nodes.indices.map { position in
      let (key, node) = nodes[position]
      return (node.bytes, ranks[key.name], ranks[key.typeName])
    }
    var children = [[(position: Int, node: MergedReferent)]](repeating: [], count: nodes.count + 1)
    let sorted = { (siblings: [(position: Int, node: MergedReferent)]) in
      siblings.sorted { one, other in
        let (left, right) = (order[one.position], order[other.position])
        return (right.0, left.1, left.2) < (left.0, right.1, right.2)
      }.map(\.node)
    }
    for position in nodes.indices.reversed() {
      var (key, node) = nodes[position]
      node.name = texts.texts[key.name]
      node.typeName = texts.texts[key.typeName]
      node.children = sorted(children[position + 1])
      children[key.parent + 1].append((position, node))
    }
    return sorted(children[0])
  }
}

/// A sum that stops at the largest number, where adding up what a file claims must not end the program.
func saturatingSum(_ left: Int, _ right: Int) -> Int {
  let (sum, overflow) = left.addingReportingOverflow(right)
  return overflow ? (left < 0 ? .min : .max) : sum
}
