// SPDX-License-Identifier: Apache-2.0

/// Finds shortest paths from roots. One pass over the image is enough for the paths to all its objects. 12 bytes for
/// an object.
public struct PathFinder: Sendable {
  private static let none = UInt32.max

  private let image: HeapImage
  private let account: ReferenceAccount
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

  /// Globals and tasks come first, then stacks as far as they are surely in use, then words that may be old (in C
  /// memory, on stacks of threads that ran), then objects that something unknown holds; last what is leaked. A path of
  /// certain edges goes before one with an edge in doubt, and one from a surer root before a shorter one.
  init(of image: HeapImage, account: ReferenceAccount) {
    self.image = image
    self.account = account
    before = [UInt32](repeating: Self.none, count: image.objectCount)
    through = before
    order.reserveCapacity(image.objectCount)
    enterRoots { $0.kind == .global || $0.kind == .runtime }
    for (number, task) in image.tasks.enumerated() where task.state != .complete {
      if let object = task.object { enter(object, .task(number)) }
    }
    enterRoots { $0.kind == .task && $0.reference == .certain }
    walk()
    // What words in frames and tails explain goes before what words elsewhere would. Stacks of threads that run have
    // many old ones; blocks of C memory had to be looked at closely to be here.
    enterRoots(countingUncertain: true) { $0.kind == .stackInUse }
    walk()
    enterRoots(countingUncertain: true) { $0.kind == .cMemory }
    enterRoots(countingUncertain: true) { _ in true }
    walk()
    walkInDoubt()
    enterRoots { $0.kind == .stackInUse }
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

  private mutating func enterRoots(countingUncertain: Bool = false, _ isEntered: (HeapRoot) -> Bool) {
    for (number, root) in image.roots.enumerated() where root.reference.isStrong && isEntered(root) {
      // A word that may be old holds nothing of which all references are known.
      let isHeld = account.isRoot(root.object, countingUncertain: countingUncertain)
      guard root.reference == .certain || isHeld else { continue }
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
  public func path(to object: Int) -> HeapPath { path(to: object, ends: .max).path }

  /// The same, of which no more than so many steps at each end are made, and how many between them are not. A million
  /// links of a list are as many steps, with names.
  package func path(to object: Int, ends: Int) -> (path: HeapPath, leftOut: Int) {
    var last: [HeapPath.Step] = []
    var places: [UInt32] = []
    var place = object
    while Int(before[place]) != place {
      if last.count < ends { last.append(step(onto: place)) } else { places.append(UInt32(place)) }
      place = Int(before[place])
    }
    let root = rootTexts[Int(through[place])]
    var start = image.step(to: place)
    start.isCertain = isCertain(root)
    let first = places.suffix(ends).reversed().map { step(onto: Int($0)) }
    let path = HeapPath(root: text(root, of: place), start: start, steps: first + last.reversed())
    return (path, places.count - first.count)
  }

  private func step(onto place: Int) -> HeapPath.Step {
    image.step(to: place, through: image.edge(at: Int(through[place]), from: Int(before[place])))
  }

  /// The shortest of the paths to the objects of a type; nil when there is none. The type's full name, or its last
  /// part.
  public func path(toFirst typeName: String) -> HeapPath? { nearest(of: typeName).map { path(to: $0) } }

  /// The object where that path ends.
  package func nearest(of typeName: String) -> Int? {
    let types = Set(
      image.types.indices.filter { image.types[$0].name == typeName || image.types[$0].hasLast(typeName) })
    return order.first { types.contains(Int(image.typeOf[Int($0)])) }.map { Int($0) }
  }

  /// For each type the object that is nearest to a root; nil where it has none. Complexity: O(objects).
  package func nearestByType() -> [Int?] {
    var nearest = [Int?](repeating: nil, count: image.types.count)
    for object in order where nearest[Int(image.typeOf[Int(object)])] == nil {
      nearest[Int(image.typeOf[Int(object)])] = Int(object)
    }
    return nearest
  }

  private func isCertain(_ root: RootText) -> Bool {
    guard case .root(let number) = root else { return true }
    return image.roots[number].reference == .certain || image.roots[number].kind.isExact
  }

  private func text(_ root: RootText, of object: Int) -> String {
    switch root {
    case .root(let number): image.text(of: image.roots[number])
    case .task(let number): image.text(of: image.tasks[number])
    case .unknown: account.textOfUnknownHolder(of: object)
    case .leaked: HeapPath.leakedRoot
    }
  }

  /// The object before on the path, and the edge from there; nil where a path begins.
  func step(before object: Int) -> (object: Int, edge: Int)? {
    Int(before[object]) == object ? nil : (Int(before[object]), Int(through[object]))
  }

  /// What the path to an object begins with, if it begins there, without what differs from image to image: addresses,
  /// and how many references something unknown has.
  func rootShape(at object: Int) -> String {
    switch rootTexts[Int(through[object])] {
    case .unknown: "unknown holder"
    case .root(let number) where image.roots[number].kind == .cMemory: "C memory"
    case let root: text(root, of: object)
    }
  }
}

extension HeapType {
  /// Whether `name` is the last part of the type's name, as `Session` is of `App.Session`.
  func hasLast(_ text: String) -> Bool { name.hasSuffix("." + text) }
}
