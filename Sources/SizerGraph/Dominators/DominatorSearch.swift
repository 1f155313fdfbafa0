// SPDX-License-Identifier: Apache-2.0

/// Semi-NCA: immediate dominators of all that is reached from a virtual root, in the numbers of a depth-first search.
///
/// Everything after the search works on these numbers, so that most of what is near in the graph is near in memory.
struct DominatorSearch {
  /// For each object its number; for each number its object, ``DepthFirstTree/none`` for nodes that are no objects,
  /// and the number of its
  /// immediate dominator.
  let number: [UInt32]
  let vertex: [UInt32]
  let dominator: [UInt32]
  /// The numbers of the leaked groups' nodes.
  private(set) var groupNodes: [Int] = []

  /// - Parameters:
  ///   - isRoot: Whether the virtual root leads to an object.
  ///   - groups: For what no root reaches: the objects of each leaked group that hold one another.
  init(of image: HeapImage, isRoot: (Int) -> Bool, groups: (_ isReached: (Int) -> Bool) -> [[Int]]) {
    var tree = DepthFirstTree(of: image)
    tree.enter((0..<image.objectCount).filter(isRoot), from: 0)
    if tree.count <= image.objectCount {
      let reached = tree.objects.base
      let leaked = groups { reached[$0].number != 0 }
      tree.makeRoom(forNodes: leaked.count + 1)
      let leaks = tree.addNode(under: 0)
      for group in leaked {
        let node = tree.addNode(under: leaks)
        groupNodes.append(Int(node))
        tree.enter(group, from: node)
      }
    }
    let objects = tree.objects.base
    number = (0..<image.objectCount).map { objects[$0].number }
    vertex = tree.vertex.array(tree.count)
    dominator = Self.dominators(of: tree)
  }

  private static func dominators(of tree: DepthFirstTree) -> [UInt32] {
    let semi = semidominators(of: tree, Predecessors(in: tree))
    // The parents become dominators; whoever comes earlier has its own already.
    let dominator = tree.parent.base
    for node in 1..<max(tree.count, 1) {
      var above = dominator[node]
      while above > semi.base[node] { above = dominator[Int(above)] }
      dominator[node] = above
    }
    return tree.parent.array(tree.count)
  }

  /// Who leads to each number, as numbers.
  private struct Predecessors {
    /// Those of number n stand from `start[n]` up to `start[n + 1]`.
    let start: NumberColumn<UInt32>
    let sources: NumberColumn<UInt32>

    init(in tree: DepthFirstTree) {
      start = NumberColumn(count: tree.count + 2, filledWith: 0)
      sources = NumberColumn(count: tree.targetCount, filledWith: 0)
      let (place, sources, targets, objects) = (start.base, sources.base, tree.targets.base, tree.objects.base)
      for edge in 0..<tree.targetCount {
        let target = objects[Int(targets[edge])].number
        targets[edge] = target
        place[Int(target) + 2] += 1
      }
      for index in 2..<tree.count + 2 { place[index] += place[index - 1] }
      let begins = tree.start.base
      for node in 0..<tree.count {
        for edge in Int(begins[node])..<Int(begins[node + 1]) {
          let target = Int(targets[edge]) + 1
          sources[Int(place[target])] = UInt32(node)
          place[target] += 1
        }
      }
    }
  }

  /// The tree of numbers that are done, while paths in it get shorter: where a path goes on, and the least
  /// semidominator on it so far.
  private struct Link {
    var above: UInt32
    var least: UInt32
  }

  private static func semidominators(of tree: DepthFirstTree, _ predecessors: Predecessors) -> NumberColumn<UInt32> {
    let semi = NumberColumn<UInt32>(count: tree.count, filledWith: 0)
    let links = NumberColumn(count: tree.count, filledWith: Link(above: 0, least: 0))
    let path = NumberColumn<UInt32>(count: tree.count, filledWith: 0)
    let (parent, virtual) = (tree.parent.base, tree.virtual.base)
    for node in 0..<tree.count { links.base[node] = Link(above: parent[node], least: UInt32(node)) }
    for node in stride(from: tree.count - 1, to: 0, by: -1) {
      var least = min(parent[node], virtual[node])
      let sources = predecessors.start.base
      for index in Int(sources[node])..<Int(sources[node + 1]) {
        let source = predecessors.sources.base[index]
        // One that is not done yet stands for itself.
        least = min(
          least,
          source <= node ? source : Self.least(above: Int(source), done: UInt32(node), links.base, path.base))
      }
      semi.base[node] = least
      links.base[node].least = least
    }
    return semi
  }

  /// The least semidominator on the way from a number up to the last one that is done; the way is short the next time.
  @inline(__always)
  private static func least(
    above node: Int, done: UInt32, _ links: UnsafeMutablePointer<Link>, _ path: UnsafeMutablePointer<UInt32>
  ) -> UInt32 {
    var place = node
    var length = 0
    while links[place].above > done {
      path[length] = UInt32(place)
      length += 1
      place = Int(links[place].above)
    }
    let top = links[place]
    var least = top.least
    while length > 0 {
      length -= 1
      let next = Int(path[length])
      least = min(least, links[next].least)
      links[next] = Link(above: top.above, least: least)
    }
    return least
  }
}
