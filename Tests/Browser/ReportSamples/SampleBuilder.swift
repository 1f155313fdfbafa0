// SPDX-License-Identifier: Apache-2.0

import SizerProfile

/// Makes a history object by object, and keeps beside it, in the plainest way, the figures that its report must show.
struct SampleBuilder {
  /// What a report must say of a class.
  struct ExpectedClass: Encodable {
    var made = 0
    var active: [Int]
    var bytes: [Int]
    /// Of the pair of snapshots that is compared.
    var born = 0
    var gone = 0
    var stayed = 0
    var bornBytes = 0
    var goneBytes = 0
    var grownBytes = 0
    /// By the snapshots that were asked for them.
    var slabs: [Int: SlabUse] = [:]
  }

  private(set) var history: History
  private(set) var expected: [String: ExpectedClass] = [:]
  private let times: [Int64]
  private let pair: (from: Int, to: Int)
  private var nameIndices: [String: UInt32] = [:]

  /// - Parameters:
  ///   - snapshots: with their times; classes and totals are filled in at the end.
  ///   - pair: the positions of the snapshots that will be compared.
  init(snapshots: [Snapshot], pair: (from: Int, to: Int)) {
    history = History(snapshots: snapshots)
    times = snapshots.map { Int64($0.timestamp / .nanoseconds(1)) }
    self.pair = pair
  }

  mutating func trace(_ frames: [StackTrace.Frame]) -> UInt32 {
    history.traces.append(StackTrace(frames: frames))
    return UInt32(history.traces.count - 1)
  }

  /// Adds an object; `size` is asked for each snapshot that finds it alive.
  mutating func add(
    _ name: String, type: String? = nil, birth: Int64, end: Int64 = .max, isDead: Bool = true,
    trace: UInt32 = History.ObjectRow.none, tree: ((Int) -> [SizeNode]?)? = nil, size: (Int) -> Int
  ) {
    let object = UInt32(history.objects.count)
    let address = end == .max ? 0x7f00_0000_0000 + UInt64(object) * 48 : 0
    history.objects.append(
      History.ObjectRow(
        name: index(of: name), className: index(of: type ?? name), currentClass: index(of: type ?? name), trace: trace,
        address: address, birth: birth, end: end, isDead: end != .max && isDead))
    var entry = expected[name] ?? Self.empty(times.count)
    entry.made += 1
    var before: Int?
    var atFrom: Int?
    var atTo: Int?
    for (snapshot, time) in times.enumerated() where birth <= time && time < end {
      let bytes = size(snapshot)
      if bytes != before {
        history.sizes.append(History.SizeRow(object: object, snapshot: UInt32(snapshot), bytes: Int64(bytes)))
      }
      if let tree = tree?(snapshot) {
        history.referents.append(History.ReferentRow(object: object, snapshot: UInt32(snapshot), tree: tree))
      }
      before = bytes
      entry.active[snapshot] += 1
      entry.bytes[snapshot] &+= bytes
      if snapshot == pair.from { atFrom = bytes }
      if snapshot == pair.to { atTo = bytes }
    }
    Self.compare(atFrom, atTo, &entry)
    expected[name] = entry
  }

  private static func compare(_ from: Int?, _ to: Int?, _ entry: inout ExpectedClass) {
    switch (from, to) {
    case (let from?, let to?):
      entry.stayed += 1
      entry.grownBytes &+= to &- from
    case (let from?, nil):
      entry.gone += 1
      entry.goneBytes &+= from
    case (nil, let to?):
      entry.born += 1
      entry.bornBytes &+= to
    case (nil, nil): break
    }
  }

  /// Slabs that the living instances of a class pin at a snapshot.
  mutating func pin(_ name: String, at snapshot: Int, _ slabs: SlabUse) { expected[name]?.slabs[snapshot] = slabs }

  private static func empty(_ count: Int) -> ExpectedClass {
    let zeros = [Int](repeating: 0, count: count)
    return ExpectedClass(active: zeros, bytes: zeros)
  }

  private mutating func index(of name: String) -> UInt32 {
    if let index = nameIndices[name] { return index }
    nameIndices[name] = UInt32(history.names.count)
    history.names.append(name)
    return UInt32(history.names.count - 1)
  }

  /// The history, its snapshots with what the objects add up to.
  func finished() -> History {
    var history = history
    for position in history.snapshots.indices {
      let total = expected.values.reduce(0) { $0 &+ $1.bytes[position] }
      history.snapshots[position].trackedBytes = total
      for (name, entry) in expected {
        history.snapshots[position].classes[name] = ClassRecord(
          active: entry.active[position], bytes: entry.bytes[position],
          share: total > 0 ? Double(entry.bytes[position]) / Double(total) : 0, slabs: entry.slabs[position])
      }
    }
    return history
  }
}
