// SPDX-License-Identifier: Apache-2.0
import Sizer
import Testing

private final class Node {
  var number: Int
  var next: Node?
  init(_ number: Int, next: Node?) { (self.number, self.next) = (number, next) }
}
/// A list that takes itself down node by node: releasing the first would recurse through all.
private final class LongList {
  var first: Node?
  @inline(never)
  init(count: Int) {
    for index in 0..<number(count) { first = Node(index, next: first) }
  }
  deinit {
    while let node = first {
      first = node.next
      node.next = nil
    }
  }
}

private final class Branch {
  var left: Branch?
  var right: Branch?
  @inline(never)
  init(depth: Int) {
    guard depth > 0 else { return }
    (left, right) = (Branch(depth: depth - 1), Branch(depth: depth - 1))
  }
}

private indirect enum Chain {
  case end
  case link(Int, Chain)
}

/// A vertex of a graph in which every vertex reaches every other.
private final class Vertex {
  var name = text()
  var edges: [Vertex] = []
}
@inline(never)
private func ring(_ count: Int) -> [Vertex] {
  let vertices = (0..<number(count)).map { _ in Vertex() }
  for (index, vertex) in vertices.enumerated() {
    vertex.edges = array(vertices[(index + 1) % count], vertices[(index * 7 + 3) % count])
  }
  return vertices
}

// What is large is made in a process of its own: other tests look through the heap of this one, again and again.
@Suite("Depth and scale", .serialized)
struct ScaleTests {
  @Test("a list of ten million nodes", .timeLimit(.minutes(5)))
  func list() async {
    await #expect(processExitsWith: .success) {
      try expectExact(objects: 10_000_001) { LongList(count: 10_000_000) }
    }
  }

  @Test("a tree of ten million nodes", .timeLimit(.minutes(5)))
  func tree() async {
    await #expect(processExitsWith: .success) {
      // 2^23 - 1 in the one and the rest in the others
      try expectExact(objects: 8_388_607 + 1_048_575 + 524_287 + 32_767 + 1) {
        array(Branch(depth: 22), Branch(depth: 19), Branch(depth: 18), Branch(depth: 14))
      }
    }
  }

  @Test("ten million elements that are no objects")
  func wideArray() async {
    await #expect(processExitsWith: .success) {
      let size = try expectExact(objects: 1) { Array(repeating: (number(1), true), count: 10_000_000) }
      #expect(size.bytes >= 160_000_000)
    }
  }

  @Test("a chain of boxes")
  func chain() throws {
    // Short enough for the recursive release of an indirect enum.
    try expectExact(objects: 10_000) {
      var chain = Chain.end
      for index in 0..<number(10_000) { chain = .link(index, chain) }
      return chain
    }
  }

  @Test("the starting point in a strongly connected graph does not change the size")
  func stronglyConnected() throws {
    let sizer = HeapSizer()
    let vertices = ring(1_000)
    defer { for vertex in vertices { vertex.edges = [] } }
    let first = try sizer.size(of: vertices[0])
    #expect(first.objectCount == 3_000)
    for index in stride(from: 1, to: 1_000, by: 37) {
      #expect(try sizer.size(of: vertices[index]) == first)
    }
  }

  @Test("a strongly connected graph is exact from any vertex")
  func cycles() throws {
    for start in [0, 1, 500, 999] {
      // The array that made the graph is gone: what is left is reachable from any vertex. It leaks, being a cycle.
      try expectExact(objects: 3_000) { ring(1_000)[start] }
    }
  }

  @Test("objects that refer to themselves")
  func loops() throws {
    try expectExact(objects: 1) {
      let node = Node(number(1), next: nil)
      node.next = node
      return node
    }
    try expectExact(objects: 2) {
      let node = Node(number(1), next: nil)
      node.next = Node(number(2), next: node)
      return node
    }
  }
}
