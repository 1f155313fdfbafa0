// SPDX-License-Identifier: Apache-2.0

final class Leaf {
  var value: Int

  init(value: Int) { self.value = value }
}

/// An array of objects that refer to nothing. Its storage is one of the objects.
enum ArrayOfLeaves: Shape {
  static let title = "array of leaves"
  static let extraObjects = 1

  static func makeNodes(_ count: Int) -> [Leaf] { (0..<count).map(Leaf.init) }

  static func link(_ nodes: [Leaf]) -> [Leaf] { nodes }

  static func unlink(_ nodes: [Leaf]) {}

  static func walk(_ root: [Leaf], on floor: borrowing Floor) -> Walked { floor.walk(leaves: root) }
}
