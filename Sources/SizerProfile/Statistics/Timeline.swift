// SPDX-License-Identifier: Apache-2.0

/// Says which snapshots found an object: those taken in its life, from the first that sized it on, and that did not
/// fail.
struct Timeline: Sendable {
  /// When each snapshot was taken, in nanoseconds. Rounded down, which is exact here: births and ends are whole
  /// nanoseconds.
  private let times: [Int64]
  /// How many of the snapshots before each did not fail; one more than there are snapshots.
  private let soundBefore: [Int]

  init(_ snapshots: [Snapshot]) {
    times = snapshots.map { nanoseconds($0.timestamp) }
    var counts = [0]
    for snapshot in snapshots { counts.append(counts[counts.count - 1] + (snapshot.error == nil ? 1 : 0)) }
    soundBefore = counts
  }

  /// The snapshots in the life of an object that `first` was the first to size; those that failed are among them.
  func life(of object: History.ObjectRow, from first: UInt32) -> Range<Int> {
    let start = max(Int(first), times.partitioningIndex { $0 >= object.birth })
    let end = object.end == .max ? times.count : times.partitioningIndex { $0 >= object.end }
    return start..<max(start, end)
  }

  /// Whether the snapshot sized objects.
  func isSound(_ snapshot: Int) -> Bool { hasSound(snapshot..<snapshot + 1) }

  /// Whether one of the snapshots sized objects.
  func hasSound(_ snapshots: Range<Int>) -> Bool {
    soundBefore[snapshots.upperBound] > soundBefore[snapshots.lowerBound]
  }
}

/// Nanoseconds of a duration, rounded down; the nearest there is when they do not fit.
private func nanoseconds(_ duration: Duration) -> Int64 {
  let (seconds, attoseconds) = duration.components
  let whole = seconds.multipliedReportingOverflow(by: 1_000_000_000)
  let (rest, below) = attoseconds.quotientAndRemainder(dividingBy: 1_000_000_000)
  let sum = whole.partialValue.addingReportingOverflow(below < 0 ? rest - 1 : rest)
  guard whole.overflow || sum.overflow else { return sum.partialValue }
  return seconds < 0 ? .min : .max
}

extension RandomAccessCollection {
  /// The first position from which on `belongsBehind` holds, in a collection in which it holds for no element before.
  func partitioningIndex(where belongsBehind: (Element) -> Bool) -> Index {
    var low = startIndex
    var count = self.count
    while count > 0 {
      let half = count / 2
      let middle = index(low, offsetBy: half)
      if belongsBehind(self[middle]) {
        count = half
      } else {
        low = index(after: middle)
        count -= half + 1
      }
    }
    return low
  }
}
