// SPDX-License-Identifier: Apache-2.0
import Foundation
import Sizer
import Testing

/// A pointer that owns a block, and does not say so.
private final class Handle {
  let pointer: OpaquePointer
  init(_ size: Int) { pointer = OpaquePointer(malloc(number(size))!) }
  deinit { free(UnsafeMutableRawPointer(pointer)) }
}

private final class Two {
  let first = UnsafeMutablePointer<Int>.allocate(capacity: number(100))
  let second = UnsafeMutableRawBufferPointer.allocate(byteCount: number(5_000), alignment: 16)
  deinit {
    first.deallocate()
    second.deallocate()
  }
}

private final class Retaining {
  let leaf = Unmanaged.passRetained(Leaf())
  deinit { leaf.release() }
}

private final class Child {
  unowned(unsafe) var unsafely: Parent?
  var parent: Unmanaged<Parent>?
  let name = text()
}

private final class Parent {
  let children = array(Child(), Child(), Child())
  init() {
    for child in children {
      child.unsafely = self
      child.parent = .passUnretained(self)
    }
  }
}

private struct Lent {
  var pointer: UnsafePointer<UInt8>?
}

private final class Borrower {
  let pointer: UnsafeMutableRawPointer
  init(_ pointer: UnsafeMutableRawPointer) { self.pointer = pointer }
}

@Suite("Pointers that no rule explains")
struct PointersTests {
  /// Expects the arena's bytes, of which the object's own are certain.
  private func expectEstimate<Object: AnyObject>(
    certain: Int, unresolved: Int = 1, sourceLocation: SourceLocation = #_sourceLocation, _ make: () -> Object
  ) throws {
    let size = try expectExact(unresolved: unresolved, sourceLocation: sourceLocation, make)
    #expect(size.bytes - size.estimatedBytes == certain, sourceLocation: sourceLocation)
    #expect(!size.isExact, sourceLocation: sourceLocation)
  }

  @Test("one that leads to a block of this heap is unresolved once per object, and the block is an estimate")
  func blocks() throws {
    try expectEstimate(certain: 32) { Handle(900) }
    try expectEstimate(certain: 32) { Handle(300_000) }
    try expectEstimate(certain: 48) { Two() }
    try expectEstimate(certain: 32) { Retaining() }
  }

  @Test("a histogram says what pointer it is behind")
  func named() throws {
    let records = try HeapSizer().histogram(of: Handle(900))
    let behind = try #require(records.first { $0.typeName == "behind pointer Swift.OpaquePointer" })
    #expect(behind.estimatedBytes == behind.bytes && behind.bytes >= 900)
  }

  @Test("one that leads back, or to what something else has, is explained")
  func explained() throws {
    #expect(try expectExact { Parent() }.isExact)
    let parent = Parent()
    // Alone, a child does not have its parent.
    let child = try HeapSizer().size(of: parent.children[0])
    #expect(child.unresolvedCount == 1 && child.estimatedBytes > 0)
    keepAlive(parent)
  }

  @Test("static data, the stack, nil, mapped memory, numbers and the middle of a block are nothing")
  func nothing() throws {
    let bytes = array(UInt8(1), 2, 3, capacity: 1_000)
    try bytes.withUnsafeBufferPointer { buffer in
      let inside = try HeapSizer().size(of: Lent(pointer: buffer.baseAddress))
      #expect(inside == HeapSize())
    }
    let pages = try mapPages(1 << 16)
    defer { munmap(pages.baseAddress, 1 << 16) }
    for address in [0, 1, 4_097, -16, Int(bitPattern: pages.baseAddress)] {
      #expect(try HeapSizer().size(of: Lent(pointer: UnsafePointer(bitPattern: address))) == HeapSize())
    }
    let text: StaticString = "a text that stands in the program"
    #expect(try HeapSizer().size(of: Lent(pointer: text.utf8Start)) == HeapSize())
    var local = (UInt64(1), UInt64(2))
    try withUnsafePointer(to: &local) { variable in
      let onStack = try HeapSizer().size(
        of: Lent(pointer: UnsafeRawPointer(variable).assumingMemoryBound(to: UInt8.self)))
      #expect(onStack == HeapSize())
    }
  }

  @Test("slices, iterators and literals of the standard library are exact")
  func library() throws {
    #expect(try expectExact { array(text(), text(), text())[1...] }.isExact)
    #expect(try expectExact { Set(array(text(), text())).makeIterator() }.isExact)
    #expect(try expectExact { ["a": text(), "b": text()].makeIterator() }.isExact)
  }

  @Test("a field that is said to borrow makes nothing inexact")
  func borrowed() throws {
    let block = UnsafeMutableRawPointer.allocate(byteCount: number(700), alignment: 16)
    defer { block.deallocate() }
    #expect(try HeapSizer().size(of: Borrower(block)).estimatedBytes > 0)
    try HeapSizer.registerBorrowingField("pointer", of: Borrower.self)
    #expect(try HeapSizer().size(of: Borrower(block)).isExact)
    #expect(throws: SizerError.self) { try HeapSizer.registerBorrowingField("nothing", of: Borrower.self) }
  }

  @Test("a tracked object's snapshot says how much of it is an estimate, in place and frozen, named or not")
  func tracked() throws {
    for level in 0...2 {
      for mode in [SnapshotMode.inPlace, .frozen] {
        let tracker = ClassTracker()
        let handles = (0..<3).map { _ in Handle(900) }
        for handle in handles { try tracker.track(handle, resolutionLevel: level) }
        let snapshot = try tracker.createSnapshot("", mode: mode)
        #expect(snapshot.trackedBytes == 3 * (32 + 1_024) && snapshot.estimatedBytes == 3 * 1_024)
        #expect(snapshot.unresolvedCount == 3)
        tracker.close()
        keepAlive(handles)
      }
    }
  }
}
