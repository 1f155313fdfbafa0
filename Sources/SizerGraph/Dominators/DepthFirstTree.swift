// SPDX-License-Identifier: Apache-2.0

/// The depth-first tree of all that a virtual root reaches, and of what is leaked behind it. Numbers are given in the
/// order of the search.
///
/// Number 0 is the virtual root. Then come objects, and, where something is leaked, a node for all leaks and one for
/// each leaked group.
/// 20 bytes for an object, 4 for an edge.
struct DepthFirstTree {
  static let none = UInt32.max

  /// What the search asks of each object it comes upon, side by side in memory: most of its time is waiting for that.
  struct Object: BitwiseCopyable {
    /// 0 before it has one.
    var number: UInt32
    /// Where its edges begin; they end where those of the next object begin.
    var edges: UInt32
  }

  private let image: HeapImage
  /// The objects, and one more where the last one's edges end.
  let objects: NumberColumn<Object>
  /// For each number its object, `none` for nodes that are no objects; its parent in the tree; the least virtual node
  /// that leads
  /// to it, `none` if none does; and where its targets begin.
  private(set) var vertex: NumberColumn<UInt32>
  private(set) var parent: NumberColumn<UInt32>
  private(set) var virtual: NumberColumn<UInt32>
  private(set) var start: NumberColumn<UInt32>
  /// The targets of all numbers, in order, as objects.
  let targets: NumberColumn<UInt32>
  /// How many numbers there are.
  private(set) var count = 1
  /// How many targets there are.
  private(set) var targetCount = 0

  // What waits to be visited. The places of its edges are read when it is found: that read waits for memory side by
  // side with others.
  private struct Waiting {
    var object: UInt32
    var parent: UInt32
    var first: UInt32
    var end: UInt32
  }
  private var waiting: [Waiting] = []

  init(of image: HeapImage) {
    self.image = image
    let room = image.objectCount + 2
    objects = NumberColumn(count: image.objectCount + 1, filledWith: Object(number: 0, edges: 0))
    for (object, edges) in image.edgeStart.enumerated() { objects.base[object].edges = edges }
    vertex = NumberColumn(count: room, filledWith: Self.none)
    parent = NumberColumn(count: room, filledWith: 0)
    virtual = NumberColumn(count: room, filledWith: Self.none)
    start = NumberColumn(count: room, filledWith: 0)
    targets = NumberColumn(count: image.edgeCount, filledWith: 0)
  }

  /// Makes room for so many nodes that are no objects.
  mutating func makeRoom(forNodes nodes: Int) {
    let room = image.objectCount + 2 + nodes
    for column in [\DepthFirstTree.vertex, \.parent, \.virtual, \.start] {
      let old = self[keyPath: column]
      let new = NumberColumn(count: room, filledWith: Self.none)
      new.base.update(from: old.base, count: old.count)
      self[keyPath: column] = new
    }
  }

  /// A node that is no object; there must be room for it.
  mutating func addNode(under node: UInt32) -> UInt32 {
    vertex.base[count] = Self.none
    parent.base[count] = node
    virtual.base[count] = node
    count += 1
    start.base[count] = UInt32(targetCount)
    return UInt32(count - 1)
  }

  /// A virtual node leads to these objects: searches from each that was not reached before.
  mutating func enter(_ objects: some Sequence<Int>, from node: UInt32) {
    let (known, virtual) = (self.objects.base, virtual.base)
    for object in objects {
      if known[object].number == 0 {
        waiting.append(
          Waiting(object: UInt32(object), parent: node, first: known[object].edges, end: known[object + 1].edges))
        search()
      }
      let own = Int(known[object].number)
      virtual[own] = min(virtual[own], node)
    }
  }

  /// Depth first, without recursion: the reference that was found last is followed first.
  private mutating func search() {
    let (objects, targets) = (objects.base, targets.base)
    let (vertex, parent, start) = (vertex.base, parent.base, start.base)
    var (node, edge) = (count, targetCount)
    // Unsafe buffers: this visits each edge of the heap; targets and starts were checked when the image was made, and
    // there is
    // room for as many numbers as there are objects and as many targets as there are edges.
    image.edgeTarget.withUnsafeBufferPointer { edgeTargets in
      image.edgeCode.withUnsafeBufferPointer { codes in
        while let next = waiting.popLast() {
          guard objects[Int(next.object)].number == 0 else { continue }
          objects[Int(next.object)].number = UInt32(node)
          vertex[node] = next.object
          parent[node] = next.parent
          for index in Int(next.first)..<Int(next.end) where EdgeCode(bits: codes[index]).isStrong {
            let target = edgeTargets[index]
            targets[edge] = target
            edge += 1
            let found = objects[Int(target)]
            guard found.number == 0 else { continue }
            waiting.append(
              Waiting(
                object: target, parent: UInt32(node), first: found.edges, end: objects[Int(target) + 1].edges))
          }
          node += 1
          start[node] = UInt32(edge)
        }
      }
    }
    (count, targetCount) = (node, edge)
  }
}
