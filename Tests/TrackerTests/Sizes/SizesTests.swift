// SPDX-License-Identifier: Apache-2.0
import Sizer
import Testing

private class Node {
  var next: Node?
  let value = number(1)
}

/// Something of everything.
private final class Everything {
  var name = text(100)
  var words = ["a": text(20), "b": text(30)]
  var numbers = (0..<50).map { number($0) }
  var leaves: [Leaf?] = [Leaf(), nil, Leaf()]
  var any: Any = (number(1), text(60), Leaf())
  var closure: () -> Int = {
    let leaf = Leaf(); return { leaf.value }
  }()
  let node: Node = {
    let node = Node(); node.next = Node(); return node
  }()
}

@Suite("Sizes in snapshots")
struct SizesTests {
  @Test("a size is deep, and what the allocator set aside")
  func deep() throws {
    let arena = try Arena()
    let object = try arena.make { Everything() }
    let tracker = ClassTracker()
    try tracker.track(object)
    let expected = try arena.bytes()
    #expect(try tracker.createSnapshot().trackedBytes == expected)
    #expect(try HeapSizer().size(of: object).bytes == expected)
    #expect(expected > 1_000)
    keepAlive(object)
  }

  @Test("the total is the same at every resolution level")
  func levels() throws {
    let arena = try Arena()
    let object = try arena.make { Everything() }
    let tracker = ClassTracker()
    try tracker.track(object)
    let expected = try arena.bytes()
    for level in [0, 1, 2, 3, 7, 1_000, 1, 0] {
      try tracker.change(object, resolutionLevel: level)
      #expect(try tracker.createSnapshot().trackedBytes == expected, "level \(level)")
      let record = tracker.statistics.objects[0].records.last!
      #expect(record.bytes == expected)
      #expect(record.referents.isEmpty == (level == 0))
    }
    keepAlive(object)
  }

  @Test("shared data belongs to the object that was tracked first", .serialized, arguments: [true, false])
  func shared(inOrder: Bool) throws {
    final class Owner { var data: [Int] = [] }
    let owners = [made { Owner() }, made { Owner() }]
    // 32 + 1,000 x 8 bytes in a block of 8,192.
    let data = (0..<number(1_000)).map { $0 }
    let block = data.capacity * 8 + 32 <= 8_192 ? 8_192 : 10_240
    for owner in owners { owner.data = data }
    let tracker = ClassTracker()
    for owner in inOrder ? owners : owners.reversed() { try tracker.track(owner) }
    #expect(try tracker.createSnapshot().trackedBytes == 2 * 32 + block)
    #expect(tracker.statistics.objects.map { $0.sizes[0].bytes } == [32 + block, 32])
    // The first one is untracked: what was shared goes to the other.
    (inOrder ? owners : owners.reversed())[0].data = []
    try tracker.createSnapshot()
    #expect(tracker.statistics.objects.map { $0.sizes[1].bytes } == [32, 32 + block])
    keepAlive((owners, data))
  }

  @Test(
    "a tracked object counts for itself only, whichever was tracked first", .serialized, arguments: [true, false])
  func trackedInTracked(ownerFirst: Bool) throws {
    final class Owner {
      let leaf: Leaf
      let others: [Leaf]
      init() {
        leaf = Leaf()
        others = [leaf, leaf]
      }
    }
    for level in [0, 1, 3] {
      let owner = made { Owner() }
      let tracker = ClassTracker()
      let objects: [(AnyObject, String)] = [(owner, "owner"), (owner.leaf, "leaf")]
      for (object, name) in ownerFirst ? objects : objects.reversed() {
        try tracker.track(object, name: name, resolutionLevel: level)
      }
      // 32 for the owner, 48 for the array of two.
      #expect(try tracker.createSnapshot().classes.mapValues(\.bytes) == ["owner": 32 + 48, "leaf": 32])
      keepAlive(owner)
    }
  }

  @Test("tracked objects that refer to each other")
  func cycles() throws {
    let (first, second) = (made { Node() }, made { Node() })
    (first.next, second.next) = (second, first)
    let tracker = ClassTracker()
    try tracker.track(first, name: "first", resolutionLevel: 5)
    try tracker.track(second, name: "second")
    #expect(try tracker.createSnapshot().classes.mapValues(\.bytes) == ["first": 32, "second": 32])
    let single = ClassTracker()
    try single.track(first, name: "first", resolutionLevel: 1_000)
    #expect(try single.createSnapshot().classes.mapValues(\.bytes) == ["first": 64])
    first.next = nil
  }

  @Test("a list of 100,000 nodes is sized whole", .serialized, arguments: [0, 1, 1_000])
  func deepList(level: Int) throws {
    let head = made { Node() }
    var last = head
    for _ in 1..<number(100_000) {
      last.next = made { Node() }
      last = last.next!
    }
    let tracker = ClassTracker()
    try tracker.track(head, resolutionLevel: level)
    #expect(try tracker.createSnapshot().trackedBytes == 100_000 * 32)
    var next = head.next
    head.next = nil
    while let node = next {
      next = node.next
      node.next = nil
    }
  }

  @Test("weak and unowned references are not followed")
  func weakReferences() throws {
    final class Holder {
      weak var weakly: Node?
      unowned(unsafe) var unsafely: Node
      init(_ node: Node) { (weakly, unsafely) = (node, node) }
    }
    let node = made { Node() }
    for _ in 0..<3 {
      let next = Node()
      next.next = node.next
      node.next = next
    }
    let holder = made { Holder(node) }
    let tracker = ClassTracker()
    try tracker.track(holder, resolutionLevel: 2)
    #expect(try tracker.createSnapshot().trackedBytes == 32)
    keepAlive((holder, node))
  }

  @Test("a size is recorded for each snapshot, whether it changed or not")
  func changes() throws {
    final class Growing { var leaves: [Leaf] = [] }
    let growing = made { Growing() }
    let tracker = ClassTracker()
    try tracker.track(growing)
    var expected: [Int] = []
    for step in [0, 0, 3, 3, 0, 1] {
      // An exact array: 32 + 8 a leaf, in blocks of 48 and 64.
      growing.leaves = []
      growing.leaves.reserveCapacity(number(step))
      for _ in 0..<step { growing.leaves.append(Leaf()) }
      expected.append(32 + [0: 0, 1: 48, 3: 64][step]! + 32 * step)
      try tracker.createSnapshot()
    }
    #expect(tracker.statistics.objects[0].sizes.map(\.bytes) == expected)
    #expect(tracker.statistics.snapshots.map(\.trackedBytes) == expected)
    keepAlive(growing)
  }

  @Test("averages and shares are of the living and of the tracked bytes")
  func shares() throws {
    final class Small {}
    final class Large { let text = TestSupport.text(2_000) }
    let tracker = ClassTracker()
    try tracker.track(class: Small.self, name: "Small")
    try tracker.track(class: Large.self, name: "Large")
    let objects: [AnyObject] = [
      made { Small() }, made { Large() }, made { Large() }, made { Small() }, made { Small() },
    ]
    let classes = try tracker.createSnapshot().classes
    // 16; 32 and 32 + 2,001 in a block of 2,048.
    #expect(classes.mapValues(\.average) == ["Small": 16, "Large": 2_080])
    #expect(classes["Small"]!.share == Double(3 * 16) / Double(3 * 16 + 2 * 2_080))
    #expect(classes.values.reduce(0) { $0 + $1.share } == 1)
    keepAlive(objects)
  }
}
