// SPDX-License-Identifier: Apache-2.0

package import SizerGraph
import SizerProfile

/// A part of a heap image as a picture: nodes that stand for objects, and what refers to what, in the language of
/// Graphviz.
package struct HeapDrawing {
  /// Nodes, unless told otherwise.
  package static let usualLimit = 300

  private struct Node {
    var objects: [Int]
    var typeName: String
    /// Lines below the name.
    var notes: [String]
    var isChosen = false
  }

  private struct Arrow {
    var label: String
    var count: Int
    var kind: HeapEdge.Kind
  }

  private struct Ends: Hashable, Comparable {
    var source: Int
    var target: Int

    static func < (one: Ends, other: Ends) -> Bool { (one.source, one.target) < (other.source, other.target) }
  }

  /// What a root is called, in numbers.
  private struct RootPlace: Hashable {
    var kind: HeapRoot.Kind
    var label: Int?
    var offset: Int
  }

  private var nodes: [Node] = []
  private var arrows: [Ends: Arrow] = [:]
  private var leftOut: (objects: Int, bytes: Int)
  private let image: HeapImage
  private let provenance: Provenance

  /// The largest of what retains what. Of `limit` nodes at most.
  ///
  /// - Parameter provenance: nil: what the image knows of it.
  package init(of image: HeapImage, limit: Int, _ provenance: Provenance? = nil) {
    self.image = image
    self.provenance = provenance ?? Provenance(of: image.info)
    let whole = RetainedTree(of: image, Dominators(of: image), limit: limit)
    // One node is for what is left out.
    let tree =
      whole.leftOut.objects > 0 && whole.nodes.count >= limit
      ? RetainedTree(of: image, Dominators(of: image), limit: limit - 1) : whole
    leftOut = tree.leftOut
    nodes = tree.nodes.map { node in
      Node(
        objects: node.objects, typeName: node.typeName,
        notes: [
          Self.size(node.objects.count, node.bytes), "retains \(Sentences.bytes(node.retained))",
        ] + (node.isLeaked ? ["leaked"] : []))
    }
    connect()
  }

  /// The way from a root to an object, and around it what refers and is referred to, nearer ones first.
  package init(of image: HeapImage, around object: Int, limit: Int, _ provenance: Provenance? = nil) {
    self.image = image
    self.provenance = provenance ?? Provenance(of: image.info)
    leftOut = (0, 0)
    let dominators = Dominators(of: image)
    let path = PathFinder(of: image).path(to: object)
    var surroundings = Surroundings(of: image, limit: limit - 1)
    let way = ([path.start] + path.steps).map(\.object)
    // Of a long way the last part.
    surroundings.walk(along: Array(way.suffix(max(1, (limit - 1) / 2))), around: object)
    let rawBytes = image.rawBytesByOwner()
    nodes = surroundings.groups.map { group in
      let bytes = group.reduce(0) { $0 &+ image.bytes(of: $1) &+ rawBytes[$1, default: 0] }
      let retained = group.reduce(0) { $0 &+ dominators.retainedBytes(by: $1) }
      return Node(
        objects: group, typeName: image.name(of: group[0]),
        notes: [Self.size(group.count, bytes), "retains \(Sentences.bytes(retained))"],
        isChosen: group.contains(object))
    }
    let shown = nodes.reduce(into: (0, 0)) { sum, node in
      sum.0 += node.objects.count
      sum.1 &+= node.objects.reduce(0) { $0 &+ image.bytes(of: $1) &+ rawBytes[$1, default: 0] }
    }
    leftOut = (image.objectCount - shown.0, dominators.totalBytes &- shown.1)
    connect()
  }

  private static func size(_ count: Int, _ bytes: Int) -> String {
    "\(count == 1 ? "" : "\(Sentences.grouped(count)) objects, ")\(Sentences.bytes(bytes))"
  }

  /// Finds what refers to what, and which roots hold what.
  private mutating func connect() {
    var nodeOf: [Int: Int] = [:]
    for (number, node) in nodes.enumerated() { for object in node.objects { nodeOf[object] = number } }
    for (number, node) in nodes.enumerated() {
      for object in node.objects {
        image.forEachEdge(from: object) { edge in
          guard let target = nodeOf[edge.target] else { return }
          let ends = Ends(source: number, target: target)
          guard var arrow = arrows[ends] else {
            arrows[ends] = Arrow(label: image.label(of: edge), count: 1, kind: edge.kind)
            return
          }
          arrow.count += 1
          // The strongest is drawn.
          if edge.kind.rawValue < arrow.kind.rawValue { arrow.kind = edge.kind }
          arrows[ends] = arrow
        }
      }
    }
    // There may be a root for each object of a node.
    var holders: [Int: (first: HeapRoot, places: Set<RootPlace>)] = [:]
    for root in image.roots where root.reference.isStrong {
      guard let node = nodeOf[root.object] else { continue }
      holders[node, default: (root, [])].places.insert(
        RootPlace(kind: root.kind, label: root.label, offset: root.offset))
    }
    for (node, found) in holders {
      let more = found.places.count > 1 ? " and \(Sentences.grouped(found.places.count - 1)) more" : ""
      nodes[node].notes.append("held by \(image.text(of: found.first))\(more)")
    }
  }

  /// At most four arrows for each node: more are a black area.
  private var shownArrows: [(ends: Ends, arrow: Arrow)] {
    Array(
      arrows.map { ($0.key, $0.value) }.sorted { ($1.1.count, $0.0) < ($0.1.count, $1.0) }
        .prefix(4 * max(nodes.count, 1)))
  }

  /// Writes it as text for Graphviz.
  package func write<Output: TextOutputStream>(to output: inout Output) {
    output.write("digraph heap {\n  rankdir=LR;\n")
    if !provenance.isEmpty { output.write("  comment=\(Self.quoted(provenance.lines));\n") }
    output.write("  node [shape=box, style=\"rounded,filled\", fillcolor=\"#f4f6f9\", fontname=\"Helvetica\"];\n")
    output.write("  edge [fontname=\"Helvetica\", fontsize=10];\n")
    for (number, node) in nodes.enumerated() {
      let lines = [node.typeName] + node.notes
      output.write("  n\(number) [label=\(Self.quoted(lines))\(node.isChosen ? ", penwidth=3" : "")];\n")
    }
    let shown = shownArrows
    for (ends, arrow) in shown {
      let label = arrow.label + (arrow.count > 1 ? " and \(Sentences.grouped(arrow.count - 1)) more" : "")
      let style =
        switch arrow.kind {
        case .certain: ""
        case .uncertain: ", style=dotted"
        case .weak, .unowned: ", style=dashed"
        }
      output.write("  n\(ends.source) -> n\(ends.target) [label=\(Self.quoted([label]))\(style)];\n")
    }
    var rest: [String] = []
    if leftOut.objects > 0 {
      let objects = Sentences.counted(leftOut.objects, "object", "objects")
      rest.append("and \(objects) more, \(Sentences.bytes(leftOut.bytes))")
    }
    if shown.count < arrows.count {
      rest.append("and \(Sentences.counted(arrows.count - shown.count, "arrow", "arrows")) more")
    }
    if !rest.isEmpty { output.write("  rest [label=\(Self.quoted(rest)), shape=plaintext, style=\"\"];\n") }
    output.write("}\n")
  }

  /// Lines as a string of Graphviz's, in which quotes and backslashes mean something; nothing of a program's names
  /// does.
  private static func quoted(_ lines: [String]) -> String {
    let escaped = lines.map { line in
      VisibleText.of(line).putting("\\\\", for: "\\").putting("\\\"", for: "\"")
    }
    return "\"" + escaped.joined(separator: "\\n") + "\""
  }
}
