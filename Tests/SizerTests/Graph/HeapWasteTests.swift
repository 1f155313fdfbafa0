// SPDX-License-Identifier: Apache-2.0
import Foundation
import NIOCore
import Sizer
import TestSupport
import Testing

// Types of this file's own: other tests make objects in the same process at the same time.

private final class ChunkCache {
  var chunks: [ArraySlice<UInt8>] = []
  var lines: [Int: Substring] = [:]
  var bodies: [Data] = []
  var large: Data?
  var frames: [ByteBuffer] = []
}
private final class NameList {
  var names: [String] = []
  var tables: [[Int]] = []
  var spare: [Int] = []
}

/// What is wasted of one kind under holders of a type, by what stands behind that type's name.
private func waste(
  _ kind: WasteRecord.Kind, in holder: Any.Type, _ graph: HeapGraph
) -> [String: WasteRecord] {
  let name = typeName(of: holder)
  var found: [String: WasteRecord] = [:]
  for record in graph.waste where record.kind == kind && record.holder.hasPrefix(name + ".") {
    #expect(found.updateValue(record, forKey: String(record.holder.dropFirst(name.count))) == nil)
  }
  return found
}

@Suite("The heap graph's waste", .serialized)
struct HeapWasteTests {
  private static let large = 256 * 1024

  @Test("names who holds small slices of large buffers, and how much these keep")
  func slices() throws {
    let makers: [String: (ChunkCache, Int) -> Void] = [
      ".chunks[]": { cache, number in
        let buffer = [UInt8](repeating: UInt8(number), count: Self.large)
        cache.chunks.append(buffer[100..<116])
      },
      ".lines[]": { cache, number in
        let text = String(repeating: "line \(number) ", count: Self.large / 8)
        cache.lines[number] = text.dropFirst(1_000).prefix(16)
      },
      ".bodies[]._representation": { cache, number in
        cache.bodies.append(Data(repeating: UInt8(number), count: Self.large)[50..<66])
      },
      ".frames[]._storage": { cache, number in
        var buffer = ByteBufferAllocator().buffer(capacity: Self.large)
        buffer.writeRepeatingByte(UInt8(number), count: Self.large)
        cache.frames.append(buffer.getSlice(at: 4_096, length: 16)!)
      },
    ]
    let cache = made { ChunkCache() }
    cache.chunks.reserveCapacity(20)
    cache.bodies.reserveCapacity(20)
    cache.frames.reserveCapacity(20)
    cache.lines.reserveCapacity(20)
    let arena = try Arena()
    var sizes: [String: Int] = [:]
    for (holder, make) in makers {
      make(made { ChunkCache() }, 0)  // metadata are made once
      let before = try arena.bytes()
      try arena.inside { for number in 0..<20 { make(cache, number) } }
      sizes[holder] = try arena.bytes() - before
    }
    let graph = try HeapGraph.capture(mode: .frozen)
    let pinned = waste(.pinnedBuffers, in: ChunkCache.self, graph)
    #expect(Set(pinned.keys) == Set(sizes.keys), "\(pinned.keys)")
    for (holder, record) in pinned {
      #expect(record.count == 20, "\(holder)")
      #expect(record.totalBytes == sizes[holder], "\(holder)")
      #expect(record.wastedBytes == record.totalBytes - 20 * 16, "\(holder)")
    }
    withExtendedLifetime(cache) {}
  }

  @Test("knows slices whose range is in an object, and leaves whole buffers and those that somebody else holds alone")
  func others() throws {
    let cache = made { ChunkCache() }
    let whole = [UInt8](repeating: 1, count: Self.large)
    cache.chunks = [whole[0..<16], [UInt8](repeating: 2, count: Self.large)[...]]
    cache.bodies = [Data(count: Self.large)]
    // Foundation keeps ranges of more than 32 bits apart.
    let huge = Int(Int32.max) + 4_096
    let base = try #require(mmap(nil, huge, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0))
    let data = Data(bytesNoCopy: base, count: huge, deallocator: .unmap)
    cache.large = data[(huge - 16)...]
    let graph = try HeapGraph.capture(mode: .frozen)
    #expect(waste(.pinnedBuffers, in: ChunkCache.self, graph).isEmpty)
    let slices = graph.image.slices.filter { slice in
      slice.holder.map { graph.image[$0].type.name == typeName(of: ChunkCache.self) } ?? false
    }
    #expect(slices.map(\.usedBytes) == [16])
    withExtendedLifetime((cache, whole, data)) {}
  }

  @Test("finds strings and arrays that are there several times, and where")
  func duplicates() throws {
    let list = made { NameList() }
    for number in 0..<300 { list.names.append("a name that is long enough to be kept apart, \(number % 10)") }
    for number in 0..<40 { list.tables.append((0..<100).map { $0 + number / 20 }) }
    let graph = try HeapGraph.capture(mode: .frozen)
    let found = waste(.duplicates, in: NameList.self, graph)
    #expect(found[".names[]"]?.count == 290)
    #expect(found[".tables[]"]?.count == 38)
    let each = try HeapSizer().size(of: list.tables[0]).bytes
    #expect(found[".tables[]"]?.wastedBytes == 38 * each)
    withExtendedLifetime(list) {}
  }

  @Test("finds storage of collections without elements")
  func empty() throws {
    let list = made { NameList() }
    list.spare.reserveCapacity(1_000)
    let graph = try HeapGraph.capture(mode: .frozen)
    let found = waste(.emptyCollections, in: NameList.self, graph)
    #expect(Set(found.keys) == [".spare"])
    #expect(found[".spare"]?.wastedBytes == (try HeapSizer().size(of: list.spare).bytes))
    withExtendedLifetime(list) {}
  }

  @Test("sees instances that some bytes make fall into the next size class")
  func larger() throws {
    final class Wide { var words = (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0) }  // 136 bytes
    let many = (0..<50).map { _ in Wide() }
    let graph = try HeapGraph.capture(mode: .frozen)
    let record = graph.waste.first { $0.kind == .largerClass && $0.typeName == typeName(of: Wide.self) }
    #expect(record?.count == 50)
    #expect(record?.excessBytes == 8)
    withExtendedLifetime(many) {}
  }
}
