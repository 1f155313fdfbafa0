// SPDX-License-Identifier: Apache-2.0

import Sizer
import SizerGraph
import SizerProfile

/// What a recorded run says at its end: how large it became, what grew, what leaked, and where the rest is.
struct RunReport {
  let lines: [String]

  private static let most = 5

  init(_ path: String) throws {
    let statistics = try loadProfile(path)
    let snapshots = statistics.snapshots
    var lines = Self.peak(snapshots) + Self.growth(snapshots) + Self.missing(snapshots)
    lines += try Self.leaks(path)
    if let unmatched = unmatchedPatterns(statistics) { lines.append(unmatched) }
    lines.append(
      snapshots.isEmpty
        ? "nothing is in \(path): the program ended, or went over to another by exec, before the first table"
        : "\(counted(snapshots.count, "snapshot is", "snapshots are")) in \(path); "
          + "`sizer html`, `heap` and `leaks` show more")
    self.lines = lines
  }

  private static func bytes(_ snapshot: Snapshot) -> Int { snapshot.heap?.reduce(0) { $0 &+ $1.bytes } ?? 0 }

  private static func text(_ bytes: Int) -> String { sizeText(bytes).split(separator: " ").joined(separator: " ") }

  private static func peak(_ snapshots: [Snapshot]) -> [String] {
    // The kernel's own mark, where it tells: a peak between two samples is in none of them.
    guard let peak = snapshots.map({ max($0.process.peakResident ?? 0, $0.process.resident) }).max(), peak > 0 else {
      return []
    }
    var line = "peak: \(text(peak)) resident, Sizer's own with it"
    if let largest = snapshots.max(by: { $0.process.resident < $1.process.resident }) {
      line += "; the largest sample \(text(largest.process.resident)) after \(timeText(largest.timestamp))"
    }
    if let heap = snapshots.filter({ $0.heap != nil }).max(by: { bytes($0) < bytes($1) }) {
      let count = heap.heap!.reduce(0) { $0 &+ $1.count }
      line +=
        "; \(text(bytes(heap))) in \(counted(count, "Swift object")) and what they own after "
        + timeText(heap.timestamp)
    }
    return [line]
  }

  private static func growth(_ snapshots: [Snapshot]) -> [String] {
    let tables = snapshots.filter { $0.heap != nil }
    guard tables.count > 1, let first = tables.first?.heap, let last = tables.last?.heap else { return [] }
    let before = Dictionary(first.map { ($0.typeName, ($0.count, $0.bytes)) }) { one, _ in one }
    let grown = last.map { record in
      let (count, bytes) = before[record.typeName] ?? (0, 0)
      return (name: record.typeName, count: record.count - count, bytes: record.bytes - bytes)
    }.filter { $0.bytes > 0 }.sorted { ($1.bytes, $0.name) < ($0.bytes, $1.name) }
    guard !grown.isEmpty else {
      // What a program makes in its first second is in the first table already, unless --every says otherwise.
      let times = (timeText(tables.first!.timestamp), timeText(tables.last!.timestamp))
      return ["no class has grown between the first table, after \(times.0), and the last, after \(times.1)"]
    }
    return ["grown most between the first table and the last:"]
      + grown.prefix(most).map { "  \(text($0.bytes)) and \(counted($0.count, "object")) more: \($0.name)" }
  }

  /// Near a limit of memory there is no room for the image that a table is made of: from then on nothing is known.
  static func missing(_ snapshots: [Snapshot]) -> [String] {
    let missing = snapshots.filter { $0.reasonForNoHeap != nil }
    guard let last = missing.last, let reason = last.reasonForNoHeap else { return [] }
    let asked = snapshots.count { $0.heap != nil } + missing.count
    let time = timeText(last.timestamp)
    return [
      "of \(counted(asked, "table")) of the heap \(counted(missing.count, "is", "are")) missing, "
        + "the last after \(time): \(reason)"
    ]
  }

  private static func leaks(_ path: String) throws -> [String] {
    let source = try HeapSource(path)
    guard let last = source.file.entries.indices.last else {
      return ["no heap image, so leaks are not known: the program ended at once (by a signal, a trap or _exit)"]
    }
    let proved = try source.leaks(at: last).filter { $0.grade == .proved }
    guard !proved.isEmpty else {
      return source.file.entries.count > 1 ? ["no leak is proved"] : []
    }
    let bytes = text(proved.reduce(0) { $0 + $1.bytes })
    return ["leaked, proved: \(counted(proved.reduce(0) { $0 + $1.objectCount }, "object")), \(bytes):"]
      + proved.prefix(most).map {
        "  \(counted($0.groupCount, "time")) \(text($0.bytes / max($0.groupCount, 1))): \($0.cycle)"
      }
      + (proved.count > most
        ? ["  and \(counted(proved.count - most, "shape")) more; `sizer leaks` shows the rest"] : [])
  }
}
