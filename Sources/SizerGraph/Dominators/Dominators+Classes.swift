// SPDX-License-Identifier: Apache-2.0

extension Dominators {
  /// What a class's instances keep alive together.
  public struct ClassRetention: Sendable, Hashable {
    /// The type's number in the image.
    public var type: Int
    /// Its instances.
    public var count: Int
    /// Their own bytes, with their raw blocks.
    public var bytes: Int
    /// Bytes that would be freed with them: those of the instances that no other instance of the class dominates.
    public var retainedBytes: Int
  }

  /// All classes that have instances; the largest retainers come first. Complexity: O(objects).
  public func classes() -> [ClassRetention] {
    var rows = image.types.indices.map { ClassRetention(type: $0, count: 0, bytes: 0, retainedBytes: 0) }
    let raw = image.rawBytesByOwner()
    var active = [Int](repeating: 0, count: rows.count)
    visit { node, isEntered in
      guard vertex[node] != DepthFirstTree.none else { return }
      let object = Int(vertex[node])
      let type = Int(image.typeOf[object])
      guard isEntered else {
        active[type] -= 1
        return
      }
      rows[type].count += 1
      rows[type].bytes &+= image.bytes(of: object)
      if active[type] == 0 { rows[type].retainedBytes &+= retained[node] }
      active[type] += 1
    }
    for (owner, bytes) in raw { rows[Int(image.typeOf[owner])].bytes &+= bytes }
    return rows.filter { $0.count > 0 }.sorted { ($1.retainedBytes, $0.type) < ($0.retainedBytes, $1.type) }
  }

  /// Bytes that the instances of a type retain together; nil when there are none. The type's full name, or its last
  /// part.
  public func retainedBytes(byClass typeName: String) -> Int? {
    let names = Set(
      image.types.indices.filter { image.types[$0].name == typeName || image.types[$0].hasLast(typeName) })
    var active = 0
    var sum: Int?
    visit { node, isEntered in
      guard vertex[node] != DepthFirstTree.none, names.contains(Int(image.typeOf[Int(vertex[node])])) else { return }
      if isEntered && active == 0 { sum = (sum ?? 0) &+ retained[node] }
      active += isEntered ? 1 : -1
    }
    return sum
  }

  /// The objects that have an object as their nearest dominator, ascending by number; of the root when it is nil. For
  /// trees that are
  /// looked at from above: makes a list of all children once.
  public func tree() -> Tree { Tree(children: ChildList(of: dominator), dominators: self) }

  /// The dominator tree from above.
  public struct Tree: Sendable {
    let children: ChildList
    let dominators: Dominators

    /// What an object holds directly: nothing but it keeps these.
    public func children(of object: Int) -> [Int] { objects(below: Int(dominators.number[object])) }
    /// What nothing less than the whole process holds.
    public var roots: [Int] { objects(below: 0) }

    private func objects(below node: Int) -> [Int] {
      children.of(node).lazy.map { dominators.vertex[Int($0)] }.filter { $0 != DepthFirstTree.none }.map { Int($0) }
    }
  }

  /// Calls `body` for each number of the tree when it is entered and when it is left, in the order of a depth-first
  /// walk.
  func visit(_ body: (_ node: Int, _ isEntered: Bool) -> Void) {
    let children = ChildList(of: dominator)
    // A node that waits for its end has its complement on the list.
    var waiting = [0]
    while let node = waiting.popLast() {
      guard node >= 0 else {
        body(~node, false)
        continue
      }
      body(node, true)
      waiting.append(~node)
      for child in children.of(node) { waiting.append(Int(child)) }
    }
  }
}

/// The children of each node of a tree that is known by its parents; 0 is the root.
struct ChildList: Sendable {
  private var start: [UInt32]
  private var list: [UInt32]

  init(of parents: [UInt32]) {
    start = [UInt32](repeating: 0, count: parents.count + 2)
    list = [UInt32](repeating: 0, count: max(parents.count - 1, 0))
    for parent in parents.dropFirst() { start[Int(parent) + 2] += 1 }
    for index in 2..<max(start.count, 2) { start[index] += start[index - 1] }
    for (node, parent) in parents.enumerated().dropFirst() {
      list[Int(start[Int(parent) + 1])] = UInt32(node)
      start[Int(parent) + 1] += 1
    }
  }

  func of(_ node: Int) -> ArraySlice<UInt32> { list[Int(start[node])..<Int(start[node + 1])] }
}
