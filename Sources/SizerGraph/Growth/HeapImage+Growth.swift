// SPDX-License-Identifier: Apache-2.0

extension HeapImage {
  /// What grew from each image to the next, by path from a root; the largest retainers come first.
  ///
  /// A place grows if its objects have more references, or more bytes, in each image than in the one before (BLeak's
  /// and LeakCanary's
  /// definition, with bytes added for what has no references). Of places on one path the first is told: what hangs
  /// below a growing
  /// place grows with it. No notion of a leak is needed: caches and queues are found.
  ///
  /// - Parameter images: Of one program, in order, two at least; the same work was done between them. Fewer have no
  ///   growth.
  /// Complexity: O(objects + edges) for each image. The paths together have at most 64 MiB and a line for each record:
  /// those who retain least may be told by their ends, `global app.store -> … -> .last`.
  public static func growth(over images: [HeapImage]) -> [GrowthRecord] {
    growth(over: images) { _, _ in true }
  }

  /// The same; a place grows by references to objects that are meant, and by their bytes: of an image's number, and an
  /// address in it.
  package static func growth(
    over images: [HeapImage], counting isMeant: (Int, UInt64) -> Bool
  ) -> [GrowthRecord] {
    growth(over: images.count, counting: isMeant) { (number) throws(Never) in images[number] }
  }

  /// The same of images that are made one after the other: a day's recording has more than fit into memory.
  ///
  /// - Parameter image: The image of a number below `count`; each is asked for once, in order.
  package static func growth<Failure: Error>(
    over count: Int, counting isMeant: (Int, UInt64) -> Bool = { _, _ in true },
    image: (Int) throws(Failure) -> HeapImage
  ) throws(Failure) -> [GrowthRecord] {
    guard count >= 2 else { return [] }
    var places = PathPlaces()
    // Of each place what it had in each image, as long as it grows.
    var growing: [Int: [Measure]] = [:]
    for number in 0..<count - 1 {
      let image = try image(number)
      let tree = PathTree(of: image, account: ReferenceAccount(of: image), places: &places) { isMeant(number, $0) }
      let found = tree.numbers.mapValues { Measure(of: tree.nodes[$0]) }
      if number == 0 {
        growing = found.mapValues { [$0] }
      } else {
        for (place, before) in growing {
          let measures = found[place].map { before + [$0] } ?? []
          growing[place] = measures.isEmpty || !Measure.grows(measures) ? nil : measures
        }
      }
    }
    return growth(since: growing, in: try image(count - 1), &places, count: count) { isMeant(count - 1, $0) }
  }

  private static func growth(
    since growing: [Int: [Measure]], in last: HeapImage, _ places: inout PathPlaces, count: Int,
    counting isMeant: (UInt64) -> Bool
  ) -> [GrowthRecord] {
    let account = ReferenceAccount(of: last)
    let tree = PathTree(of: last, account: account, places: &places, counting: isMeant)
    let measures = { (node: PathTree.Node) in growing[node.place, default: []] + [Measure(of: node)] }
    let isGrowing = tree.nodes.map { node in
      let measures = measures(node)
      return measures.count == count && Measure.grows(measures)
    }
    // Nodes stand behind those that they hang under.
    var isBelow = [Bool](repeating: false, count: tree.nodes.count)
    for number in tree.nodes.indices {
      if let parent = tree.nodes[number].parent { isBelow[number] = isGrowing[parent] || isBelow[parent] }
    }
    let found = tree.nodes.indices.filter { isGrowing[$0] && !isBelow[$0] }.map { tree.nodes[$0] }
    let shares = Shares(of: found.map(\.objects), in: last, account: account)
    let total = Double(max(HeapHistogram(of: last).totalBytes, 1))
    let order = found.indices.sorted { (shares.parts[$1].bytes, $0) < (shares.parts[$0].bytes, $1) }
    var room = 64 << 20
    return order.map { index in
      let node = found[index]
      let measures = measures(node)
      return GrowthRecord(
        path: places.path(of: node.place, room: &room), typeName: places.typeName(of: node.place),
        referenceCounts: measures.map(\.references), objectCounts: measures.map(\.objects),
        bytes: measures.map(\.bytes), retainedBytes: shares.parts[index].bytes,
        retainedShare: Double(shares.parts[index].bytes) / total)
    }.sorted { ($1.retainedBytes, $0.path) < ($0.retainedBytes, $1.path) }
  }
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
