// SPDX-License-Identifier: Apache-2.0

final class ListNode {
  var next: ListNode?
  var value: Int

  init(value: Int) { self.value = value }
}

/// A singly linked list: each load needs the one before, so nothing hides the memory's latency.
enum LinkedList: Shape {
  static let title = "linked list"

  static func makeNodes(_ count: Int) -> [ListNode] { (0..<count).map(ListNode.init) }

  static func link(_ nodes: [ListNode]) -> ListNode? {
    for (node, next) in zip(nodes, nodes.dropFirst()) { node.next = next }
    return nodes.first
  }

  static func unlink(_ nodes: [ListNode]) {
    for node in nodes { node.next = nil }
  }

  static func walk(_ root: ListNode?, on floor: borrowing Floor) -> Walked { floor.walk(list: root) }
}
