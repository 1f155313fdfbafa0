// SPDX-License-Identifier: Apache-2.0

internal import SizerProfile

/// Which snapshots and classes a page holds, and the totals of both.
struct Catalogue {
  /// A name that objects are tracked under and what the snapshots say of it, one figure for each kept snapshot.
  struct Class {
    var name: String
    var made = 0
    var peakBytes = 0
    var active: [Int]
    var bytes: [Int]
    /// Of the snapshots that were asked for them, by position.
    var slabs: [(position: Int, use: SlabUse)] = []
  }

  /// Indices of the kept snapshots in the history, ascending.
  let snapshots: [Int]
  /// The largest first.
  let classes: [Class]
  /// How many classes are not in `classes`.
  let otherCount: Int
  /// Their sum.
  let other: Class
  /// For each index into the history's names, the class in `classes`; -1 for those summed in `other`.
  let classOfName: [Int32]

  init(_ history: History, limits: PageLimits) {
    snapshots = Self.chosen(of: history.snapshots, limit: limits.snapshots)
    let names = TextNumbers()
    var totals = Self.totals(history, names)
    let room = min(limits.classes, limits.cells / max(snapshots.count, 1))
    let ranks = names.ranks()
    totals.sort { ($0.peakBytes, $0.made, ranks[$1.name]) > ($1.peakBytes, $1.made, ranks[$0.name]) }
    var indices = [Int](repeating: -1, count: names.texts.count)
    for (index, total) in totals.prefix(room).enumerated() { indices[total.name] = index }

    let empty = [Int](repeating: 0, count: snapshots.count)
    var kept = totals.prefix(room).map {
      Class(name: names.texts[$0.name], made: $0.made, peakBytes: $0.peakBytes, active: empty, bytes: empty)
    }
    var other = Class(name: "", active: empty, bytes: empty)
    for (position, snapshot) in snapshots.enumerated() {
      for (name, record) in history.snapshots[snapshot].classes {
        let active = clamped(record.active)
        let bytes = clamped(record.bytes)
        let index = indices[names.number(of: name)]
        if index >= 0 {
          kept[index].active[position] = active
          kept[index].bytes[position] = bytes
          if let use = record.slabs { kept[index].slabs.append((position, use)) }
        } else {
          other.active[position] &+= active
          other.bytes[position] &+= bytes
        }
      }
    }
    for total in totals.dropFirst(room) { other.made &+= total.made }
    other.peakBytes = other.bytes.max() ?? 0
    classes = kept
    self.other = other
    otherCount = max(0, totals.count - room)
    let numbers = history.names.map { names.number(of: $0) }
    // A name that nothing has is new here.
    classOfName = numbers.map { $0 < indices.count ? Int32(indices[$0]) : -1 }
  }

  private struct Total {
    /// The name's number.
    var name: Int
    var made = 0
    var peakBytes = 0
  }

  /// Every name that an object or a snapshot has, in no particular order.
  private static func totals(_ history: History, _ names: TextNumbers) -> [Total] {
    var counts = [Int](repeating: 0, count: history.names.count)
    for object in history.objects { counts[Int(object.name)] += 1 }
    var totals: [Total] = []
    let position = { (name: String) in
      let number = names.number(of: name)
      if number == totals.count { totals.append(Total(name: number)) }
      return number
    }
    for (name, count) in zip(history.names, counts) where count > 0 { totals[position(name)].made += count }
    for snapshot in history.snapshots {
      for (name, record) in snapshot.classes {
        // Classes that are tracked and had no instance are there too.
        let position = position(name)
        totals[position].peakBytes = max(totals[position].peakBytes, clamped(record.bytes))
      }
    }
    return totals
  }

  /// All, or the first, the last, the largest, the labelled as far as half the room goes, and others at even distances.
  static func chosen(of snapshots: [Snapshot], limit: Int) -> [Int] {
    guard snapshots.count > limit else { return Array(snapshots.indices) }
    var chosen: Set<Int> = [0, snapshots.count - 1]
    if let largest = snapshots.indices.max(by: { snapshots[$0].trackedBytes < snapshots[$1].trackedBytes }) {
      chosen.insert(largest)
    }
    if let largest = snapshots.indices.max(by: { snapshots[$0].process.resident < snapshots[$1].process.resident }) {
      chosen.insert(largest)
    }
    let living = { (index: Int) in snapshots[index].heap?.reduce(0) { $0 &+ clamped($1.bytes) } ?? -1 }
    let sums = snapshots.indices.map(living)
    if let largest = sums.indices.max(by: { sums[$0] < sums[$1] }) { chosen.insert(largest) }
    for index in snapshots.indices where !snapshots[index].label.isEmpty && chosen.count < limit / 2 {
      chosen.insert(index)
    }
    let room = max(limit - chosen.count, 0)
    for step in 0..<room { chosen.insert(step * (snapshots.count - 1) / room) }
    return chosen.sorted()
  }
}

/// A figure that a page can show and add up: a profile from a stranger may hold any.
func clamped(_ value: Int) -> Int { min(max(value, 0), 1 << 53) }

/// Nanoseconds in whole microseconds, which a script's numbers hold for 285 years.
func microseconds(_ nanoseconds: Int64) -> Int { Int(nanoseconds) / 1_000 }

/// The nanoseconds of a duration; the nearest that fit if it is too long.
func nanoseconds(_ duration: Duration) -> Int64 {
  let (seconds, attoseconds) = duration.components
  let (product, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
  if overflow { return seconds < 0 ? .min : .max }
  let (sum, carry) = product.addingReportingOverflow(attoseconds / 1_000_000_000)
  return carry ? (seconds < 0 ? .min : .max) : sum
}
