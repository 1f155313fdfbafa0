// SPDX-License-Identifier: Apache-2.0

extension ProfileReader {
  /// All referents, in order of object, then of snapshot.
  borrowing func referents(
    _ texts: [String], objects: Int, snapshots: Int
  ) throws(ProfileError) -> [History.ReferentRow] {
    let count = try count("referent_trees")
    var rows: [History.ReferentRow] = []
    rows.reserveCapacity(count)
    try forEach("referent_trees", "object,snapshot", count: count) { (row, id) throws(ProfileError) in
      let object = UInt32(try index(row, 1, below: objects))
      let snapshot = UInt32(try index(row, 2, below: snapshots))
      if let last = rows.last, (last.snapshot, last.object) >= (snapshot, object) {
        throw origin.corrupted("referent_trees is out of order at row \(id)")
      }
      rows.append(History.ReferentRow(object: object, snapshot: snapshot, tree: []))
    }
    try addNodes(to: &rows, texts)
    rows.sort { ($0.object, $0.snapshot) < ($1.object, $1.snapshot) }
    return rows
  }

  private borrowing func addNodes(to rows: inout [History.ReferentRow], _ texts: [String]) throws(ProfileError) {
    var builder = TreeAssembler()
    var tree = 0
    let count = try count("referents")
    try forEach("referents", "tree,parent,name,type,bytes,flat", count: count) { (row, id) throws(ProfileError) in
      let next = try index(row, 1, below: rows.count)
      guard next >= tree else { throw origin.corrupted("referents is out of order at row \(id)") }
      if next > tree {
        rows[tree].tree = builder.finish()
        tree = next
      }
      let node = SizeNode(
        name: texts[try index(row, 3, below: texts.count)], typeName: texts[try index(row, 4, below: texts.count)],
        bytes: try figure(row, 5), flatBytes: try figure(row, 6))
      guard builder.add(node, id: id, below: try optionalIndex(row, 2, below: id)) else {
        throw origin.corrupted("referent \(id) hangs below one that is not above it, or too deep")
      }
    }
    if tree < rows.count { rows[tree].tree = builder.finish() }
  }
}

/// Puts trees together from nodes that come one by one, each after the one above it and all that hangs below that one's
/// earlier children.
private struct TreeAssembler {
  /// From the top to the node that came last.
  private var path: [(id: Int, node: SizeNode)] = []
  private var roots: [SizeNode] = []

  /// False when `parent` is not above the last node, nor that node.
  mutating func add(_ node: SizeNode, id: Int, below parent: Int?) -> Bool {
    while let last = path.last, last.id != parent { close() }
    guard parent == nil || !path.isEmpty, path.count < FileLimits.treeLevels else { return false }
    path.append((id, node))
    return true
  }

  /// The tree; the next one begins.
  mutating func finish() -> [SizeNode] {
    while !path.isEmpty { close() }
    defer { roots = [] }
    return roots
  }

  /// The last node is complete.
  private mutating func close() {
    let node = path.removeLast().node
    if path.isEmpty { roots.append(node) } else { path[path.count - 1].node.children.append(node) }
  }
}
