// SPDX-License-Identifier: Apache-2.0
import Sizer
import Testing

private final class Leaves: ManagedBuffer<Int, Leaf> {
  deinit {
    withUnsafeMutablePointers { count, elements in _ = elements.deinitialize(count: count.pointee) }
  }
  static func make(_ count: Int, capacity: Int) -> Leaves {
    let buffer = create(minimumCapacity: number(capacity)) { _ in count }
    buffer.withUnsafeMutablePointerToElements {
      for index in 0..<count { ($0 + index).initialize(to: Leaf(index)) }
    }
    return unsafeDowncast(buffer, to: Leaves.self)
  }
}

private struct Header {
  var count: Int
  var name = text()
  var flag: UInt8 = 1
}
private final class Entries<Element>: ManagedBuffer<Header, Element> {
  deinit {
    withUnsafeMutablePointers { header, elements in _ = elements.deinitialize(count: header.pointee.count) }
  }
  static func make(_ elements: [Element], capacity: Int) -> Entries<Element> {
    let buffer = create(minimumCapacity: number(capacity)) { _ in Header(count: elements.count) }
    buffer.withUnsafeMutablePointerToElements { $0.fill(from: elements) }
    return unsafeDowncast(buffer, to: Entries<Element>.self)
  }
}
extension UnsafeMutablePointer {
  fileprivate func fill(from elements: [Pointee]) {
    for (index, element) in elements.enumerated() { (self + index).initialize(to: element) }
  }
}

/// A buffer without a class of its own for its elements: only the pointer's type knows them.
private final class Storage {
  deinit {
    Pointer(unsafeBufferObject: self).withUnsafeMutablePointers { header, elements in
      elements.deinitialize(count: header.pointee.count)
      header.deinitialize(count: 1)
    }
  }
}
private typealias Pointer = ManagedBufferPointer<Header, Leaf>
@inline(never)
private func pointer(_ count: Int, capacity: Int) -> Pointer {
  let pointer = Pointer(bufferClass: Storage.self, minimumCapacity: number(capacity)) { _, _ in Header(count: count) }
  pointer.withUnsafeMutablePointerToElements { $0.fill(from: (0..<count).map { Leaf($0) }) }
  return pointer
}

private struct Owner {
  var buffer: Leaves
  var other: ManagedBuffer<Int, Leaf>
}

/// The header is a capacity: how many elements there are the owner knows.
private final class Ring: ManagedBuffer<Int, Leaf> {}
private final class RingOwner {
  private let ring: Ring
  private var used = 0
  init(capacity: Int, _ leaves: [Leaf]) {
    let capacity = number(capacity)
    ring = unsafeDowncast(Ring.create(minimumCapacity: capacity) { _ in capacity }, to: Ring.self)
    ring.withUnsafeMutablePointerToElements { $0.fill(from: leaves) }
    used = leaves.count
  }
  deinit { ring.withUnsafeMutablePointerToElements { _ = $0.deinitialize(count: used) } }
}

private struct Use {
  var capacity: Int
  var used: Int
}
private final class Used: ManagedBuffer<Use, Leaf> {
  deinit {
    withUnsafeMutablePointers { header, elements in _ = elements.deinitialize(count: header.pointee.used) }
  }
  static func make(_ count: Int, capacity: Int) -> Used {
    let buffer = create(minimumCapacity: number(capacity)) { _ in Use(capacity: capacity, used: count) }
    buffer.withUnsafeMutablePointerToElements { $0.fill(from: (0..<count).map { Leaf($0) }) }
    return unsafeDowncast(buffer, to: Used.self)
  }
}

@Suite("Managed buffers")
struct ManagedBuffersTests {
  init() throws {
    try HeapSizer.registerTailCount(of: Leaves.self)
    try HeapSizer.registerTailCount(of: Used.self, in: "used")
  }

  @Test(
    "a header that is a capacity counts nothing: what the tail holds is an estimate, and what others hold is theirs")
  func capacities() throws {
    let others = (0..<20).map { Leaf($0) }
    for _ in 0..<5 {
      // Leaves the leaves' addresses in memory that the next ring may get.
      do { keepAlive(RingOwner(capacity: 20, others)) }
      let owner = RingOwner(capacity: 20, [Leaf()])
      let size = try HeapSizer().size(of: (others, owner))
      #expect(size.unresolvedCount == 1)
      #expect(size.bytes - size.estimatedBytes == (try HeapSizer().size(of: others).bytes) + 32 + 192)
      #expect(size.estimatedBytes == 32)
    }
  }

  @Test("somebody says which number of the header counts, and is refused where there is none")
  func registered() throws {
    try expectExact(objects: 4) { Used.make(3, capacity: 40) }
    #expect(throws: SizerError.self) { try HeapSizer.registerTailCount(of: Used.self) }
    #expect(throws: SizerError.self) { try HeapSizer.registerTailCount(of: Used.self, in: "length") }
    #expect(throws: SizerError.self) { try HeapSizer.registerTailCount(of: Ring.self, in: "count") }
  }

  @Test("elements after the header are followed")
  func full() throws {
    try expectExact(objects: 5) { Leaves.make(4, capacity: 4) }
    try expectExact(objects: 101) { Leaves.make(100, capacity: 100) }
  }

  @Test("room for more elements is not read as elements")
  func partlyFilled() throws {
    try expectExact(objects: 3) { Leaves.make(2, capacity: 50) }
    try expectExact(objects: 1) { Leaves.make(0, capacity: 8) }
  }

  @Test("a header with references, elements of every kind")
  func headers() throws {
    try expectExact(objects: 4) { Entries.make(array(text(), text()), capacity: 2) }
    try expectExact(objects: 3) { Entries.make(array((UInt8(1), Leaf())), capacity: 5) }
    try expectExact(objects: 2) { Entries.make(array(number(1), number(2)), capacity: 2) }
    try expectExact(objects: 4) { Entries<Any>.make(array(text(), Leaf(), 1), capacity: 3) }
  }

  @Test("a tail that no metadata tells of is found by its size, scanned word by word, and said to be unresolved")
  func unknownTail() throws {
    let size = try expectExact(unresolved: 1) { pointer(3, capacity: 10) }
    #expect(size.objectCount == 5)
  }

  @Test("reached through the superclass")
  func owned() throws {
    try expectExact(objects: 5) { Owner(buffer: .make(1, capacity: 1), other: Leaves.make(2, capacity: 3)) }
  }
}
