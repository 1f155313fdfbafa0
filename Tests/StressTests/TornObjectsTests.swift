// SPDX-License-Identifier: Apache-2.0
import Sizer
import Testing

/// A list whose end holds something of any type.
private final class Link {
  var next: Link?
  var end: Ending?

  /// So many in a row.
  static func row(_ count: Int, end: Ending? = nil) -> Link {
    let last = Link()
    last.end = end
    var first = last
    for _ in 1..<count {
      let link = Link()
      link.next = first
      first = link
    }
    return first
  }
}

private final class Ending {
  var value: Any = 1
}

private final class Keyed {
  var table: [String: [Int]] = [:]
  init() {
    table[String("a key that is no small string".reversed().reversed())] = Array(0..<CommandLine.arguments.count + 9)
  }
}

/// Of a size that little else has.
private final class Wide {
  var next: Wide?
  var padding: (SIMD64<Int>, Int) = (.zero, 0)
}

extension Stress {
  /// Objects as another thread may leave them for a moment: in a frozen image the moment lasts.
  @Suite struct TornObjectsTests {
    /// Overwrites a word of an object while `body` runs.
    private func withWord(
      at offset: Int, of object: AnyObject, being word: UInt, _ body: () throws -> Void
    ) rethrows {
      let place = Unmanaged.passUnretained(object).toOpaque() + offset
      let before = place.load(as: UInt.self)
      place.storeBytes(of: word, as: UInt.self)
      defer { place.storeBytes(of: before, as: UInt.self) }
      try body()
    }

    @Test("an object behind which lies what faults is skipped, and what was counted for it is nobody else's")
    func faults() throws {
      try expectNothingLeft {
        let tracker = ClassTracker()
        let ending = Ending()
        // Long enough for the walk's loops, which add up what they count at their end.
        let (torn, whole) = (Link.row(1000, end: ending), Link.row(1000))
        try tracker.track(torn, name: "torn")
        try tracker.track(whole, name: "whole")
        let before = try tracker.createSnapshot(mode: .frozen)
        // The header, three words of the value, its type: an address that no process has.
        try withWord(at: 16 + 24, of: ending, being: 0x5000) {
          let snapshot = try tracker.createSnapshot(mode: .frozen)
          #expect(snapshot.skippedCount == 1)
          #expect(snapshot.classes == before.classes)
        }
        let after = try tracker.createSnapshot(mode: .frozen)
        #expect(after.skippedCount == 0)
        #expect(after.classes == before.classes)
        #expect(tracker.statistics.objects.allSatisfy { Set($0.sizes.map(\.bytes)).count == 1 })
        withExtendedLifetime((torn, whole)) {}
      }
    }

    @Test("a key whose text is nowhere costs its object's names and size, and nobody else's")
    func tornKey() throws {
      try expectNothingLeft {
        let tracker = ClassTracker()
        let (torn, whole) = (Keyed(), Keyed())
        try tracker.track(torn, name: "torn", resolutionLevel: 2)
        try tracker.track(whole, name: "whole", resolutionLevel: 2)
        let before = try tracker.createSnapshot(mode: .frozen)
        // The storage of a dictionary with one element: the keys are where the word at 48 says; the second word of a
        // string is where its text is.
        let storage = unsafeBitCast(torn.table, to: AnyObject.self)
        let key = Unmanaged.passUnretained(storage).toOpaque().load(
          fromByteOffset: 48, as: UnsafeMutableRawPointer.self)
        let bucket = try #require((0..<2).first { (key + 16 * $0 + 8).load(as: UInt.self) >> 60 == 8 })
        let text = (key + 16 * bucket + 8).load(as: UInt.self)
        (key + 16 * bucket + 8).storeBytes(of: 0x8000_0000_0000_5000, as: UInt.self)
        let snapshot = try tracker.createSnapshot(mode: .frozen)
        (key + 16 * bucket + 8).storeBytes(of: text, as: UInt.self)
        #expect(snapshot.skippedCount == 1)
        #expect(snapshot.classes == before.classes)
        for object in tracker.statistics.objects {
          #expect(object.records.map { $0.referents.map(\.name) } == [["table"], ["table"]], "as it was")
          #expect(object.records[1].referents[0].children.map(\.name) == ["[a key that is no small string]"])
        }
        withExtendedLifetime((torn, whole)) {}
      }
    }

    @Test("a reference to what was freed adds nothing")
    func freed() throws {
      try expectNothingLeft {
        let tracker = ClassTracker()
        let object = Wide()
        try tracker.track(object)
        let before = try tracker.createSnapshot(mode: .frozen)
        // Every other one lives on: the allocator keeps its pages for them.
        var neighbours: [Wide] = []
        // The last of a list is freed first, and the allocator reuses what was freed last first: the middle stays as it
        // was.
        let freed: UInt = {
          var middle: UInt = 0
          var first = Wide()
          for index in 0..<200 {
            let wide = Wide()
            neighbours.append(Wide())
            wide.next = first
            first = wide
            if index == 100 { middle = UInt(bitPattern: Unmanaged.passUnretained(wide).toOpaque()) }
          }
          return middle
        }()
        try withWord(at: 16, of: object, being: freed) {
          let snapshot = try tracker.createSnapshot(mode: .frozen)
          #expect(snapshot.classes == before.classes)
        }
        withExtendedLifetime((object, neighbours)) {}
      }
    }
  }
}
