// SPDX-License-Identifier: Apache-2.0

/// What images of one heap cost: nanoseconds and bytes for each object of the image.
struct GraphFigures: Codable {
  var heap: String
  var objects: Int
  /// A walk from the root, which finds no names and keeps no references: the floor.
  var walk = 0.0
  /// The child of a snapshot with nothing tracked, which counts all objects by class.
  var classes = 0.0
  /// The child that captures all objects without their references.
  var rows = 0.0
  /// The child that captures the graph with its references, finds roots and writes the image.
  var child = 0.0
  /// The most memory of a child above that of its parent.
  var childBytes = 0.0
  var fileBytes = 0.0
  var decode = 0.0
  /// Accounts of references, marking and leaked groups.
  var leaks = 0.0
  var dominators = 0.0
  /// All of a proof, in both processes, for each object of each of its two images.
  var proof = 0.0

  init(heap: String, objects: Int) {
    self.heap = heap
    self.objects = objects
  }
}

/// All figures of `graph`.
struct GraphReport: Encodable, CustomStringConvertible {
  var rows: [GraphFigures]
  var peers: [PeerFigures]

  /// For people.
  var description: String {
    var text = """
      Images of the whole heap, in ns and bytes for each object; the shapes are shuffled, and an array
      holds all nodes, too: each has one reference more than its shape gives it

      \(rows.table)

      walk        HeapSizer from the root, in the same process: the floor, without names and references
      classes     the child of a snapshot with all objects by class and the parts of the memory; to reach: 10
      rows        the child of an image without references: addresses, types, sizes, content hashes
      child       processor time of the child that captures all objects with their references, finds the roots and
                  tasks, hashes contents and writes the image; to reach: 60 for the references, 40 more to write
      memory      the child's peak above its parent's, most of it pages that either of them wrote meanwhile
      file        the image's length; to reach: 13
      leaks       accounts, marking and groups of one image
      proof       both processes' time of a proof, for each of its two images: captured, written, read, compared; to
                  reach: 90 and what writing and reading take
      dominators  dominators and retained sizes; to reach: 300 on random graphs of a million
      """
    if !peers.isEmpty { text += "\n\n\(peers.table)" }
    return text
  }
}

extension [GraphFigures] {
  fileprivate var table: Table {
    var table = Table(
      .text("heap"), .number("objects"), .number("walk"), .number("classes"), .number("rows"),
      .number("child"), .number("memory, B"), .number("file, B"),
      .number("decode"), .number("leaks"), .number("proof"), .number("dominators"))
    for row in self {
      table.append(
        row.heap, row.objects.grouped, row.walk.decimals(1), row.classes.decimals(1), row.rows.decimals(1),
        row.child.decimals(1), row.childBytes.decimals(0), row.fileBytes.decimals(2), row.decode.decimals(1),
        row.leaks.decimals(1), row.proof.decimals(1), row.dominators.decimals(0))
    }
    return table
  }
}
