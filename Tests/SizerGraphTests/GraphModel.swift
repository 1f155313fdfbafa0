// SPDX-License-Identifier: Apache-2.0
import SeededRandom
import SizerGraph

/// A small graph and its image, with everything worked out by brute force: reachability by following, nothing clever.
struct GraphModel {
  struct Edge {
    var from: Int
    var to: Int
    var kind: HeapEdge.Kind
  }

  var bytes: [Int]
  var strong: [Int]
  var edges: [Edge]
  var rawBytes: [Int]
  var typeOf: [Int]

  static let typeCount = 3

  /// Random edges; most counts are those of the edges, some have more: roots.
  init(seed: UInt64, objects: Int) {
    var dice = SeededGenerator(seed: seed)
    let rootShare = [0.02, 0.1, 0.3][dice.below(3)]
    bytes = (0..<objects).map { _ in 16 * (1 + dice.below(8)) }
    rawBytes = (0..<objects).map { _ in dice.chance(0.2) ? 8 * (1 + dice.below(100)) : 0 }
    typeOf = (0..<objects).map { _ in dice.below(Self.typeCount) }
    edges = []
    for _ in 0..<dice.below(3 * objects + 1) {
      let kind: HeapEdge.Kind = dice.chance(0.8) ? .certain : HeapEdge.Kind.allCases[dice.below(4)]
      edges.append(Edge(from: dice.below(objects), to: dice.below(objects), kind: kind))
    }
    strong = [Int](repeating: 0, count: objects)
    for edge in edges where edge.kind == .certain || edge.kind == .uncertain && dice.chance(0.7) {
      strong[edge.to] += 1
    }
    for object in 0..<objects where strong[object] == 0 || dice.chance(rootShare) { strong[object] += 1 }
  }

  var count: Int { bytes.count }

  var image: HeapImage {
    var builder = HeapImageBuilder()
    let types = (0..<Self.typeCount).map { builder.add(HeapType(name: "App.T\($0)")) }
    for object in 0..<count {
      _ = builder.addObject(
        at: UInt64(object + 1) * 4096, type: types[typeOf[object]], bytes: bytes[object], strongCount: strong[object])
      if rawBytes[object] > 0 { builder.add(HeapRawBlock(owner: object, bytes: rawBytes[object])) }
    }
    for edge in edges { builder.addEdge(from: edge.from, to: edge.to, kind: edge.kind, label: .slot(2)) }
    return builder.image()
  }

  func incoming(_ object: Int, _ kind: HeapEdge.Kind) -> Int { edges.count { $0.to == object && $0.kind == kind } }

  /// What is reached from some objects over strong edges, without ever being at `removed`.
  func reached(from starts: [Int], without removed: Set<Int> = []) -> Set<Int> {
    var found = Set(starts).subtracting(removed)
    var hasGrown = true
    while hasGrown {
      hasGrown = false
      for edge in edges where edge.kind.isStrong && found.contains(edge.from) && !removed.contains(edge.to) {
        if found.insert(edge.to).inserted { hasGrown = true }
      }
    }
    return found
  }

  /// Objects that something holds that no edge explains, certain or not.
  var roots: [Int] {
    (0..<count).filter {
      let left = strong[$0] - incoming($0, .certain)
      return left < 0 || left > incoming($0, .uncertain)
    }
  }

  /// Sets of objects that all reach one another, that no root reaches and no other such object leads to.
  var leakedCores: [Set<Int>] {
    let leaked = Set(0..<count).subtracting(reached(from: roots))
    var cores: [Set<Int>] = []
    for object in leaked.sorted() where !cores.contains(where: { $0.contains(object) }) {
      let core = reached(from: [object]).filter { reached(from: [$0]).contains(object) }
      let isHeld = edges.contains {
        $0.kind.isStrong && leaked.contains($0.from) && !core.contains($0.from) && core.contains($0.to)
      }
      if !isHeld { cores.append(core) }
    }
    return cores
  }

  /// What would be freed with some objects.
  func retained(by removed: Set<Int>) -> Int {
    let all = roots + leakedCores.flatMap { $0 }
    return reached(from: all).subtracting(reached(from: all, without: removed)).reduce(0) {
      $0 + bytes[$1] + rawBytes[$1]
    }
  }
}
