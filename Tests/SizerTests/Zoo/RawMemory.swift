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

/// Owns a block of Swift values.
private final class Stack<Element> {
  private var base: UnsafeMutablePointer<Element>?
  private(set) var count = 0
  private var capacity = 0
  init(_ elements: [Element], capacity: Int) {
    guard capacity > 0 else { return }
    self.capacity = number(capacity)
    base = .allocate(capacity: self.capacity)
    for element in elements {
      (base! + count).initialize(to: element)
      count += 1
    }
  }
  deinit {
    base?.deinitialize(count: count)
    base?.deallocate()
  }
}

private final class Chunk {
  let buffer: UnsafeMutableBufferPointer<Int>
  let unowned: UnsafeRawPointer
  init(_ count: Int) {
    buffer = .allocate(capacity: number(count))
    unowned = UnsafeRawPointer(buffer.baseAddress!)
  }
  deinit { buffer.deallocate() }
}

@Suite("Raw memory")
struct RawMemory {
  @Test("a pointer owns nothing unless somebody says so")
  func pointers() throws {
    let block = malloc(number(100))!
    defer { free(block) }
    try expectExact(objects: 0) { block }
    try expectExact(objects: 1) { Held(block) }
    try expectExact(objects: 1) {
      Held(UnsafeMutableBufferPointer(start: block.assumingMemoryBound(to: Int.self), count: 3))
    }
    try expectExact(objects: 1) { Held(Unmanaged.passUnretained(Leaf.shared)) }
    try expectExact(objects: 1) { Held(OpaquePointer(block)) }
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
