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

  @Test("a handle or a pointer with a deinit is unresolved once, and the pointer's block an estimate")
  func handles() throws {
    #expect(try HeapSizer().size(of: Descriptor(number: 3)).unresolvedCount == 1)
    let size = try expectExact(unresolved: 1) { Block() }
    #expect(size.estimatedBytes == size.bytes)
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
