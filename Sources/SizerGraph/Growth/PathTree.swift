// SPDX-License-Identifier: Apache-2.0

/// The objects of an image by the names of the ways to them: those with the same names on their shortest path from a
/// root are one node.
///
/// Names of elements and keys do not count, so that all sessions in a dictionary are one node; nor does how often a
/// way goes in a circle,
/// so that all links of a list are one.
struct PathTree {
  /// Where a node hangs, and by what name.
  struct Name: Hashable {
    /// Number of the node above; nil at a root.
    var parent: Int?
    /// `.sessions`, `[]`; the root's own text.
    var label: String
    /// What the objects are.
    var typeName: String
  }

  /// What was found there.
  struct Node {
    var name: Name
    var objects: [Int] = []
    var references = 0
    var bytes = 0
    var depth = 0
  }

  /// What lies deeper belongs to the node at this depth: nobody reads longer paths, and a stranger's image could make
  /// endless ones.
  private static let deepest = 100

  private(set) var nodes: [Node] = []
  private var numbers: [Name: Int] = [:]

  init(of image: HeapImage, account: ReferenceAccount) {
    let finder = PathFinder(of: image, account: account)
    let raw = image.rawBytesByOwner()
    var nodeOf = [UInt32](repeating: 0, count: image.objectCount)
    var labels: [LabelKey: String] = [:]
    // Nearer objects come first: the node of whoever is before one on its path is there already.
    for object in finder.order {
      let place = Int(object)
      let typeName = image.name(of: place)
      let number: Int
      if let (before, edge) = finder.step(before: place) {
        let key = LabelKey(type: image.typeOf[before], code: image.shapeCode(of: edge, from: before).bits)
        let label = labels[key] ?? image.shapeLabel(of: image.edge(at: edge, from: before))
        labels[key] = label
        number = node(Name(parent: Int(nodeOf[before]), label: label, typeName: typeName))
      } else {
        number = node(Name(parent: nil, label: finder.rootText(at: place), typeName: typeName))
      }
      nodeOf[place] = UInt32(number)
      nodes[number].objects.append(place)
      nodes[number].bytes &+= image.bytes(of: place) &+ raw[place, default: 0]
      nodes[number].references += image.strongDegree(of: place)
    }
  }

  private struct LabelKey: Hashable {
    var type: UInt32
    var code: UInt32
  }

  /// The node of a name, or that above it on the way which has the same label and type: a list's link hangs under
  /// itself.
  private mutating func node(_ name: Name) -> Int {
    var above = name.parent
    for _ in 0..<8 {
      guard let number = above else { break }
      let other = nodes[number].name
      if other.parent != nil && other.label == name.label && other.typeName == name.typeName { return number }
      above = other.parent
    }
    if let number = numbers[name] { return number }
    let depth = name.parent.map { nodes[$0].depth + 1 } ?? 0
    if let parent = name.parent, depth > Self.deepest { return parent }
    numbers[name] = nodes.count
    nodes.append(Node(name: name, depth: depth))
    return nodes.count - 1
  }

  /// A node's way from its root, as text that is the same in each image.
  func path(of number: Int) -> String {
    var parts: [String] = []
    var place: Int? = number
    while let node = place {
      parts.append(nodes[node].name.label)
      place = nodes[node].name.parent
    }
    return parts.reversed().joined(separator: " -> ")
  }
}

extension HeapImage {
  /// How many strong references leave an object.
  func strongDegree(of object: Int) -> Int {
    var count = 0
    for edge in Int(edgeStart[object])..<Int(edgeStart[object + 1]) where EdgeCode(bits: edgeCode[edge]).isStrong {
      count += 1
    }
    return count
  }
}
