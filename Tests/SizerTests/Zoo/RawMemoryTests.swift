// SPDX-License-Identifier: Apache-2.0
import Foundation
import Sizer
import Testing

/// Owns a block of plain bytes. `deinit` frees it, so one value is one owner.
private struct Block: ~Copyable {
  let bytes: UnsafeMutableRawPointer
  let count: Int
  init(_ count: Int) {
    self.count = number(count)
    bytes = .allocate(byteCount: self.count, alignment: 16)
  }
  deinit { bytes.deallocate() }
}

/// Owns a block of Swift values, and lends a pointer into it.
private final class Stack<Element> {
  private(set) var base = UnsafeMutableBufferPointer<Element>(start: nil, count: 0)
  private(set) var count = 0
  private(set) var top: UnsafePointer<Element>?
  init(_ elements: [Element], capacity: Int) {
    guard capacity > 0 else { return }
    let base = UnsafeMutableBufferPointer<Element>.allocate(capacity: number(capacity))
    for element in elements {
      base.initializeElement(at: count, to: element)
      count += 1
    }
    top = UnsafePointer(base.baseAddress! + count - 1)
    self.base = base
  }
  deinit {
    base.baseAddress?.deinitialize(count: count)
    base.deallocate()
  }
}

/// A list linked through raw memory.
private struct Node {
  var next: UnsafeMutablePointer<Node>?
  var nextCount = 1
  var name: String
}
private final class List {
  private(set) var head = Node(next: nil, name: text())
  init(_ count: Int) {
    for _ in 0..<number(count) {
      let next = UnsafeMutablePointer<Node>.allocate(capacity: 1)
      next.initialize(to: head)
      head = Node(next: next, name: text())
    }
  }
  deinit {
    while let next = head.next {
      head = next.move()
      next.deallocate()
    }
  }
}

@Suite("Raw memory")
struct RawMemoryTests {
  @Test("whether a pointer owns is not known unless somebody says so")
  func pointers() throws {
    let block = malloc(number(100))!
    defer { free(block) }
    func expectUnresolved(_ value: some Any, sourceLocation: SourceLocation = #_sourceLocation) throws {
      let size = try HeapSizer().size(of: Held(value))
      #expect(size.objectCount == 1 && size.rawBlockCount == 1, sourceLocation: sourceLocation)
      #expect(size.unresolvedCount == 1 && size.estimatedBytes > 0, sourceLocation: sourceLocation)
    }
    try expectUnresolved(block)
    try expectUnresolved(UnsafeMutableBufferPointer(start: block.assumingMemoryBound(to: Int.self), count: 3))
    try expectUnresolved(Unmanaged.passUnretained(Leaf.shared))
    try expectUnresolved(OpaquePointer(block))
  }

  @Test("a registered field owns its block")
  func registered() throws {
    try HeapSizer.registerOwningField("bytes", of: Block.self)
    try expectExact(objects: 0, rawBlocks: 1) { Block(1000) }
    try expectExact(objects: 1, rawBlocks: 1) { Held(Block(1_000_000)) }
  }

  @Test("a registered field owns its elements, in every type that differs only in arguments")
  func registeredElements() throws {
    try HeapSizer.registerOwningField("base", of: Stack<Int>.self, elements: Int.self, count: "count")
    try expectExact(objects: 1, rawBlocks: 1) { Stack(array(number(1), 2, 3), capacity: 10) }
    try expectExact(objects: 4, rawBlocks: 1) { Stack(array(text(), text(), text()), capacity: 10) }
    try expectExact(objects: 6, rawBlocks: 3) {
      Stack(
        array(Stack(array(Leaf()), capacity: 3), Stack(array(text(), text()), capacity: 2) as AnyObject), capacity: 2)
    }
    try expectExact(objects: 1) { Stack<String>([], capacity: 0) }
  }

  @Test("a list of 300,000 nodes, linked through registered fields, is walked without recursion")
  func registeredList() throws {
    try HeapSizer.registerOwningField("next", of: Node.self, elements: Node.self, count: "nextCount")
    let size = try expectExact(objects: 300_002, rawBlocks: 300_000) { List(300_000) }
    var options = HeapSizer.Options()
    options.maximumDepth = 1
    let list = List(10)
    #expect(try HeapSizer(options: options).size(of: list).objectCount == 1)
    options.maximumDepth = 2
    #expect(try HeapSizer(options: options).size(of: list).objectCount == 12)
    #expect(size.unresolvedCount == 0)
  }

  @Test("C structs and vectors are plain data")
  func plain() throws {
    try expectExact(objects: 1) { Held(stat()) }
    try expectExact(objects: 1) { Held(rusage()) }
    try expectExact(objects: 1) { Held(SIMD16<Double>(repeating: Double(number(3)))) }
    try expectExact(objects: 2) { Held(array(SIMD4<Float>(1, 2, 3, 4), SIMD4<Float>(repeating: 2))) }
    try expectExact(objects: 1) { Held(pthread_mutex_t()) }
  }
}

extension Leaf {
  fileprivate static let shared = Leaf()
}
