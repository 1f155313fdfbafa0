// SPDX-License-Identifier: Apache-2.0

import SeededRandom
import SizerProfile

/// What a server's tracker could have recorded: objects of twenty classes, born over twenty seconds at a hundred
/// places, a third of which die; a snapshot each second, at each of which a tenth of the objects has another size.
struct MadeHistory {
  /// The name of the one object that is larger than all others.
  static let largestName = "Bakery.Oven"
  private static let snapshotCount = 20
  private static let classCount = 20
  private static let traceCount = 100

  private(set) var history = History()
  private let isChanging: Bool
  private var lives = SeededGenerator(seed: 3)
  /// Of its own, so that lives are the same whether sizes change or not.
  private var changes = SeededGenerator(seed: 4)
  private var records: [[ClassRecord]]

  init(objects: Int, changing: Bool) {
    isChanging = changing
    records = Array(
      repeating: Array(repeating: ClassRecord(), count: MadeHistory.classCount), count: Self.snapshotCount)
    history.names = (1..<Self.classCount).map { "Bakery.Orders.Handler\($0)" } + [Self.largestName]
    history.traces = (0..<Self.traceCount).map(MadeHistory.trace)
    history.objects.reserveCapacity(objects)
    for number in 0..<objects { add(number, of: objects) }
    history.snapshots = records.indices.map(snapshot)
  }

  private mutating func add(_ number: Int, of objects: Int) {
    let isLargest = number == objects / 2
    let birth =
      Int64(number) * (Self.snapshotCount.seconds / Int64(objects)) + Int64.random(in: 0..<1_000, using: &lives)
    let dies = Int.random(in: 0..<3, using: &lives) == 0 && !isLargest
    let end = birth + Int64.random(in: 1..<2 * Self.snapshotCount.seconds, using: &lives)
    let name = UInt32(isLargest ? Self.classCount - 1 : Int.random(in: 0..<Self.classCount - 1, using: &lives))
    let isDead = dies && end < Self.snapshotCount.seconds
    let address = 0x7f00_0000_0000 + UInt64(number) * 96 + 16 * UInt64.random(in: 0..<4, using: &lives)
    history.objects.append(
      History.ObjectRow(
        name: name, className: name, currentClass: name, trace: UInt32.random(in: 0..<100, using: &lives),
        address: isDead ? 0 : address, birth: birth, end: isDead ? end : .max, isDead: isDead))
    let size = isLargest ? 1 << 30 : 48 + 16 * Int64.random(in: 0..<64, using: &lives)
    addSizes(of: number, size, class: Int(name), birth: birth, end: isDead ? end : .max)
  }

  private mutating func addSizes(of number: Int, _ first: Int64, class name: Int, birth: Int64, end: Int64) {
    var size = first
    var isNew = true
    for snapshot in 0..<Self.snapshotCount {
      let time = (snapshot + 1).seconds
      guard birth <= time, time < end else { continue }
      if !isNew, isChanging, Int.random(in: 0..<10, using: &changes) == 0 {
        size += 16 * Int64.random(in: 1...4, using: &changes)
        history.sizes.append(History.SizeRow(object: UInt32(number), snapshot: UInt32(snapshot), bytes: size))
      }
      if isNew {
        history.sizes.append(History.SizeRow(object: UInt32(number), snapshot: UInt32(snapshot), bytes: size))
      }
      isNew = false
      records[snapshot][name].active += 1
      records[snapshot][name].bytes += Int(size)
    }
  }

  private func snapshot(_ index: Int) -> Snapshot {
    let tracked = records[index].reduce(0) { $0 + $1.bytes }
    let classes = zip(history.names, records[index]).map { name, record in
      var record = record
      record.share = tracked == 0 ? 0 : Double(record.bytes) / Double(tracked)
      return (name, record)
    }
    return Snapshot(
      label: "second \(index + 1)", timestamp: .nanoseconds((index + 1).seconds), trackedBytes: tracked,
      mode: .frozen, pause: .milliseconds(3),
      process: ProcessMemory(virtual: 4 * tracked, resident: 2 * tracked),
      classes: Dictionary(uniqueKeysWithValues: classes))
  }

  /// Sixteen calls, of which the outer ones are common to all.
  private static func trace(_ number: Int) -> StackTrace {
    StackTrace(
      frames: (0..<16).map { depth in
        let function = depth < 8 ? number * 8 + depth : depth
        return StackTrace.Frame(
          address: 0x40_0000 + UInt64(function) * 64, function: "Bakery.Orders.step\(function)() -> ()",
          file: "Sources/Bakery/Orders\(function % 20).swift", line: 10 + function, image: "/usr/bin/bakery",
          imageOffset: UInt64(function) * 64)
      })
  }
}

extension Int {
  /// So many, in nanoseconds.
  fileprivate var seconds: Int64 { Int64(self) * 1_000_000_000 }
}
