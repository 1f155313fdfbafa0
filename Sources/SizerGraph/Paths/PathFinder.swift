// SPDX-License-Identifier: Apache-2.0

/// Finds shortest paths from roots. One pass over the image is enough for the paths to all its objects. 12 bytes for
/// an object.
public struct PathFinder: Sendable {
  private static let none = UInt32.max

  private let image: HeapImage
  // For each object the object before it on its path (itself: the path begins here), and the edge from there, or the
  // root's number.
  private var before: [UInt32]
  private var through: [UInt32]
  private var rootTexts: [RootText] = []
  // All objects, as they were reached: nearer ones first, among those that roots of one sort hold.
  private(set) var order: [UInt32] = []
  // How many of them have been left by certain edges, and by the others.
  private var walked = 0
  private var walkedInDoubt = 0

  private enum RootText {
    case root(Int)
    case task(Int)
    case unknown
    case leaked
  }

  /// Lays paths to all objects. Complexity: O(objects + edges).
  public init(of image: HeapImage) { self.init(of: image, account: ReferenceAccount(of: image)) }

  /// Roots with a name come first, then words that may be stale, then objects that something unknown holds; last what
  /// is leaked. A path of certain edges goes before one with an edge in doubt.
  init(of image: HeapImage, account: ReferenceAccount) {
    self.image = image
    before = [UInt32](repeating: Self.none, count: image.objectCount)
    through = before
    order.reserveCapacity(image.objectCount)
    enterRoots { $0.kind == .global || $0.kind == .runtime }
    for (number, task) in image.tasks.enumerated() {
      if let object = task.object { enter(object, .task(number)) }
    }
    enterRoots { $0.kind == .task && $0.reference == .certain }
    walk()
    enterRoots { _ in true }
    walk()
    walkInDoubt()
    for object in 0..<image.objectCount where account.isRoot(object) { enter(object, .unknown) }
    walk()
    walkInDoubt()
    for object in 0..<image.objectCount where before[object] == Self.none {
      enter(object, .leaked)
      walk()
      walkInDoubt()
    }
  }

  private mutating func enterRoots(_ isEntered: (HeapRoot) -> Bool) {
    for (number, root) in image.roots.enumerated() where root.reference.isStrong && isEntered(root) {
      enter(root.object, .root(number))
    }
  }

  private mutating func enter(_ object: Int, _ root: RootText) {
    guard before[object] == Self.none else { return }
    before[object] = UInt32(object)
    through[object] = UInt32(rootTexts.count)
    rootTexts.append(root)
    order.append(UInt32(object))
  }

  /// Breadth first along certain edges, so that no path is longer than it must be.
  private mutating func walk() {
    while walked < order.count {
      let object = order[walked]
      walked += 1
      leave(object, by: .certain)
    }
  }

  /// The same along the others; what they lead to is left by certain ones at once.
  private mutating func walkInDoubt() {
    while walkedInDoubt < order.count {
      let object = order[walkedInDoubt]
      walkedInDoubt += 1
      leave(object, by: .uncertain)
      walk()
    }
  }

  private mutating func leave(_ object: UInt32, by kind: HeapEdge.Kind) {
    for edge in image.edgeStart[Int(object)]..<image.edgeStart[Int(object) + 1] {
      let target = Int(image.edgeTarget[Int(edge)])
      guard before[target] == Self.none, EdgeCode(bits: image.edgeCode[Int(edge)]).kind == kind else { continue }
      before[target] = object
      through[target] = edge
      order.append(UInt32(target))
    }
  }

  /// A shortest path to an object. Complexity: O(length).
  public func path(to object: Int) -> HeapPath {
    var steps: [HeapPath.Step] = []
    var place = object
    while Int(before[place]) != place {
      let source = Int(before[place])
      steps.append(image.step(to: place, through: image.edge(at: Int(through[place]), from: source)))
      place = source
    }
    return HeapPath(root: text(rootTexts[Int(through[place])]), start: image.step(to: place), steps: steps.reversed())
  }

  /// The shortest of the paths to the objects of a type; nil when there is none. The type's full name, or its last
  /// part.
  public func path(toFirst typeName: String) -> HeapPath? {
    let types = Set(
      image.types.indices.filter { image.types[$0].name == typeName || image.types[$0].hasLast(typeName) })
    return order.first { types.contains(Int(image.typeOf[Int($0)])) }.map { path(to: Int($0)) }
  }

  private func text(_ root: RootText) -> String {
    switch root {
    case .root(let number): image.text(of: image.roots[number])
    case .task(let number): image.text(of: image.tasks[number])
    case .unknown: "unknown holder"
    case .leaked: "leaked"
    }
  }

  /// The object before on the path, and the edge from there; nil where a path begins.
  func step(before object: Int) -> (object: Int, edge: Int)? {
    Int(before[object]) == object ? nil : (Int(before[object]), Int(through[object]))
  }

  /// What the path to an object begins with, if it begins there.
  func rootText(at object: Int) -> String { text(rootTexts[Int(through[object])]) }
}

extension HeapType {
  /// Whether `name` is the last part of the type's name, as `Session` is of `App.Session`.
  func hasLast(_ text: String) -> Bool { name.hasSuffix("." + text) }
}
