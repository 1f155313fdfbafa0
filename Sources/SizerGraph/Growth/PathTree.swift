// SPDX-License-Identifier: Apache-2.0

/// The objects of an image by the names of the ways to them: those with the same names on their shortest path from a
/// root are one node.
///
/// Names of elements and keys do not count, so that all sessions in a dictionary are one node; nor does how often a
/// way goes in a circle,
/// so that all links of a list are one.
struct PathTree {
  /// What was found there.
  struct Node {
    /// Which of all images' places it is.
    var place: Int
    /// Number of the node above; nil at a root.
    var parent: Int?
    var label: Int
    var typeName: Int
    var depth: Int
    var objects: [Int] = []
    var references = 0
    var bytes = 0
  }

  /// What lies deeper belongs to the node at this depth: nobody reads longer paths, and a stranger's image could make
  /// endless ones.
  private static let deepest = 100

  private(set) var nodes: [Node] = []
  /// The nodes by their places.
  private(set) var numbers: [Int: Int] = [:]

  /// - Parameter isMeant: Whether the object at an address counts, with its bytes and the references to it.
  init(
    of image: HeapImage, account: ReferenceAccount, places: inout PathPlaces, counting isMeant: (UInt64) -> Bool
  ) {
    let finder = PathFinder(of: image, account: account)
    let raw = image.rawBytesByOwner()
    var nodeOf = [UInt32](repeating: 0, count: image.objectCount)
    var names = PathNames(of: image)
    // Nearer objects come first: the node of whoever is before one on its path is there already.
    for object in finder.order {
      let place = Int(object)
      let typeName = names.typeName(of: place, in: &places)
      let number: Int
      if let (before, edge) = finder.step(before: place) {
        let label = names.label(of: edge, from: before, in: &places)
        number = node(under: Int(nodeOf[before]), label: label, typeName: typeName, in: &places)
        // Words in doubt count where they are the only way: stale ones come and go, and lead to what others hold.
        let isDoubtful = EdgeCode(bits: image.edgeCode[edge]).kind == .uncertain
        if isDoubtful, isMeant(image.addresses[place]) { nodes[Int(nodeOf[before])].references += 1 }
      } else {
        let label = places.number(of: finder.rootShape(at: place))
        number = node(under: nil, label: label, typeName: typeName, in: &places)
      }
      nodeOf[place] = UInt32(number)
      nodes[number].objects.append(place)
      if isMeant(image.addresses[place]) { nodes[number].bytes &+= image.bytes(of: place) &+ raw[place, default: 0] }
      nodes[number].references += image.certainDegree(of: place, counting: isMeant)
    }
  }

  /// The node of a name, or that above it on the way which has the same label and type: a list's link hangs under
  /// itself.
  private mutating func node(under parent: Int?, label: Int, typeName: Int, in places: inout PathPlaces) -> Int {
    var above = parent
    for _ in 0..<8 {
      guard let number = above else { break }
      let other = nodes[number]
      if other.parent != nil && other.label == label && other.typeName == typeName { return number }
      above = other.parent
    }
    let depth = parent.map { nodes[$0].depth + 1 } ?? 0
    if let parent, depth > Self.deepest { return parent }
    let place = places.place(under: parent.map { nodes[$0].place }, label: label, typeName: typeName)
    if let number = numbers[place] { return number }
    numbers[place] = nodes.count
    nodes.append(Node(place: place, parent: parent, label: label, typeName: typeName, depth: depth))
    return nodes.count - 1
  }
}

/// The names in one image by the numbers of their texts: each is looked at once.
private struct PathNames {
  private struct LabelKey: Hashable {
    var type: UInt32
    var code: UInt32
  }

  private let image: HeapImage
  private var typeNames: [Int: Int] = [:]
  private var labels: [LabelKey: Int] = [:]

  init(of image: HeapImage) { self.image = image }

  mutating func typeName(of object: Int, in places: inout PathPlaces) -> Int {
    let key = image.nameKey(of: object)
    if let number = typeNames[key] { return number }
    let number = places.number(of: image.name(of: object))
    typeNames[key] = number
    return number
  }

  mutating func label(of edge: Int, from source: Int, in places: inout PathPlaces) -> Int {
    let code = image.shapeCode(of: edge, from: source)
    // A text is the same for all types; a slot is the type's.
    let key = LabelKey(type: code.form == .text ? .max : image.typeOf[source], code: code.bits)
    if let number = labels[key] { return number }
    let number = places.number(of: image.shapeLabel(of: image.edge(at: edge, from: source)))
    labels[key] = number
    return number
  }
}

extension HeapImage {
  /// How many certain references lead from an object to what is meant, by its address.
  func certainDegree(of object: Int, counting isMeant: (UInt64) -> Bool) -> Int {
    var count = 0
    for edge in Int(edgeStart[object])..<Int(edgeStart[object + 1]) where EdgeCode(bits: edgeCode[edge]).isCertain {
      if isMeant(addresses[Int(edgeTarget[edge])]) { count += 1 }
    }
    return count
  }
}
