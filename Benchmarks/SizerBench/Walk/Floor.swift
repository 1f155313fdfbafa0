// SPDX-License-Identifier: Apache-2.0

import CFloor

/// The C walk that knows the layout, over the same objects that HeapSizer walks. Owns the scratch memory of its walks.
struct Floor: ~Copyable {
  private let scratch: OpaquePointer

  /// Prepares walks over graphs of these nodes: finds where they lie and how large one is.
  init<Node: AnyObject>(nodes: [Node]) throws(BenchError) {
    var lowest = UnsafeRawPointer(bitPattern: UInt.max)!
    var highest = UnsafeRawPointer(bitPattern: 1)!
    for node in nodes {
      lowest = min(lowest, address(of: node))
      highest = max(highest, address(of: node))
    }
    var made: OpaquePointer?
    guard let first = nodes.first,
      csizer_floor_create(lowest, highest, nodes.count, usableSize(of: first), &made), let made
    else { throw BenchError("no memory for the floor's walk over \(nodes.count.grouped) objects") }
    scratch = made
  }

  deinit { csizer_floor_destroy(scratch) }

  func walk(leaves: [Leaf]) -> Walked {
    leaves.withUnsafeBytes { elements in
      let references = elements.assumingMemoryBound(to: UnsafeRawPointer?.self)
      var walked = Walked(csizer_floor_walk_leaves(scratch, references.baseAddress, references.count))
      walked.objects += 1
      walked.bytes += csizer_floor_usable_size(elements.baseAddress! - arrayHeaderBytes)
      return walked
    }
  }

  func walk(list: ListNode?) -> Walked { Walked(csizer_floor_walk_list(scratch, list.map(address))) }

  func walk(tree: TreeNode?) -> Walked { Walked(csizer_floor_walk_tree(scratch, tree.map(address))) }

  func walk(graph: GraphNode?) -> Walked { Walked(csizer_floor_walk_graph(scratch, graph.map(address))) }
}

/// What stands before an array's first element: the object header, the count and the capacity.
private let arrayHeaderBytes = 32

/// What the allocator set aside for an object.
func usableSize(of object: AnyObject) -> Int { csizer_floor_usable_size(address(of: object)) }

private func address(of object: AnyObject) -> UnsafeRawPointer {
  UnsafeRawPointer(Unmanaged.passUnretained(object).toOpaque())
}

extension Walked {
  fileprivate init(_ total: csizer_floor_total) {
    self.init(objects: total.objects, bytes: total.bytes)
  }
}
