// SPDX-License-Identifier: Apache-2.0
import BasicContainers
import BitCollections
import DequeModule
import HashTreeCollections
import HeapModule
import OrderedCollections
import Sizer
import Testing

/// Hashes that all collide, or collide in their low bits: trees of hash nodes get deep.
private struct Colliding: Hashable {
  var name: String
  var hash: Int
  static func == (left: Self, right: Self) -> Bool { left.name == right.name }
  func hash(into hasher: inout Hasher) { hasher.combine(hash) }
}

@Suite("swift-collections")
struct CollectionsTests {
  @Test("a deque's elements, wherever the ring starts")
  func deques() throws {
    try expectExact(objects: 1) { Deque(0..<number(100)) }
    try expectExact(objects: 5) { Deque((0..<number(4)).map { Leaf($0) }) }
    try expectExact(objects: 6) {
      var deque = Deque<Leaf>()
      for index in 0..<number(4) { deque.append(Leaf(index)) }
      deque.prepend(Leaf(9))
      return deque
    }
    try expectExact(objects: 101) {
      var deque = Deque<String>(minimumCapacity: number(128))
      for index in 0..<number(300) {
        deque.append(text(20 + index % 40))
        if deque.count > 100 { deque.removeFirst() }
      }
      return deque
    }
  }

  @Test("a deque that was emptied keeps its room and none of its elements")
  func emptiedDeque() throws {
    try expectExact(objects: 1) {
      var deque = Deque((0..<number(10)).map { Leaf($0) })
      while deque.popFirst() != nil {}
      return deque
    }
  }

  @Test("deques of enums, tuples and existentials")
  func dequeElements() throws {
    try expectExact(objects: 3) { Deque<Leaf?>(array(Leaf(), nil, Leaf())) }
    try expectExact(objects: 3) { Deque<(UInt8, String)>(array((1, text()), (2, text()))) }
    try expectExact(objects: 4) { Deque<Any>([text(), Leaf(), number(3), text()]) }
  }

  @Test("ordered sets and dictionaries")
  func ordered() throws {
    try expectExact(objects: 2) { OrderedSet(0..<number(100)) }
    try expectExact(objects: 101) { OrderedSet((0..<number(99)).map { text(20 + $0) }) }
    try expectExact(objects: 1) { OrderedSet(0..<number(3)) }
    try expectExact(objects: 203) {
      OrderedDictionary(uniqueKeysWithValues: (0..<number(100)).map { (text(20 + $0), Leaf($0)) })
    }
    try expectExact(objects: 0) { OrderedDictionary<Int, Leaf>() }
  }

  @Test("heaps, bit sets, bit arrays")
  func arrays() throws {
    try expectExact(objects: 1) { Heap(0..<number(100)) }
    try expectExact(objects: 1) { BitSet(0..<number(1000)) }
    try expectExact(objects: 1) { BitArray(repeating: true, count: number(1000)) }
  }

  @Test("hash trees", arguments: [1, 3, 40, 2000])
  func trees(count: Int) throws {
    try expectExactAndSome {
      var tree = TreeDictionary<Int, Leaf>()
      for index in 0..<number(count) { tree[index] = Leaf(index) }
      return tree
    }
    try expectExactAndSome {
      var tree = TreeDictionary<String, Any>()
      for index in 0..<number(count) { tree[text(20 + index)] = index % 2 == 0 ? Leaf(index) : text(20 + index) }
      return tree
    }
    try expectExactAndSome { TreeSet((0..<number(count)).map { text(20 + $0) }) }
    try expectExactAndSome { TreeDictionary(uniqueKeysWithValues: (0..<number(count)).map { (UInt16($0), UInt8(1)) }) }
  }

  @Test("hash trees with collisions, and shrunk ones")
  func unusualTrees() throws {
    try expectExactAndSome {
      TreeSet((0..<number(60)).map { Colliding(name: text(20 + $0), hash: $0 / 7) })
    }
    try expectExactAndSome {
      var tree = TreeDictionary<Int, Leaf>(uniqueKeysWithValues: (0..<number(500)).map { ($0, Leaf($0)) })
      for key in 0..<number(490) { tree[key] = nil }
      return tree
    }
  }

  @Test("trees that share their nodes count them once")
  func sharedTrees() throws {
    try expectExactAndSome {
      let tree = TreeDictionary<Int, Leaf>(uniqueKeysWithValues: (0..<number(500)).map { ($0, Leaf($0)) })
      var other = tree
      other[1000] = Leaf()
      return array(tree, other)
    }
  }

  @Test("empty ones share a storage, which is reachable and counted once")
  func empty() throws {
    #expect(try HeapSizer().size(of: array(Deque<Int>(), Deque<Int>())).objectCount == 2)
    let tree = try HeapSizer().size(of: array(TreeSet<Int>(), TreeSet<Int>()))
    #expect(tree.objectCount == 2)
    #expect(tree.unresolvedCount == 0)
  }

  @Test("containers that can't be copied")
  func noncopyable() throws {
    try expectExact(objects: 4, rawBlocks: 1) { () -> Held<RigidArray<Leaf>> in
      var elements = RigidArray<Leaf>(capacity: number(10))
      for index in 0..<number(3) { elements.append(Leaf(index)) }
      return Held(elements)
    }
    try expectExact(objects: 3, rawBlocks: 1) { () -> UniqueArray<String> in
      var elements = UniqueArray<String>()
      for index in 0..<number(3) { elements.append(text(20 + index)) }
      return elements
    }
    try expectExact(objects: 1, rawBlocks: 1) { Held(RigidArray<Int>(capacity: number(10))) }
    try expectExact(objects: 1) { Held(UniqueArray<Int>()) }
  }
}
