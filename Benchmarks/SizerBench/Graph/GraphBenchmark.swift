// SPDX-License-Identifier: Apache-2.0

import Foundation

/// Images of heaps of every shape, shuffled, and of real documents, each in a process of its own.
struct GraphBenchmark {
  var sizes: [Int]
  private let progress = Progress()

  static let fullSizes = [100_000, 1_000_000, 10_000_000]
  static let quickSizes = [100_000]

  init(sizes: [Int]) { self.sizes = sizes }

  func run(input: String?) throws -> GraphReport {
    defer { progress.clear() }
    var rows: [GraphFigures] = []
    for size in sizes {
      for shape in GraphStep.shapes { rows.append(try row(shape.title, objects: size)) }
    }
    let documents = input.map { [$0] } ?? ["json", "yaml"].map(Document.bakeryPath)
    for document in documents { rows.append(try row(document, objects: 1)) }
    progress.show("CPython's collector")
    return GraphReport(rows: rows, peers: Peers.collector(objects: min(1_000_000, sizes.last ?? 0)))
  }

  private func row(_ heap: String, objects: Int) throws -> GraphFigures {
    progress.show("images of \(objects.grouped) objects: \(heap)")
    let rounds = objects > 1_000_000 ? 2 : 5
    return try ChildProcess.run(["graph-step", heap, String(objects), String(rounds)], as: GraphFigures.self)
  }
}
