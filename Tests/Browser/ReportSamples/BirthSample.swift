// SPDX-License-Identifier: Apache-2.0

import SizerProfile

/// What was tracked with stacks, of which some has died. Tests/Exports/check.py knows the figures.
enum BirthSample {
  private static let second: Int64 = 1_000_000_000

  static func history() -> History {
    var history = History(
      snapshots: [Snapshot(label: "early", timestamp: .seconds(10)), Snapshot(label: "late", timestamp: .seconds(60))],
      names: ["Shop.Session", "Shop.Page"])
    history.tags = [
      "service.name": "shop", "k8s.pod.name": "shop-7", "process.pid": "42",
      "process.start_unix_nano": "1700000000000000000",
    ]
    history.traces = [
      StackTrace(frames: [frame(1, "Server.open(_:)", "Server.swift", 88), frame(3, "main", "main.swift", 3)]),
      StackTrace(frames: [
        frame(2, "Page.load(_:)", "Page.swift", 7, isInlined: true), frame(2, "Cache.fill()", "Cache.swift", 21),
        frame(3, "main", "main.swift", 3),
      ]),
    ]
    // 40 sessions that the first snapshot saw, of which 25 died between the two and 15 grew.
    for number in 0..<40 {
      let isDead = number < 25
      let sizes: [(UInt32, Int64)] = isDead ? [(0, 1_000)] : [(0, 1_000), (1, 1_200)]
      add(to: &history, class: 0, birth: 1, death: isDead ? 30 : nil, sizes: sizes)
    }
    // 5 pages that no snapshot saw, and 100 that live.
    for _ in 0..<5 { add(to: &history, class: 1, birth: 2, death: 4, sizes: []) }
    for _ in 0..<100 { add(to: &history, class: 1, birth: 20, death: nil, sizes: [(1, 512)]) }
    return history
  }

  private static func add(
    to history: inout History, class name: UInt32, birth: Int64, death: Int64?, sizes: [(UInt32, Int64)]
  ) {
    let number = UInt32(history.objects.count)
    history.objects.append(
      History.ObjectRow(
        name: name, className: name, currentClass: name, trace: name,
        address: death == nil ? 0x1000 * UInt64(number + 1) : 0, birth: birth * second,
        end: death.map { $0 * second } ?? .max, isDead: death != nil))
    for (snapshot, bytes) in sizes {
      history.sizes.append(History.SizeRow(object: number, snapshot: snapshot, bytes: bytes))
    }
  }

  private static func frame(
    _ place: UInt64, _ function: String, _ file: String, _ line: Int, isInlined: Bool = false
  ) -> StackTrace.Frame {
    StackTrace.Frame(
      address: 0x5500_0000_0000 + place * 256, function: function, file: "/srv/shop/\(file)", line: line,
      isInlined: isInlined, image: "/srv/shop/server", imageOffset: place * 256, buildID: "c0ffee")
  }
}
