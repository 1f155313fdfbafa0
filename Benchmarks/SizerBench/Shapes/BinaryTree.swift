// SPDX-License-Identifier: Apache-2.0

final class TreeNode {
  var left: TreeNode?
  var right: TreeNode?
  var value: Int

  init(value: Int) { self.value = value }
}

/// A balanced binary tree. In allocation order a node comes before its left subtree, that before its right one, as a
/// recursive constructor makes them.
enum BinaryTree: Shape {
  static let title = "binary tree"

  static func makeNodes(_ count: Int) -> [TreeNode] { (0..<count).map(TreeNode.init) }

  static func link(_ nodes: [TreeNode]) -> TreeNode? { hang(nodes[...]) }

  private static func hang(_ nodes: ArraySlice<TreeNode>) -> TreeNode? {
    guard let root = nodes.first else { return nil }
    let below = nodes.dropFirst()
    let middle = below.startIndex + below.count / 2
    root.left = hang(below[..<middle])
    root.right = hang(below[middle...])
    return root
  }

  static func unlink(_ nodes: [TreeNode]) {
    for node in nodes {
      node.left = nil
      node.right = nil
    }
  }

  static func walk(_ root: TreeNode?, on floor: borrowing Floor) -> Walked { floor.walk(tree: root) }
}
