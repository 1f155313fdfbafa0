// SPDX-License-Identifier: Apache-2.0
import Sizer
import Testing

@Suite("HeapSizer.registerOwningField")
struct OwningFieldTests {
  private final class Buffer {
    let bytes: UnsafeMutableRawPointer
    let lent: UnsafeMutableRawPointer
    let size: Int
    init(_ size: Int) {
      self.size = size
      bytes = .allocate(byteCount: size, alignment: 16)
      lent = bytes
    }
    deinit { bytes.deallocate() }
  }

  private struct Bag<Element>: ~Copyable {
    let base: UnsafeMutablePointer<Element>
    let count: Int
    init(_ elements: [Element]) {
      base = .allocate(capacity: elements.count + 5)
      count = elements.count
      for (index, element) in elements.enumerated() { (base + index).initialize(to: element) }
    }
    deinit {
      base.deinitialize(count: count)
      base.deallocate()
    }
  }

  private struct Small: ~Copyable {
    let cell: UnsafeMutablePointer<Int8>
    init() { cell = .allocate(capacity: 1) }
    deinit { cell.deallocate() }
  }

  private final class Smalls {
    let first = Small()
    let second = Small()
  }

  @Test("before it is registered a pointer's block is an estimate, afterwards it is owned, exactly")
  func block() throws {
    let before = try HeapSizer().size(of: Buffer(1000))
    #expect(before.rawBlockCount == 1 && before.unresolvedCount == 1 && before.estimatedBytes >= 1_000)
    try HeapSizer.registerOwningField("bytes", of: Buffer.self)
    try HeapSizer.registerOwningField("bytes", of: Buffer.self)
    let size = try expectExact { Buffer(1000) }
    #expect(size.rawBlockCount == 1)
    try expectExact { (0..<100).map { Buffer(1 + $0 * 97) } }
    #expect(try HeapSizer().histogram(of: Buffer(10)).contains { $0.typeName.hasSuffix("Buffer.bytes") })
  }

  @Test("values in the block are followed, as many as the count says, in every specialisation")
  func values() throws {
    try HeapSizer.registerOwningField("base", of: Bag<Int>.self)
    // The row is for Bag; the first to name it decides.
    try expectExact { Bag((0..<50).map { $0 }) }
  }

  @Test("elements that own memory")
  func elements() throws {
    struct Names: ~Copyable {
      let base: UnsafeMutablePointer<String>
      let count: Int
      init(_ count: Int) {
        base = .allocate(capacity: count + 9)
        self.count = count
        for index in 0..<count { (base + index).initialize(to: text(20 + index)) }
      }
      deinit {
        base.deinitialize(count: count)
        base.deallocate()
      }
    }
    try HeapSizer.registerOwningField("base", of: Names.self, elements: String.self, count: "count")
    let size = try expectExact { Names(30) }
    #expect(size.objectCount == 30)
    #expect(size.rawBlockCount == 1)
  }

  @Test("blocks of eight bytes, two of which may share sixteen")
  func small() throws {
    try HeapSizer.registerOwningField("cell", of: Small.self)
    let size = try expectExact { (0..<100).map { _ in Smalls() } }
    #expect(size.rawBlockCount == 200)
  }

  @Test("what is no stored pointer of the type is refused, and the message names it")
  func refused() {
    for (field, type) in [("missing", Buffer.self), ("size", Buffer.self), ("count", Int.self)] as [(String, Any.Type)]
    {
      #expect {
        try HeapSizer.registerOwningField(field, of: type)
      } throws: {
        guard let error = $0 as? SizerError else { return false }
        return error.code == .invalidArgument && error.message.contains("\"\(field)\"")
      }
    }
    #expect { try HeapSizer.registerOwningField("lent", of: Buffer.self, elements: Int.self, count: "bytes") } throws: {
      ($0 as? SizerError)?.message.contains("\"bytes\"") == true
    }
  }
}
