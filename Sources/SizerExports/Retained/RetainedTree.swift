// SPDX-License-Identifier: Apache-2.0

package import SizerGraph

/// The dominator tree of an image from above, as far as there is room: who retains most has a node first.
///
/// Objects of one type below one node are one node, and so are those that hang under one of their own type: all
/// sessions of a store, all links of a list.
package struct RetainedTree {
  package struct Node {
    /// The node that retains it; nil: nothing less than the whole process does.
    package var parent: Int?
    package var typeName: String
    package var objects: [Int]
    /// Own bytes, with raw blocks.
    package var bytes: Int
    /// Bytes that would be freed with the objects.
    package var retained: Int
    /// Whether nothing outside holds them.
    package var isLeaked: Bool
    package var depth: Int
  }

  package private(set) var nodes: [Node] = []
  /// What has no node: objects, and their bytes.
  package private(set) var leftOut = (objects: 0, bytes: 0)

  private let image: HeapImage
  private let dominators: Dominators
  private let tree: Dominators.Tree
  private let rawBytes: [Int: Int]
  private let names: NameNumbers
  private var waiting = WaitingGroups()
  /// Nobody follows longer chains, and a page that draws them would be very high.
  private static let deepest = 40

  /// - Parameter limit: nodes. Complexity: O(objects).
  package init(of image: HeapImage, _ dominators: Dominators, limit: Int) {
    self.image = image
    self.dominators = dominators
    tree = dominators.tree()
    rawBytes = image.rawBytesByOwner()
    names = NameNumbers(of: image)
    var roots: [Int] = []
    // Groups that were leaked alike are as many of one kind: they are told by number, not one by one.
    var leaked: [Int] = []
    for object in 0..<image.objectCount {
      switch dominators.holder(of: object) {
      case .root: roots.append(object)
      case .leak: leaked.append(object)
      case .object: break
      }
    }
    add(groupsOf: roots, parent: nil, depth: 0, isLeaked: false)
    add(groupsOf: leaked, parent: nil, depth: 0, isLeaked: true)
    while nodes.count < limit, let group = waiting.takeLargest() { expand(group) }
    leftOut = nodes.reduce(into: (image.objectCount, dominators.totalBytes)) { left, node in
      left.0 -= node.objects.count
      left.1 &-= node.bytes
    }
  }

  /// Gives a group its node, and its objects' children their groups.
  private mutating func expand(_ group: WaitingGroups.Group) {
    var node = Node(
      parent: group.parent, typeName: names.text(group.name), objects: group.objects, bytes: 0,
      retained: group.retained,
      isLeaked: group.isLeaked, depth: group.depth)
    var others: [Int] = []
    var next = 0
    while next < node.objects.count {
      let object = node.objects[next]
      next += 1
      node.bytes &+= image.bytes(of: object) &+ rawBytes[object, default: 0]
      for child in tree.children(of: object) {
        if names.number(of: child) == group.name { node.objects.append(child) } else { others.append(child) }
      }
    }
    nodes.append(node)
    guard group.depth < Self.deepest else { return }
    add(groupsOf: others, parent: nodes.count - 1, depth: group.depth + 1, isLeaked: group.isLeaked)
  }

  private mutating func add(groupsOf objects: [Int], parent: Int?, depth: Int, isLeaked: Bool) {
    var byName: [Int: [Int]] = [:]
    for object in objects { byName[names.number(of: object), default: []].append(object) }
    for (name, objects) in byName {
      waiting.add(
        WaitingGroups.Group(
          parent: parent, name: name, objects: objects,
          retained: objects.reduce(0) { $0 &+ dominators.retainedBytes(by: $1) }, isLeaked: isLeaked, depth: depth))
    }
  }
}

/// Groups that have no node yet, the largest at hand: a binary heap.
struct WaitingGroups {
  struct Group {
    var parent: Int?
    /// The number of the objects' name.
    var name: Int
    var objects: [Int]
    var retained: Int
    var isLeaked: Bool
    var depth: Int

    /// Whether it gets a node before another one: the same in every run.
    func precedes(_ other: Group) -> Bool {
      (retained, other.name, other.objects[0]) > (other.retained, name, objects[0])
    }
  }

  private var heap: [Group] = []

  mutating func add(_ group: Group) {
    heap.append(group)
    var place = heap.count - 1
    while place > 0, heap[place].precedes(heap[(place - 1) / 2]) {
      heap.swapAt(place, (place - 1) / 2)
      place = (place - 1) / 2
    }
  }

  mutating func takeLargest() -> Group? {
    guard !heap.isEmpty else { return nil }
    heap.swapAt(0, heap.count - 1)
    let largest = heap.removeLast()
    var place = 0
    while true {
      var first = place
      for child in [2 * place + 1, 2 * place + 2] where child < heap.count && heap[child].precedes(heap[first]) {
        first = child
      }
      guard first != place else { return largest }
      heap.swapAt(place, first)
      place = first
    }
  }
}
