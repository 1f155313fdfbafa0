// SPDX-License-Identifier: Apache-2.0
import Builtin
import Foundation
import Sizer
import Synchronization
import Testing

/// Sized like another type: no field says what is in it.
@_rawLayout(like: Value, movesAsLike)
private struct Cell<Value>: ~Copyable {
  var address: UnsafeMutablePointer<Value> { UnsafeMutablePointer<Value>(Builtin.addressOfRawLayout(self)) }
  init(_ value: consuming Value) { address.initialize(to: value) }
  deinit { address.deinitialize(count: 1) }
}

private final class Named {
  let cell = Cell<String>(text())
  let name = text()
}

/// A file's number, which a deinit gives back.
private struct Descriptor: ~Copyable {
  let number: Int32
  deinit { keepAlive(number) }
}

private struct Borrowed: ~Copyable {
  let number: Int32
  deinit { keepAlive(number) }
}

private struct Block: ~Copyable {
  let base = UnsafeMutableRawPointer.allocate(byteCount: number(1_500), alignment: 16)
  deinit { base.deallocate() }
}

private final class HoldsBlock {
  let block = Block()
}

private final class Counters {
  let plain = Atomic<Int>(0)
  let guarded = Mutex(0)
  let maybe: Pair? = Pair()
}

private struct Pair {
  let name = text()
}

private struct Guard: ~Copyable {
  let state = Atomic<Int>(1)
  deinit { keepAlive(1) }
}

private final class Window {
  let bytes: UnsafeMutableRawBufferPointer
  init(_ bytes: UnsafeMutableRawBufferPointer) { self.bytes = bytes }
}

private final class View {
  let bytes: UnsafeRawBufferPointer
  init(_ bytes: UnsafeMutableRawBufferPointer) { self.bytes = UnsafeRawBufferPointer(bytes) }
}

@Suite("Values that are more than bits, and nothing says why")
struct UnknownOwnersTests {
  @Test("a raw layout of the program's own is unresolved, alone and in a class")
  func rawLayouts() throws {
    #expect(try HeapSizer().size(of: Cell<String>(text())).unresolvedCount == 1)
    #expect(try HeapSizer().size(of: Named()).unresolvedCount == 1)
    let leaf = Leaf()
    let size = try HeapSizer().size(of: Cell<Leaf>(leaf))
    #expect(size.unresolvedCount == 1 && size.estimatedBytes == size.bytes && size.objectCount == 1)
  }

  @Test("where a raw buffer ends another block may start, which is none of its")
  func ends() throws {
    let bytes = number(4_096)
    let blocks = (0..<64).map { _ in UnsafeMutableRawBufferPointer.allocate(byteCount: bytes, alignment: 16) }
    defer { for block in blocks { block.deallocate() } }
    let starts = Set(blocks.map { UInt(bitPattern: $0.baseAddress) })
    let first = try #require(blocks.first { starts.contains(UInt(bitPattern: $0.baseAddress) + UInt(bytes)) })
    for size in [try HeapSizer().size(of: made { Window(first) }), try HeapSizer().size(of: made { View(first) })] {
      #expect(size.unresolvedCount == 1 && size.estimatedBytes == bytes && size.rawBlockCount == 1)
    }
  }

  @Test("a handle or a pointer with a deinit is unresolved once, and the pointer's block an estimate")
  func handles() throws {
    #expect(try HeapSizer().size(of: Descriptor(number: 3)).unresolvedCount == 1)
    // The object shows that the allocator has the memory there.
    let size = try expectExact(unresolved: 1) { HoldsBlock() }
    #expect(size.estimatedBytes == 1_536 && size.bytes == 1_536 + 32)
    try HeapSizer.registerBorrowingField("number", of: Borrowed.self)
    #expect(try HeapSizer().size(of: Borrowed(number: 3)) == HeapSize())
  }

  @Test("atomics, locks and what is made of them own nothing, and are exact")
  func explained() throws {
    #expect(try expectExact { Counters() }.isExact)
    #expect(try expectExact { Guard() }.isExact)
    #expect(try expectExact { Atomic<UInt8>(1) }.isExact)
  }
}
