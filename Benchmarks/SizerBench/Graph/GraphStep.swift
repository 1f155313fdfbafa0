// SPDX-License-Identifier: Apache-2.0

import CFloor
import Foundation
import SeededRandom
import Sizer
import SizerGraph

/// One heap is made, captured and asked. Every time is the fastest of its rounds, and processor time where a child does
/// the work.
struct GraphStep {
  var rounds: Int

  static let shapes: [any Shape.Type] = [ArrayOfLeaves.self, BinaryTree.self, RandomGraph.self, LinkedList.self]

  func run(_ heap: String, objects: Int) throws -> GraphFigures {
    if let shape = Self.shapes.first(where: { $0.title == heap }) { return try measure(shape, objects: objects) }
    let document = try Document(path: heap)
    let title = URL(filePath: heap).lastPathComponent
    switch document.format {
    case .json: return try measure(title, try document.jsonObject())
    case .yaml: return try measure(title, try document.yamlObject())
    }
  }

  private func measure<S: Shape>(_ shape: S.Type, objects: Int) throws -> GraphFigures {
    var nodes = S.makeNodes(objects - S.extraObjects)
    var generator = SeededGenerator(seed: 1)
    nodes.shuffle(using: &generator)
    let root = S.link(nodes)
    defer { S.unlink(nodes) }
    return try measure(S.title, root)
  }

  /// Captures the heap in which `root` lives, and asks the image what can be asked.
  private func measure<Root>(_ title: String, _ root: Root) throws -> GraphFigures {
    // Warm: what is met the first time is compiled, and costs one more child.
    let walked = try HeapSizer().size(of: root).objectCount
    let image = try HeapGraph.capture(mode: .frozen).image
    guard image.objectCount >= walked else {
      throw BenchError("\(title): the image has \(image.objectCount) objects, a walk from the root \(walked)")
    }
    let count = image.objectCount
    var figures = GraphFigures(heap: title, objects: count)
    // Of files the child inherits no pages.
    let resident = try KernelFigures.anonymousBytes()
    figures.child = try fastest(per: count) { try childTime { _ = try HeapGraph.capture(mode: .frozen) } }
    figures.childBytes = Double(max(0, Int(csizer_floor_children_peak()) - resident)) / Double(count)
    let tracker = ClassTracker()
    figures.classes = try fastest(per: count) {
      try childTime { _ = try tracker.createSnapshot(mode: .frozen, heap: .classes) }
    }
    figures.rows = try fastest(per: count) { try childTime { _ = try HeapGraph.capture(mode: .frozen, edges: false) } }
    figures.proof = try fastest(per: 2 * count) {
      var proved: Int64 = 0
      return try childTime { proved = try processorTime { _ = try HeapGraph.proveLeaks() } } + proved
    }
    figures.walk = try fastest(per: walked) { try processorTime { _ = try HeapSizer().size(of: root) } }
    let file = image.encoded()
    figures.fileBytes = Double(file.count) / Double(count)
    figures.decode = try fastest(per: count) { try processorTime { _ = try HeapImage(decoding: file) } }
    figures.leaks = fastest(per: count) { processorTime { _ = image.leaks() } }
    figures.dominators = fastest(per: count) { processorTime { _ = Dominators(of: image) } }
    return withExtendedLifetime(root) { figures }
  }

  private func fastest(per count: Int, _ round: () throws -> Int64) rethrows -> Double {
    var least = Int64.max
    for _ in 0..<rounds { least = min(least, try round()) }
    return Double(least) / Double(count)
  }

  private func processorTime(_ job: () throws -> Void) rethrows -> Int64 {
    let start = Moment.now.processor
    try job()
    return Moment.now.processor - start
  }

  private func childTime(_ job: () throws -> Void) rethrows -> Int64 {
    let start = csizer_floor_children_time()
    try job()
    return csizer_floor_children_time() - start
  }
}
