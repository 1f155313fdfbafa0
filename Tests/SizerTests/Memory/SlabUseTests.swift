// SPDX-License-Identifier: Apache-2.0
import Sizer
import SizerProfile
import Testing

@Suite("Engine.slabUse")
struct SlabUseTests {
  /// 16 bytes of head and as many of content: jemalloc's class of 320 bytes is used by few others.
  private final class Wide {
    var content:
      (
        (Int, Int, Int, Int, Int, Int, Int, Int), (Int, Int, Int, Int, Int, Int, Int, Int),
        (Int, Int, Int, Int, Int, Int, Int, Int), (Int, Int, Int, Int, Int, Int, Int, Int), Int, Int, Int, Int
      )?
  }
  private final class Narrow {
    var content = 1
  }

  /// Allocators' pages, which need not be the kernel's, are of so many bytes or of a multiple.
  private static let leastPage = 4096

  private func use(_ objects: [(object: AnyObject, class: UInt32)], classCount: Int) throws -> [SlabUse] {
    let addresses = objects.map { UInt(bitPattern: Unmanaged.passUnretained($0.object).toOpaque()) }
    let classes = objects.map(\.class)
    return try addresses.withUnsafeBufferPointer { addresses in
      try classes.withUnsafeBufferPointer { classes in
        try Engine.slabUse(objects: addresses, classes: classes, classCount: classCount)
      }
    }
  }

  @Test("many objects fill their slabs, and a few of them pin nearly as many")
  func thinning() throws {
    var objects: [(object: AnyObject, class: UInt32)] = []
    for index in 0..<10_000 { objects.append((index % 2 == 0 ? Wide() : Narrow(), UInt32(index % 2))) }
    let full = try use(objects, classCount: 3)
    let size = try HeapSizer().sizes(of: [objects[0].object, objects[1].object])
    for (index, use) in full.prefix(2).enumerated() {
      #expect(use.objectCount == 5_000 && use.unresolvedCount == 0)
      #expect(use.objectBytes == 5_000 * size[index].bytes)
      #expect(use.slabBytes >= use.takenBytes && use.takenBytes >= use.objectBytes)
      #expect(use.slabBytes % Self.leastPage == 0 && use.slabCount > 0)
    }
    #expect(full[0].fill > 0.9)
    #expect(full[2] == SlabUse() && full[2].fill == 1)

    var kept = 0
    objects.removeAll { entry in
      kept += entry.class == 0 ? 1 : 0
      return entry.class == 0 && kept % 16 != 1
    }
    let thin = try use(objects, classCount: 3)
    #expect(thin[0].objectCount == 313)
    #expect(thin[0].slabBytes > full[0].slabBytes / 2)
    #expect(thin[0].fill < full[0].fill)
    #expect(thin[1].objectCount == 5_000)
  }

  @Test("addresses that are no objects are unresolved, and classes out of range an error")
  func badInput() throws {
    let addresses: [UInt] = [0, 1, 4096, 1 << 46, .max]
    let classes: [UInt32] = [0, 0, 0, 0, 0]
    try addresses.withUnsafeBufferPointer { addresses in
      try classes.withUnsafeBufferPointer { classes in
        let use = try Engine.slabUse(objects: addresses, classes: classes, classCount: 1)
        #expect(use == [SlabUse(unresolvedCount: 5)])
        let error = #expect(throws: SizerError.self) {
          try Engine.slabUse(objects: addresses, classes: classes, classCount: 0)
        }
        #expect(error?.code == .invalidArgument)
        let empty = UnsafeBufferPointer<UInt32>(start: nil, count: 0)
        #expect(throws: SizerError.self) { try Engine.slabUse(objects: addresses, classes: empty, classCount: 1) }
      }
    }
  }
}
