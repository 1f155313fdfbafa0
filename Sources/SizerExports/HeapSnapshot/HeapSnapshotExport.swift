// SPDX-License-Identifier: Apache-2.0

package import SizerGraph

/// A heap image as Chromium's DevTools read one (`.heapsnapshot`, Memory panel, "Load"): every object with its size,
/// its references by name, and the roots that hold it.
///
/// Sizes there are ours: a node's retained size is what ``SizerGraph/Dominators`` says of its object. Raw blocks are
/// nodes of their own below their owner. Weak and unowned references are `weak`, which retain nothing there, either.
/// Rows are written as they are made; memory: some 30 bytes for each object besides the image.
///
/// The layout, in which the order of members counts: one object of `snapshot` (what the columns are; and where it comes
/// from, which readers skip), `nodes`, `edges` (a node's behind those of the nodes before it) and `strings`. A node is
/// five numbers, an edge three. Where births are known, a node has a sixth, the call in the tree of calls,
/// `trace_tree`, which stands with `samples` before `strings`.
package struct HeapSnapshotExport {
  private let image: HeapImage
  private let roots: SnapshotRoots
  private let nodes: SnapshotNodes
  private let ids: SnapshotIDs
  private let births: SnapshotBirths
  private let provenance: Provenance

  /// - Parameters:
  ///   - births: What is known of births; nil: what the image tells.
  ///   - provenance: nil: what the image knows of it.
  package init(of image: HeapImage, births: SnapshotBirths? = nil, _ provenance: Provenance? = nil) {
    self.image = image
    self.provenance = provenance ?? Provenance(of: image.info)
    self.births = births ?? SnapshotBirths(of: image)
    roots = SnapshotRoots(of: image, Dominators(of: image))
    nodes = SnapshotNodes(of: image, roots)
    ids = SnapshotIDs(of: image, blockCount: nodes.blocks.count, self.births)
  }

  /// The number that the reader shows for an object: `@4711`.
  package func number(of object: Int) -> Int { ids.ofObject(object) }

  /// Writes it as JSON. Complexity: O(objects + references).
  package func write<Output: TextOutputStream>(to output: inout Output) {
    var buffer = ExportBuffer()
    var strings = SnapshotStrings()
    writeHead(to: &buffer)
    writeNodes(to: &buffer, &strings, &output)
    buffer.add("],\n\"edges\":[")
    writeEdges(to: &buffer, &strings, &output)
    if !births.isEmpty { births.write(to: &buffer, &strings) }
    buffer.add("],\n\"strings\":[")
    for (number, text) in strings.texts.enumerated() {
      if number > 0 { buffer.add(",\n") }
      buffer.string(text)
      buffer.flush(to: &output)
    }
    buffer.add("]}\n")
    buffer.flush(to: &output, always: true)
  }

  private func writeHead(to buffer: inout ExportBuffer) {
    buffer.add("{\"snapshot\":{\"meta\":{\"node_fields\":[\"type\",\"name\",\"id\",\"self_size\",\"edge_count\"")
    buffer.add(births.isEmpty ? "],\n" : ",\"trace_node_id\"],\n")
    buffer.add(
      """
      "node_types":[["hidden","array","string","object","code","closure","regexp","number","native","synthetic",
      "concatenated string","sliced string","symbol","bigint","object shape","wasm object"],
      "string","number","number","number","number"],
      "edge_fields":["type","name_or_index","to_node"],
      "edge_types":[["context","element","property","internal","hidden","shortcut","weak"],"string_or_number","node"]
      """)
    if !births.isEmpty { buffer.add(SnapshotBirths.fields) }
    buffer.add("},\n\"node_count\":")
    buffer.add(nodes.count)
    buffer.nextKey("edge_count")
    buffer.add(nodes.edgeCount)
    buffer.nextKey("trace_function_count")
    buffer.add(births.isEmpty ? 0 : births.calls.count)
    buffer.nextKey("title")
    buffer.string(provenance.title)
    buffer.nextKey("resource")
    for (place, tag) in provenance.sorted.enumerated() {
      buffer.add(place == 0 ? "{" : ",\n")
      buffer.string(tag.key)
      buffer.add(":")
      buffer.string(tag.value)
    }
    buffer.add(provenance.isEmpty ? "{}" : "}")
    buffer.add("},\n\"nodes\":[")
  }

  // MARK: - Nodes

  private func writeNodes<Output: TextOutputStream>(
    to buffer: inout ExportBuffer, _ strings: inout SnapshotStrings, _ output: inout Output
  ) {
    for (number, group) in roots.groups.enumerated() {
      if number > 0 { buffer.add(",\n") }
      row(
        &buffer, SnapshotNodes.synthetic, strings.number(of: group.name), SnapshotIDs.ofGroup(number), 0,
        group.edges.count, 0)
    }
    for object in 0..<image.objectCount {
      buffer.add(",\n")
      row(
        &buffer, SnapshotNodes.type(of: image.type(of: object).kind), strings.nameNumber(of: object, in: image),
        ids.ofObject(object), nodes.ownBytes(of: object), nodes.degree(of: object), births.node(of: object))
      buffer.flush(to: &output)
    }
    for (number, block) in nodes.blocks.enumerated() {
      buffer.add(",\n")
      row(
        &buffer, SnapshotNodes.native, strings.number(of: block.name), ids.ofBlock(number), block.bytes, 0, 0)
      buffer.flush(to: &output)
    }
  }

  private func row(
    _ buffer: inout ExportBuffer, _ type: Int, _ name: Int, _ id: Int, _ bytes: Int, _ degree: Int, _ birth: Int
  ) {
    buffer.list(type, name, id, bytes, degree)
    guard !births.isEmpty else { return }
    buffer.add(UInt8(ascii: ","))
    buffer.add(birth)
  }

  private var fieldCount: Int { births.isEmpty ? 5 : 6 }

  // MARK: - Edges

  private func writeEdges<Output: TextOutputStream>(
    to buffer: inout ExportBuffer, _ strings: inout SnapshotStrings, _ output: inout Output
  ) {
    var isFirst = true
    func write(_ edge: SnapshotEdge, to node: Int) {
      buffer.add(isFirst ? "" : ",\n")
      isFirst = false
      buffer.list(edge.type, edge.name, node * fieldCount)
      buffer.flush(to: &output)
    }
    for group in roots.groups {
      for edge in group.edges {
        let target: Int =
          switch edge.target {
          case .group(let number): number
          case .object(let object): nodes.node(of: object)
          }
        write(SnapshotEdge(type: SnapshotEdge.Kind.internal.rawValue, name: strings.number(of: edge.name)), to: target)
      }
    }
    for object in 0..<image.objectCount {
      image.forEachEdge(from: object) { edge in
        write(strings.edge(edge, in: image), to: nodes.node(of: edge.target))
      }
      for block in nodes.blocks(of: object) {
        let name = strings.number(of: "block")
        write(SnapshotEdge(type: SnapshotEdge.Kind.internal.rawValue, name: name), to: nodes.node(ofBlock: block))
      }
    }
  }
}
