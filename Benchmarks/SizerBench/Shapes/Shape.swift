// SPDX-License-Identifier: Apache-2.0

/// One way to hang objects together. Each shape is a file beside this one, its layout repeated in CFloor.
protocol Shape: SendableMetatype {
  associatedtype Node: AnyObject
  /// What HeapSizer is asked to size.
  associatedtype Root

  static var title: String { get }
  /// Objects that a walk meets besides the nodes.
  static var extraObjects: Int { get }

  /// New nodes in the order of their allocation, not linked yet.
  static func makeNodes(_ count: Int) -> [Node]
  /// Links nodes so that all are reachable from the root, neighbours in the array being close in the graph.
  static func link(_ nodes: [Node]) -> Root
  /// Takes all links away again: releasing a list by its head would recurse once per node, and a cycle never ends.
  static func unlink(_ nodes: [Node])
  /// Walks the graph with the layout written in.
  static func walk(_ root: Root, on floor: borrowing Floor) -> Walked
}

extension Shape {
  static var extraObjects: Int { 0 }
}

/// Where a graph's neighbours lie in memory.
enum Order: String, CaseIterable, Encodable {
  /// Beside one another: linked in the order in which they were allocated.
  case allocation
  /// Anywhere: the same nodes, linked in a random order.
  case shuffled
}

/// What a walk met.
struct Walked: Equatable {
  var objects: Int
  var bytes: Int
}
