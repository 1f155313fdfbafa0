// SPDX-License-Identifier: Apache-2.0

/// What snapshots of one heap cost.
struct HeapFigures: Codable {
  var mebibytes: Int
  var mode: String
  /// Which pages the allocator was told to take.
  var pages = ""
  /// How many a frozen snapshot was allowed; nil: as many as Sizer takes.
  var threads: Int?
  var residentMiB: Int
  /// How much of it the kernel did put into huge pages.
  var hugeMiB: Int
  /// The same when the busy thread had written to pages that were shared: the kernel splits those.
  var hugeAfterMiB: Int
  var idle: TurnFigures
  var worker: WorkerFigures

  var isFrozen: Bool { mode == "frozen" }

  var title: String {
    "\(mebibytes.grouped) MiB, \(pages), \(isFrozen ? "frozen" : "in place")\(threads == 1 ? ", 1 thread" : "")"
  }
}

/// Snapshots and bare forks of an idle process, in turns; medians, in milliseconds.
struct TurnFigures: Codable {
  var pauseMs: Double
  var totalMs: Double
  /// Processor time of the snapshot's child.
  var childMs: Double
  var forkPauseMs: Double
  var forkTotalMs: Double
  /// The median of each round's.
  var ratio: Double

  init(snapshots: [Span], forks: [Span]) {
    pauseMs = snapshots.map { milliseconds($0.pause) }.median.rounded(to: 3)
    totalMs = snapshots.map { milliseconds($0.total) }.median.rounded(to: 3)
    childMs = snapshots.map { milliseconds($0.child) }.median.rounded(to: 3)
    forkPauseMs = forks.map { milliseconds($0.pause) }.median.rounded(to: 3)
    forkTotalMs = forks.map { milliseconds($0.total) }.median.rounded(to: 3)
    ratio = zip(snapshots, forks).map { Double($0.pause) / Double(max($1.pause, 1)) }.median.rounded(to: 2)
  }
}

func milliseconds(_ nanoseconds: Int64) -> Double { Double(nanoseconds) / 1_000_000 }

extension [HeapFigures] {
  static let ratioLimit = 1.3

  var pauseTable: Table {
    var table = Table(
      .text("heap"), .number("resident"), .number("huge"), .number("pause"), .number("total"),
      .number("child"), .number("fork: pause"), .number("total"), .number("ratio"), .text("target"))
    for row in self {
      table.append(
        row.title, row.residentMiB.grouped, row.hugeMiB.grouped, row.idle.pauseMs.decimals(2),
        row.idle.totalMs.decimals(2), row.isFrozen ? row.idle.childMs.decimals(2) : "",
        row.idle.forkPauseMs.decimals(2), row.idle.forkTotalMs.decimals(2),
        row.idle.ratio.decimals(2),
        row.isFrozen ? mark(Self.ratioLimit.decimals(1), row.idle.ratio <= Self.ratioLimit) : "")
    }
    return table
  }

  var workerTable: Table {
    var table = Table(
      .text("heap"), .number("req/s"), .number("during"), .number("after"), .number("p99"), .number("during"),
      .number("after"), .number("worst"), .number("pause"), .number("huge"), .text("target"))
    for row in self {
      let worker = row.worker
      table.append(
        row.title, worker.before.perSecond.decimals(0), worker.during.perSecond.decimals(0),
        worker.after.perSecond.decimals(0), worker.before.p99Ms.decimals(3), worker.during.p99Ms.decimals(3),
        worker.after.p99Ms.decimals(3), worker.during.worstMs.decimals(2), worker.pauseMs.decimals(2),
        row.hugeAfterMiB.grouped, mark("p99 + pause", row.isFrozen ? worker.isReached : nil))
    }
    return table
  }
}
