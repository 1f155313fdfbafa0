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
  /// The referents of all objects of a registered name that a snapshot found, merged by name and type at each level, largest first.
  ///
  /// At the first level their bytes add up to those of all these objects' ``TrackedObject/Record/referents``. Elements and values
  /// of a collection merge whatever their index or key. Linear in the number of referents recorded; empty when none are, and for
  /// a snapshot that does not exist.
  ///
  /// - Parameters:
  ///   - name: The registered name.
  ///   - snapshot: Index into ``snapshots``.
  public func mergedReferents(of name: String, inSnapshot snapshot: Int) -> [MergedReferent] {
    guard snapshots.indices.contains(snapshot) else { return [] }
    let isNamed = history.names.map { $0 == name }
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
    var name: String
    var typeName: String
  }

  /// A parent stands before its children; roots have the parent -1.
  private var nodes: [(parent: Int, node: MergedReferent)] = []
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
    let key = Key(parent: parent, name: isElement ? "[]" : node.name, typeName: node.typeName)
    if let position = positions[key] { return position }
    positions[key] = nodes.count
    nodes.append((parent, MergedReferent(name: key.name, typeName: key.typeName, count: 0, bytes: 0, flatBytes: 0)))
    return nodes.count - 1
  }

  /// The merged roots. From the last node to the first, so that each has all its children when its parent takes it.
  func result() -> [MergedReferent] {
    var children = [[MergedReferent]](repeating: [], count: nodes.count + 1)
    for position in nodes.indices.reversed() {
      var (parent, node) = nodes[position]
      node.children = children[position + 1].largestFirst()
      children[parent + 1].append(node)
    }
    return children[0].largestFirst()
  }
}

extension [MergedReferent] {
  /// Siblings in the order in which they are shown; names tell those of one size apart, so that the order never varies.
  fileprivate func largestFirst() -> [MergedReferent] {
    sorted { ($1.bytes, $0.name, $0.typeName) < ($0.bytes, $1.name, $1.typeName) }
  }
}

/// A sum that stops at the largest number, where adding up what a file claims must not end the program.
func saturatingSum(_ left: Int, _ right: Int) -> Int {
  let (sum, overflow) = left.addingReportingOverflow(right)
  return overflow ? (left < 0 ? .min : .max) : sum
}
