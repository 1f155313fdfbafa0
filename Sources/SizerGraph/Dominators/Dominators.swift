// SPDX-License-Identifier: Apache-2.0

/// What keeps what alive: for each object of an image the one through which every way to it goes, and the bytes that
/// would be freed with it.
///
///     let dominators = Dominators(of: image)
///     print(dominators.retainedBytes(byClass: "App.Cache") ?? 0)
///
/// Roots are objects that are held by something that no edge explains, certain or not. What is leaked hangs under its
/// group, which retains it.
/// 20 bytes for an object.
public struct Dominators: Sendable {
  /// What the dominator of an object is.
  public enum Holder: Sendable, Hashable {
    /// Nothing less than the whole process.
    case root
    /// An object, by its number.
    case object(Int)
    /// The leaked group of this number, or all of them when it is nil.
    case leak(group: Int?)
  }

  let image: HeapImage
  // In the search's numbers: 0 is the root. `vertex` has the object of each, `number` the number of each object.
  let number: [UInt32]
  let vertex: [UInt32]
  let dominator: [UInt32]
  let retained: [Int]
  private let groupNodes: [Int]

  /// The dominators of an image. Complexity: O(objects + edges), nearly.
  public init(of image: HeapImage) { self.init(of: image, account: ReferenceAccount(of: image)) }

  init(of image: HeapImage, account: ReferenceAccount) {
    let search = DominatorSearch(
      of: image, isRoot: { account.isRoot($0, countingUncertain: true) },
      groups: { isReached in
        LeakSearch.groups(
          in: image, isClosed: true, isInside: { !isReached($0) }, isFollowed: \.isStrong
        ).map(\.core)
      })
    self.image = image
    number = search.number
    vertex = search.vertex
    dominator = search.dominator
    groupNodes = search.groupNodes
    retained = Self.retained(in: image, vertex, dominator, number)
  }

  /// Each number's own bytes and those of all that it dominates; these have larger numbers.
  private static func retained(
    in image: HeapImage, _ vertex: [UInt32], _ dominator: [UInt32], _ number: [UInt32]
  ) -> [Int] {
    var retained = vertex.map { $0 == DepthFirstTree.none ? 0 : image.bytes(of: Int($0)) }
    for block in image.rawBlocks { retained[Int(number[block.owner])] &+= block.bytes }
    for node in stride(from: retained.count - 1, to: 0, by: -1) { retained[Int(dominator[node])] &+= retained[node] }
    return retained
  }

  /// Bytes of the object and of all that would go with it, with their raw blocks.
  public func retainedBytes(by object: Int) -> Int { retained[Int(number[object])] }

  /// Bytes of everything: those of the root.
  public var totalBytes: Int { retained[0] }

  /// How many leaked groups there are, which hang under nodes of their own.
  public var leakedGroupCount: Int { groupNodes.count }

  /// Bytes of a leaked group, with all that only it holds.
  public func retainedBytes(byLeakedGroup group: Int) -> Int { retained[groupNodes[group]] }

  /// What every way to an object goes through, next to it.
  public func holder(of object: Int) -> Holder {
    let node = Int(dominator[Int(number[object])])
    if node == 0 { return .root }
    guard vertex[node] == DepthFirstTree.none else { return .object(Int(vertex[node])) }
    return .leak(group: leakedGroup(at: node))
  }

  /// Nodes of groups have ascending numbers.
  private func leakedGroup(at node: Int) -> Int? {
    var low = 0
    var high = groupNodes.count
    while low < high {
      let middle = (low + high) / 2
      if groupNodes[middle] < node { low = middle + 1 } else { high = middle }
    }
    return low < groupNodes.count && groupNodes[low] == node ? low : nil
  }
}
