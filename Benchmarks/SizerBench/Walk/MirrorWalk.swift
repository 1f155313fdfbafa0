// SPDX-License-Identifier: Apache-2.0

/// The walk that anybody would write: `Mirror` all the way down, and a set of the objects that it has seen.
///
/// Children wait on a stack of iterators, which is the recursion by hand: a list would exhaust the real stack. A walk
/// ends early once it has seen enough objects; what it costs per object hardly depends on how many more there are.
struct MirrorWalk {
  private let limit: Int
  private var visited: Set<ObjectIdentifier> = []
  private var open: [Mirror.Children.Iterator] = []
  private var bytes = 0

  private init(limit: Int) { self.limit = limit }

  /// Walks what `root` reaches, `limit` objects of it at most.
  static func walk(_ root: Any, limit: Int) -> Walked {
    var walk = MirrorWalk(limit: limit)
    walk.enter(root)
    while let children = walk.open.last, walk.visited.count < limit {
      if let child = children.next() {
        walk.enter(child.value)
      } else {
        walk.open.removeLast()
      }
    }
    return Walked(objects: walk.visited.count, bytes: walk.bytes)
  }

  private mutating func enter(_ value: Any) {
    let mirror = Mirror(reflecting: value)
    if mirror.displayStyle == .class {
      let object = value as AnyObject
      guard visited.insert(ObjectIdentifier(object)).inserted else { return }
      bytes += usableSize(of: object)
    }
    open.append(mirror.children.makeIterator())
  }
}
