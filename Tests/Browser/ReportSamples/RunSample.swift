// SPDX-License-Identifier: Apache-2.0

import SizerGraph
import SizerProfile

/// What `sizer run` records: nothing is tracked, a table of the heap each second, and two images at the end.
enum RunSample {
  /// What the page must show: of each type its objects and bytes at the first table and at the last.
  struct Expected: Encodable {
    var types: [String: [Int]]
    var atMost: Int
    var last: Int
  }

  private static let seconds = 8

  /// Pages grow, requests come and go, the configuration stays; one second has no table.
  private static func figures(_ second: Int) -> [String: (count: Int, bytes: Int)] {
    [
      "Shop.Page": (100 * (second + 1), 6_400 * (second + 1)), "Shop.Request": (second % 3, 800_000 * (second % 3)),
      "Shop.Config": (1, 48),
    ]
  }

  private static let missing = 4

  private static func bytes(_ second: Int) -> Int { figures(second).values.reduce(0) { $0 + $1.bytes } }

  static func history() -> History {
    let snapshots = (0..<seconds).map { second in
      let heap = figures(second).filter { $0.value.count > 0 }.map { name, figure in
        TypeRecord(
          typeName: name, count: figure.count, bytes: figure.bytes, requestedBytes: figure.bytes,
          unusedCapacityBytes: 0)
      }
      return Snapshot(
        label: "periodic \(second + 1)", timestamp: .seconds(second + 1), mode: second == missing ? .counts : .frozen,
        process: ProcessMemory(resident: 9_000_000 + 10_000 * second),
        error: second == missing ? "no room for an image" : nil,
        heap: second == missing ? nil : heap.sorted { $0.bytes > $1.bytes })
    }
    var history = History(snapshots: snapshots)
    for (number, label) in ["exit, heap", "exit, heap again"].enumerated() {
      history.snapshots.append(
        Snapshot(
          label: label, timestamp: .milliseconds(9_000 + 20 * number), mode: .frozen,
          process: ProcessMemory(resident: 9_100_000)))
      let image = HeapSample.image(notes: 40, leaked: 3, time: UInt64(9 + number))
      history.heaps.append(.init(snapshot: UInt32(seconds + number), heap: RecordedHeap(image)))
    }
    return history
  }

  static var expected: Expected {
    let (first, last) = (figures(0), figures(seconds - 1))
    return Expected(
      types: first.merging(last) { $1 }.keys.reduce(into: [:]) { types, name in
        types[name] = [first[name]!.count, last[name]!.count, first[name]!.bytes, last[name]!.bytes]
      },
      atMost: (0..<seconds).filter { $0 != missing }.map(bytes).max()!, last: bytes(seconds - 1))
  }
}
