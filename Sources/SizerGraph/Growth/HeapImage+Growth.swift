// SPDX-License-Identifier: Apache-2.0

extension HeapImage {
  /// What grew from each image to the next, by path from a root; who retains most comes first.
  ///
  /// A place grows if its objects have more references, or more bytes, in each image than in the one before (BLeak's
  /// and LeakCanary's
  /// definition, with bytes added for what has no references). Of places on one path the first is told: what hangs
  /// below a growing
  /// place grows with it. No notion of a leak is needed: caches and queues are found.
  ///
  /// - Parameter images: Of one program, in order, two at least; the same work was done between them. Fewer have no
  ///   growth.
  /// Complexity: O(objects + edges) for each image.
  public static func growth(over images: [HeapImage]) -> [GrowthRecord] {
    guard images.count >= 2, let last = images.last else { return [] }
    var columns: [GrowthKey: [Measure]] = [:]
    for image in images.dropLast() {
      let tree = PathTree(of: image, account: ReferenceAccount(of: image))
      for (key, number) in tree.keys() { columns[key, default: []].append(Measure(of: tree.nodes[number])) }
    }
    let account = ReferenceAccount(of: last)
    let tree = PathTree(of: last, account: account)
    let keys = tree.keys()
    var isGrowing = [Bool](repeating: false, count: tree.nodes.count)
    for (key, number) in keys {
      let measures = (columns[key] ?? []) + [Measure(of: tree.nodes[number])]
      isGrowing[number] = measures.count == images.count && Measure.grows(measures)
    }
    // Nodes stand behind those that they hang under.
    var isBelow = [Bool](repeating: false, count: tree.nodes.count)
    for number in tree.nodes.indices {
      if let parent = tree.nodes[number].name.parent { isBelow[number] = isGrowing[parent] || isBelow[parent] }
    }
    let found = keys.filter { isGrowing[$0.value] && !isBelow[$0.value] }.sorted { $0.value < $1.value }
    let shares = Shares(of: found.map { tree.nodes[$0.value].objects }, in: last, account: account)
    let total = Double(max(HeapHistogram(of: last).totalBytes, 1))
    return found.enumerated().map { index, entry in
      let measures = (columns[entry.key] ?? []) + [Measure(of: tree.nodes[entry.value])]
      return GrowthRecord(
        path: entry.key.path, typeName: entry.key.typeName, referenceCounts: measures.map(\.references),
        objectCounts: measures.map(\.objects), bytes: measures.map(\.bytes), retainedBytes: shares.parts[index].bytes,
        retainedShare: Double(shares.parts[index].bytes) / total)
    }.sorted { ($1.retainedBytes, $0.path) < ($0.retainedBytes, $1.path) }
  }
}

/// A place that is the same in all images.
private struct GrowthKey: Hashable {
  var path: String
  var typeName: String
}

/// A place's size in one image.
private struct Measure {
  var references: Int
  var objects: Int
  var bytes: Int

  init(of node: PathTree.Node) {
    references = node.references
    objects = node.objects.count
    bytes = node.bytes
  }

  static func grows(_ measures: [Measure]) -> Bool {
    let pairs = zip(measures, measures.dropFirst())
    return pairs.allSatisfy { $0.references < $1.references } || pairs.allSatisfy { $0.bytes < $1.bytes }
  }
}

extension PathTree {
  /// The nodes by what they are called in any image. Where several are called the same (a part of a path may have any
  /// name), the first.
  fileprivate func keys() -> [GrowthKey: Int] {
    var keys: [GrowthKey: Int] = [:]
    for number in nodes.indices {
      let key = GrowthKey(path: path(of: number), typeName: nodes[number].name.typeName)
      if keys[key] == nil { keys[key] = number }
    }
    return keys
  }
}
