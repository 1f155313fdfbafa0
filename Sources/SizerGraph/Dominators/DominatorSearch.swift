// SPDX-License-Identifier: Apache-2.0

/// Semi-NCA: immediate dominators of all that is reached from a virtual root, in the numbers of a depth-first search.
///
/// Number 0 is the virtual root. Then come objects, and, where something is leaked, a node for all leaks and one for
/// each leaked group.
/// Everything after the search works on these numbers, so that most of what is near in the graph is near in memory.
struct DominatorSearch {
  static let none = UInt32.max

  private let image: HeapImage
  // For each object its number, 0 before it has one; and for each number its object, `none` for nodes that are no
  // objects.
  private(set) var number: [UInt32]
  private(set) var vertex: [UInt32] = [none]
  /// For each number that of its immediate dominator.
  private(set) var dominator: [UInt32] = []
  /// The numbers of the leaked groups' nodes.
  private(set) var groupNodes: [Int] = []

  // For each number its parent in the search's tree, the least number that leads to it from a virtual node (none if
  // none does), and
  // where its targets begin.
  private var parent: [UInt32] = [0]
  private var virtual: [UInt32] = [none]
  private var start: [UInt32] = [0]
  private var targets: [UInt32] = []

  /// - Parameters:
  ///   - isRoot: Whether the virtual root leads to an object.
  ///   - groups: For what no root reaches: the objects of each leaked group that hold one another.
  init(of image: HeapImage, isRoot: (Int) -> Bool, groups: (_ isReached: (Int) -> Bool) -> [[Int]]) {
    self.image = image
    number = [UInt32](repeating: 0, count: image.objectCount)
    for list in [\DominatorSearch.vertex, \.parent, \.virtual, \.start] {
      self[keyPath: list].reserveCapacity(image.objectCount + 2)
    }
    targets.reserveCapacity(image.edgeCount)
    start.append(0)
    for object in 0..<image.objectCount where isRoot(object) { enter(object, from: 0) }
    addLeaks(groups { number[$0] != 0 })
    dominate()
  }

  private mutating func addLeaks(_ groups: [[Int]]) {
    guard !groups.isEmpty else { return }
    let leaks = addNode(under: 0)
    for group in groups {
      let node = addNode(under: leaks)
      groupNodes.append(Int(node))
      for object in group { enter(object, from: node) }
    }
  }

  private mutating func addNode(under node: UInt32) -> UInt32 {
    vertex.append(Self.none)
    parent.append(node)
    virtual.append(node)
    start.append(UInt32(targets.count))
    return UInt32(vertex.count - 1)
  }

  /// A virtual node leads to an object: searches from there, unless the object was reached before.
  private mutating func enter(_ object: Int, from node: UInt32) {
    let known = number[object]
    guard known == 0 else {
      virtual[Int(known)] = min(virtual[Int(known)], node)
      return
    }
    search(from: UInt32(object), under: node)
    virtual[Int(number[object])] = node
  }

  /// Depth first, without recursion: what waits is a reference and the number that it comes from.
  private mutating func search(from object: UInt32, under node: UInt32) {
    var waiting: [(object: UInt32, parent: UInt32)] = [(object, node)]
    // Unsafe buffers: this visits each edge of the heap; targets and starts were checked when the image was made.
    number.withUnsafeMutableBufferPointer { number in
      image.edgeStart.withUnsafeBufferPointer { starts in
        image.edgeTarget.withUnsafeBufferPointer { edgeTargets in
          image.edgeCode.withUnsafeBufferPointer { codes in
            while let next = waiting.popLast() {
              let object = Int(next.object)
              guard number[object] == 0 else { continue }
              let new = UInt32(vertex.count)
              number[object] = new
              vertex.append(next.object)
              parent.append(next.parent)
              virtual.append(Self.none)
              for edge in Int(starts[object])..<Int(starts[object + 1])
              where EdgeCode(bits: codes[edge]).isStrong {
                let target = edgeTargets[edge]
                targets.append(target)
                if number[Int(target)] == 0 { waiting.append((target, new)) }
              }
              start.append(UInt32(targets.count))
            }
          }
        }
      }
    }
  }

  private mutating func dominate() {
    let (sourceStart, sources) = predecessors()
    targets = []
    start = []
    let semi = semidominators(sourceStart, sources)
    dominator = parent
    dominator.withUnsafeMutableBufferPointer { dominator in
      semi.withUnsafeBufferPointer { semi in
        for node in 1..<max(dominator.count, 1) {
          var above = dominator[node]
          while above > semi[node] { above = dominator[Int(above)] }
          dominator[node] = above
        }
      }
    }
    parent = []
    virtual = []
  }

  /// Who leads to each number, as numbers.
  private mutating func predecessors() -> (start: [UInt32], sources: [UInt32]) {
    var place = [UInt32](repeating: 0, count: vertex.count + 2)
    var sources = [UInt32](repeating: 0, count: targets.count)
    // Unsafe buffers, as above: the numbers in them were made here.
    place.withUnsafeMutableBufferPointer { place in
      sources.withUnsafeMutableBufferPointer { sources in
        targets.withUnsafeMutableBufferPointer { targets in
          number.withUnsafeBufferPointer { number in
            for edge in targets.indices {
              let target = number[Int(targets[edge])]
              targets[edge] = target
              place[Int(target) + 2] += 1
            }
          }
          for index in 2..<place.count { place[index] += place[index - 1] }
          for node in 0..<vertex.count {
            for edge in Int(start[node])..<Int(start[node + 1]) {
              let target = Int(targets[edge]) + 1
              sources[Int(place[target])] = UInt32(node)
              place[target] += 1
            }
          }
        }
      }
    }
    return (place, sources)
  }

  /// The tree of numbers that are done, while paths in it get shorter: where a path goes on, and the least
  /// semidominator on it so far.
  private struct Link {
    var above: UInt32
    var least: UInt32
  }

  private func semidominators(_ sourceStart: [UInt32], _ sources: [UInt32]) -> [UInt32] {
    var semi = parent
    var links = parent.indices.map { Link(above: parent[$0], least: UInt32($0)) }
    var path: [Int] = []
    links.withUnsafeMutableBufferPointer { links in
      semi.withUnsafeMutableBufferPointer { semi in
        sourceStart.withUnsafeBufferPointer { sourceStart in
          sources.withUnsafeBufferPointer { sources in
            for node in stride(from: semi.count - 1, to: 0, by: -1) {
              var least = min(parent[node], virtual[node])
              for index in Int(sourceStart[node])..<Int(sourceStart[node + 1]) {
                let source = sources[index]
                // One that is not done yet stands for itself.
                let found = source <= node ? source : Self.least(above: Int(source), done: UInt32(node), links, &path)
                least = min(least, found)
              }
              semi[node] = least
              links[node].least = least
            }
          }
        }
      }
    }
    return semi
  }

  /// The least semidominator on the way from a number up to the last one that is done; the way is short the next time.
  @inline(__always)
  private static func least(
    above node: Int, done: UInt32, _ links: UnsafeMutableBufferPointer<Link>, _ path: inout [Int]
  ) -> UInt32 {
    var place = node
    while links[place].above > done {
      path.append(place)
      place = Int(links[place].above)
    }
    let top = links[place]
    var least = top.least
    while let next = path.popLast() {
      least = min(least, links[next].least)
      links[next] = Link(above: top.above, least: least)
    }
    return least
  }
}
