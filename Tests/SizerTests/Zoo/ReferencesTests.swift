// SPDX-License-Identifier: Apache-2.0
import Sizer
import Testing

private protocol Named: AnyObject { var name: String { get } }
private final class Node: Named {
  var name = text()
  var next: Node?
  weak var previous: Node?
  unowned var owner: Node?
}
private struct Weak<Object: AnyObject> { weak var object: Object? }
private final class WeakBox {
  weak var object: Node?
  weak var other: (any Named)?
}
private struct WeakExistential { weak var object: (any Named)? }
private struct WeakAny { weak var object: AnyObject? }
private struct Unowned { unowned var object: Node }
private struct OptionallyUnowned { unowned var object: Node? }
private struct UnownedExistential { unowned var object: any Named }
private struct Unsafe { unowned(unsafe) var object: Node }
private struct OptionallyUnsafe { unowned(unsafe) var object: Node? }
private enum Choice {
  case strong(Node)
  case weak(Weak<Node>)
  case none
}
private final class Box<Value> {
  var flag = true
  var value: Value
  init(_ value: Value) { self.value = value }
}

@Suite("References")
struct ReferencesTests {
  @Test("a weak reference is not followed; the side table it made is counted once, with the object")
  func weak() throws {
    try expectExact(objects: 2, rawBlocks: 1) {
      let node = Node()
      return (node, Weak(object: node))
    }
    try expectExact(objects: 4, rawBlocks: 1) {
      let node = Node()
      return (node, array(Weak(object: node), Weak(object: node), Weak(object: nil)), Box(Weak(object: node)))
    }
    try expectExact(objects: 3, rawBlocks: 1) {
      let node = Node()
      return (array(WeakExistential(object: node), WeakExistential(object: nil)), node)
    }
    try expectExact(objects: 3, rawBlocks: 1) {
      let node = Node()
      return (array(WeakAny(object: node)), node)
    }
  }

  @Test("the side table is counted wherever the object is reached from")
  func sideTable() throws {
    try expectExact(objects: 5, rawBlocks: 1) {
      let first = Node()
      first.next = Node()
      first.next?.previous = first
      return array(first)
    }
    try expectExact(objects: 4, rawBlocks: 2) {
      let first = Node()
      first.next = Node()
      first.next?.previous = first
      first.previous = first.next
      return first
    }
  }

  @Test("the weak reference is gone, the side table stays")
  func forgotten() throws {
    try expectExact(objects: 2, rawBlocks: 1) {
      let node = Node()
      let box = Box(Weak(object: node))
      keepAlive(box)
      return node
    }
  }

  @Test("a weak reference whose object is dead keeps the side table")
  func dead() throws {
    try expectExact(objects: 1, rawBlocks: 2) {
      let box = WeakBox()
      let (node, other) = (Node(), Node())
      (box.object, box.other) = (node, other)
      keepAlive((node, other))
      return box
    }
    try expectExact(objects: 2, rawBlocks: 1) {
      let boxes = (WeakBox(), WeakBox())
      let node = Node()
      (boxes.0.object, boxes.1.other) = (node, node)
      keepAlive(node)
      return boxes
    }
  }

  @Test("an unowned reference whose object is dead keeps the object's block")
  func deadUnowned() throws {
    try expectExact(objects: 2) { Box(Unowned(object: Node())) }
  }

  @Test("unowned references are not followed")
  func unowned() throws {
    try expectExact(objects: 2) {
      let node = Node()
      return (node, Unowned(object: node), Unsafe(object: node), Unmanaged.passUnretained(node))
    }
    try expectExact(objects: 4) {
      let node = Node()
      node.next = Node()
      node.next?.owner = node
      return node
    }
    try expectExact(objects: 4) {
      let node = Node()
      return (node, Box(OptionallyUnowned(object: node)), array(OptionallyUnsafe(object: node), .init(object: nil)))
    }
    try expectExact(objects: 3) {
      let node = Node()
      return (array(UnownedExistential(object: node), UnownedExistential(object: node)), node)
    }
  }

  @Test("an object that lives elsewhere belongs to its owner alone")
  func elsewhere() throws {
    let node = Node()
    try expectExact(objects: 1) { Box(Unowned(object: node)) }
    try expectExact(objects: 1) { Box(Unsafe(object: node)) }
    let weak = Weak(object: node)
    #expect(try HeapSizer().size(of: weak) == HeapSize())
    keepAlive(node)
  }

  @Test("raw addresses own nothing that something else has")
  func raw() throws {
    try expectExact(objects: 0) { ObjectIdentifier(Node.self) }
    try expectExact(objects: 2) {
      let node = Node()
      return (node, ObjectIdentifier(node), UnsafeRawPointer(Unmanaged.passUnretained(node).toOpaque()))
    }
  }

  @Test("weak references in enums")
  func enums() throws {
    try expectExact(objects: 3, rawBlocks: 1) {
      let node = Node()
      return array(Choice.weak(Weak(object: node)), .strong(node), .none, .weak(Weak(object: nil)))
    }
    try expectExact(objects: 3, rawBlocks: 1) {
      let node = Node()
      return (node, array(Optional(Weak(object: node)), nil))
    }
  }
}
