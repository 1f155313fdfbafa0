// SPDX-License-Identifier: Apache-2.0

/// At most so many nanoseconds more than the floor, and at most so many times as long.
struct EventTarget {
  var overFloor: Double
  /// Reached when what is above this many times the floor is within `overFloor`.
  var ratio = 1.0

  var description: String {
    ratio == 1 ? "+\(overFloor.decimals(0)) ns" : "\(ratio.decimals(1)) x + \(overFloor.decimals(0)) ns"
  }

  func isReached(pair: Double, floor: Double) -> Bool { pair <= ratio * floor + overFloor }
}

/// What one way of tracking costs for each object made and freed.
struct EventFigures: Encodable {
  var title: String
  var threads: Int
  var nsPerPair: Double
  var fastestNsPerPair: Double
  var nsOverFloor: Double
  var ratioToFloor: Double
  var target: String?
  var isReached: Bool?

  /// From the times of all rounds, and the floor's of the same rounds.
  init(_ way: EventWay, _ times: [Double], floor: [Double]) {
    title = way.title
    threads = way.threads
    nsPerPair = times.median.rounded(to: 1)
    fastestNsPerPair = (times.min() ?? .nan).rounded(to: 1)
    nsOverFloor = zip(times, floor).map { $0 - $1 }.median.rounded(to: 1)
    ratioToFloor = zip(times, floor).map { $0 / $1 }.median.rounded(to: 2)
    target = way.target?.description
    isReached = way.target.map { target in
      zip(times, floor).map { target.isReached(pair: $0, floor: $1) ? 1 : 0 }.median == 1
    }
  }
}

extension [EventFigures] {
  var table: Table {
    var table = Table(
      .text("tracked"), .number("threads"), .number("pair"), .number("fastest"), .number("over floor"),
      .number("ratio"), .text("target"))
    for row in self {
      table.append(
        row.title, String(row.threads), row.nsPerPair.decimals(1), row.fastestNsPerPair.decimals(1),
        row.nsOverFloor.decimals(1), row.ratioToFloor.decimals(2), mark(row.target ?? "", row.isReached))
    }
    return table
  }
}
