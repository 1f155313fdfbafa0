// SPDX-License-Identifier: Apache-2.0
import Foundation
import Sizer
import Testing

/// Lends its own tail: a pointer to it is no start of a block.
private final class Lender: ManagedBuffer<Int, UInt8> {
  static func make(_ count: Int) -> ManagedBuffer<Int, UInt8> {
    let buffer = Lender.create(minimumCapacity: number(count)) { _ in count }
    buffer.withUnsafeMutablePointerToElements { $0.initialize(repeating: 7, count: count) }
    return buffer
  }
}

@Suite("Data")
struct DataTests {
  @Test("up to 14 bytes are in the value itself")
  func inline() throws {
    try expectExact(objects: 0) { Data() }
    try expectExact(objects: 0) { Data(bytes(14)) }
  }

  @Test("more bytes are a storage object and its buffer")
  func slice() throws {
    try expectExact(objects: 1, rawBlocks: 1) { Data(bytes(15)) }
    try expectExact(objects: 1, rawBlocks: 1) { Data(count: number(100)) }
    try expectExact(objects: 1, rawBlocks: 1) { Data(repeating: 7, count: number(5_000_000)) }
    try expectExact(objects: 1, rawBlocks: 1) { Data(capacity: number(1000)) }
  }

  @Test("growing, shrinking and replacing")
  func mutated() throws {
    try expectExact(objects: 1, rawBlocks: 1) {
      var data = Data()
      for byte in 0..<number(1000) { data.append(UInt8(truncatingIfNeeded: byte)) }
      return data
    }
    try expectExact(objects: 1, rawBlocks: 1) {
      var data = Data(bytes(1000))
      data.removeSubrange(10..<900)
      data.reserveCapacity(number(10_000))
      return data
    }
  }

  @Test("slices share the storage")
  func shared() throws {
    try expectExact(objects: 2, rawBlocks: 1) {
      let data = Data(bytes(1000))
      return array(data, data[100..<900], data[5..<6], data.dropFirst(3))
    }
  }

  @Test("two gigabytes and more keep their bounds in an object; of mapped pages it isn't known who owns them")
  func large() throws {
    try expectExact(unresolved: 1) { () -> Data in
      let count = number(3 << 30)
      // Far from all objects: near one, the allocator can be asked, and says that the pages are not its own.
      let far = UnsafeMutableRawPointer(bitPattern: 0x1000_0000_0000)
      let pages = try #require(mmap(far, count, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0))
      return Data(bytesNoCopy: pages, count: count, deallocator: .unmap)
    }
  }

  @Test("an adopted malloc block is owned, whoever frees it")
  func adopted() throws {
    try expectExact(objects: 1, rawBlocks: 1) {
      Data(bytesNoCopy: malloc(number(1000))!, count: 1000, deallocator: .free)
    }
    try expectExact(objects: 2, rawBlocks: 1) {
      let leaf = Leaf()
      return Data(
        bytesNoCopy: malloc(number(1000))!, count: 1000,
        deallocator: .custom { bytes, _ in
          keepAlive(leaf)
          free(bytes)
        })
    }
  }

  @Test("a borrowed block is not owned")
  func borrowed() throws {
    let block = malloc(number(1000))!
    defer { free(block) }
    try expectExact(objects: 1) { Data(bytesNoCopy: block, count: 1000, deallocator: .none) }
    try expectExact(objects: 1) {
      Data(bytesNoCopy: UnsafeMutableRawPointer(mutating: environ[0]!), count: 30, deallocator: .none)
    }
  }

  @Test("bytes inside another object belong to that object")
  func insideAnObject() throws {
    try expectExact(objects: 2) {
      let lender = Lender.make(1000)
      let inside = lender.withUnsafeMutablePointerToElements { UnsafeMutableRawPointer($0) }
      return Data(bytesNoCopy: inside, count: 1000, deallocator: .custom { _, _ in keepAlive(lender) })
    }
  }

  @Test("in a class, in an optional, in a dictionary")
  func nested() throws {
    try expectExact(objects: 2, rawBlocks: 1) { Held(Data(bytes(100))) }
    try expectExact(objects: 2, rawBlocks: 1) { Held(Optional(Data(bytes(100)))) }
    try expectExact(objects: 3, rawBlocks: 2) { [number(1): Data(bytes(100)), 2: Data(bytes(200)), 3: Data()] }
  }

  @Test("NSData, mutable and not")
  func bridged() throws {
    try expectExact(objects: 2, rawBlocks: 1) { NSData(data: Data(bytes(100))) }
    try expectExact(objects: 2, rawBlocks: 1) { NSMutableData(length: number(100)) }
    try expectExact(objects: 2, rawBlocks: 1) {
      let data = NSMutableData()
      for _ in 0..<number(100) { data.append(bytes(100), length: 100) }
      return data
    }
  }

  @Test("whether NSData frees what it was given only its closure knows: the bytes are not counted, and it says so")
  func bridgedBorrowed() throws {
    let block = malloc(number(500))!
    defer { free(block) }
    try expectExact(unresolved: 1) { NSData(bytesNoCopy: block, length: 500, freeWhenDone: false) }
    let adopting = NSData(bytesNoCopy: malloc(number(500))!, length: 500, freeWhenDone: true)
    let size = try HeapSizer().size(of: adopting)
    #expect(size.unresolvedCount == 1)
    #expect(size.bytes >= 64)
  }
}
