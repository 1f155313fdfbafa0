// SPDX-License-Identifier: Apache-2.0

import SizerGraph
import SizerProfile

/// A heap tree of massif's: ` nCHILDREN: BYTES 0xADDRESS: NAME`, a space more for each level.
struct MassifTree {
  private struct Node {
    var name: String
    /// Bytes of the objects themselves, and of all below too.
    var own: Int
    var bytes: Int
    /// The largest first.
    var children: [Int] = []
  }

  /// What is less than this part of all stands in one line with its like, as massif has it.
  private static let leastPart = 1_000
  private static let most = 5_000

  /// Bytes that were asked for, of all that lives.
  let bytes: Int
  private var nodes: [Node] = []
  private var top: [Int] = []
  /// A name's place in memory, which calls have there: its number.
  private var addresses: [String: Int] = [:]

  /// - Parameter slack: Bytes that nobody asked for, by the object.
  init(of image: HeapImage, _ slack: [Int: Int]) {
    let dominators = Dominators(of: image)
    let tree = RetainedTree(of: image, dominators, limit: Self.most)
    bytes = dominators.totalBytes &- slack.values.reduce(0, &+)
    for node in tree.nodes {
      let own = node.objects.reduce(node.bytes) { $0 &- slack[$1, default: 0] }
      let isLeak = node.parent == nil && node.isLeaked
      add(Node(name: Self.harmless(isLeak ? "(leaked) \(node.typeName)" : node.typeName), own: own, bytes: own))
    }
    if tree.leftOut.objects > 0 {
      let own = nodes.reduce(bytes) { $0 &- $1.own }
      add(Node(name: "(\(counted(tree.leftOut.objects, "object")) of smaller groups)", own: own, bytes: own))
    }
    // A node's parent stands before it.
    for number in nodes.indices.reversed() {
      guard number < tree.nodes.count, let parent = tree.nodes[number].parent else {
        top.append(number)
        continue
      }
      nodes[parent].bytes &+= nodes[number].bytes
      nodes[parent].children.append(number)
    }
    let sums = nodes.map(\.bytes)
    top.sort { sums[$0] > sums[$1] }
    for number in nodes.indices { nodes[number].children.sort { sums[$0] > sums[$1] } }
  }

  private mutating func add(_ node: Node) {
    nodes.append(node)
    if addresses[node.name] == nil { addresses[node.name] = addresses.count + 1 }
  }

  /// Its reader takes what stands behind a `#` for a comment.
  static func harmless(_ text: String) -> String { VisibleText.of(text).putting("", for: "#") }

  // MARK: - Writing

  func write(to buffer: inout ExportBuffer) { write(top, own: 0, of: nil, depth: 0, to: &buffer) }

  /// A line for a node, or with nil for all, and those below.
  private func write(_ children: [Int], own: Int, of node: Int?, depth: Int, to buffer: inout ExportBuffer) {
    let shown = children.prefix { nodes[$0].bytes > 0 && nodes[$0].bytes >= bytes / Self.leastPart }
    let small = children.dropFirst(shown.count)
    let isSplit = !shown.isEmpty && own > 0
    let count = shown.count + (small.isEmpty ? 0 : 1) + (isSplit ? 1 : 0)
    if let node {
      line(count, nodes[node].bytes, "\(place(of: node)): \(nodes[node].name)", depth, to: &buffer)
    } else {
      line(count, bytes, "(heap allocation functions) all that lives, by what keeps it alive", depth, to: &buffer)
    }
    if let node, isSplit { line(0, own, "\(place(of: node)): \(nodes[node].name) itself", depth + 1, to: &buffer) }
    for child in shown {
      write(nodes[child].children, own: nodes[child].own, of: child, depth: depth + 1, to: &buffer)
    }
    guard !small.isEmpty else { return }
    let sum = small.reduce(0) { $0 &+ nodes[$1].bytes }
    let places = small.count == 1 ? "1 place" : "\(small.count) places, all"
    line(0, sum, "in \(places) below massif's threshold (0.10%)", depth + 1, to: &buffer)
  }

  private func place(of node: Int) -> String { "0x" + String(addresses[nodes[node].name]!, radix: 16) }

  private func line(_ count: Int, _ bytes: Int, _ text: String, _ depth: Int, to buffer: inout ExportBuffer) {
    buffer.add(String(repeating: " ", count: depth))
    buffer.add("n\(count): \(bytes) \(text)\n")
  }
}
