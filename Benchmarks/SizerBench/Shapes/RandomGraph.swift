// SPDX-License-Identifier: Apache-2.0

import SeededRandom

final class GraphNode {
  var first: GraphNode?
  var second: GraphNode?
  var third: GraphNode?
  var weight: Double

  init(weight: Double) { self.weight = weight }
}

/// A random graph in which every node refers to two or three others and can be reached from the first.
///
/// A tree grows through it, each node hanging on one of the 64 before it, as in a program whose objects refer to what
/// was made lately; all other references lead anywhere. So the allocation order is half as kind as a tree's.
enum RandomGraph: Shape {
  static let title = "random graph"

  static func makeNodes(_ count: Int) -> [GraphNode] { (0..<count).map { GraphNode(weight: Double($0)) } }

  static func link(_ nodes: [GraphNode]) -> GraphNode? {
    var generator = SeededGenerator(seed: 2)
    for index in nodes.indices.dropFirst() {
      hang(nodes[index], on: nodes[max(0, index - 64)..<index], using: &generator)
    }
    for node in nodes {
      if node.first == nil { node.first = nodes.randomElement(using: &generator) }
      if node.second == nil { node.second = nodes.randomElement(using: &generator) }
      if Bool.random(using: &generator) { node.third = nodes.randomElement(using: &generator) }
    }
    return nodes.first
  }

  /// Ends, since the youngest candidate has no child yet.
  private static func hang(
    _ node: GraphNode, on candidates: ArraySlice<GraphNode>, using generator: inout SeededGenerator
  ) {
    while let parent = candidates.randomElement(using: &generator) {
      if parent.first == nil {
        parent.first = node
        return
      } else if parent.second == nil {
        parent.second = node
        return
      }
    }
  }

  static func unlink(_ nodes: [GraphNode]) {
    for node in nodes {
      node.first = nil
      node.second = nil
      node.third = nil
    }
  }

  static func walk(_ root: GraphNode?, on floor: borrowing Floor) -> Walked { floor.walk(graph: root) }
}
