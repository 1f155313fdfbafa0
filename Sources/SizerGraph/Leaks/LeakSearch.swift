// SPDX-License-Identifier: Apache-2.0

/// The objects of an image that nothing outside holds, in groups.
struct LeakSearch {
  /// A cycle or a knot of them that no other leaked object holds, and what hangs below it.
  struct Group {
    /// The objects that hold one another, ascending.
    var core: [Int]
    /// These and all below that no group before it has, ascending.
    var members: [Int]
    /// Whether certain edges alone close it.
    var isClosed: Bool
  }

  let image: HeapImage
  let account: ReferenceAccount
  /// 0 for each object that certain edges alone account for and nothing outside reaches.
  let marks: [UInt8]
  /// Which of these something outside sees.
  let sight: Sight
  private(set) var groups: [Group] = []

  init(in image: HeapImage, account: ReferenceAccount, withSuspects: Bool = true) {
    self.image = image
    self.account = account
    let marks = image.marked(by: account, countingUncertain: false)
    self.marks = marks
    sight = Sight(of: image, marks: marks)
    groups = Self.groups(in: image, isClosed: true, isInside: { marks[$0] == 0 }, isFollowed: \.isCertain)
    guard withSuspects, image.edgeCode.contains(where: { $0 & 3 == HeapEdge.Kind.uncertain.rawValue }) else { return }
    let withUncertain = image.marked(by: account, countingUncertain: true)
    groups += Self.groups(
      in: image, isClosed: false, isInside: { withUncertain[$0] == 0 && marks[$0] == 1 }, isFollowed: \.isStrong)
  }

  /// The strongly connected parts that no other part leads to, each with what it leads to and none before it does.
  static func groups(
    in image: HeapImage, isClosed: Bool, isInside: (Int) -> Bool, isFollowed: (EdgeCode) -> Bool
  ) -> [Group] {
    let parts = Components(of: image, isInside: isInside, isFollowed: isFollowed)
    var isHeld = [Bool](repeating: false, count: parts.count)
    for place in parts.objects.indices {
      for target in parts.successors(of: place) where parts.component[Int(target)] != parts.component[place] {
        isHeld[Int(parts.component[Int(target)])] = true
      }
    }
    var cores: [UInt32: [Int]] = [:]
    var order: [UInt32] = []
    for place in parts.objects.indices where !isHeld[Int(parts.component[place])] {
      if cores[parts.component[place]] == nil { order.append(parts.component[place]) }
      cores[parts.component[place], default: []].append(place)
    }
    var isTaken = [Bool](repeating: false, count: parts.objects.count)
    return order.map { component in
      let core = cores[component] ?? []
      let members = reached(from: core, in: parts, &isTaken)
      return Group(
        core: core.map { Int(parts.objects[$0]) }, members: members.map { Int(parts.objects[$0]) }, isClosed: isClosed)
    }
  }

  private static func reached(from core: [Int], in parts: Components, _ isTaken: inout [Bool]) -> [Int] {
    for place in core { isTaken[place] = true }
    var members = core
    var next = 0
    while next < members.count {
      for target in parts.successors(of: members[next]) where !isTaken[Int(target)] {
        isTaken[Int(target)] = true
        members.append(Int(target))
      }
      next += 1
    }
    return members.sorted()
  }
}
