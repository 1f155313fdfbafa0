// SPDX-License-Identifier: Apache-2.0

package import SizerExports
package import SizerProfile

/// Sentences in English, as the page has them with and without its script.
extension Sentences {
  /// A snapshot's totals.
  package static func totals(of snapshot: Snapshot) -> String {
    let objects = snapshot.classes.values.reduce(0) { $0 &+ clamped($1.active) }
    let process = snapshot.process
    let tracked =
      "\(bytes(snapshot.trackedBytes)) in \(counted(objects, "living tracked object", "living tracked objects")) of "
      + "\(counted(snapshot.classes.count, "class", "classes"))."
    let alive = living(snapshot)
    return
      [snapshot.classes.isEmpty && alive != nil ? nil : tracked, alive].compactMap(\.self).joined(separator: " ")
      + " The process had \(bytes(process.resident)) resident of \(bytes(process.virtual)) virtual memory. "
      + "The profiler itself held \(bytes(snapshot.overheadBytes))."
      + group(process) + notes(snapshot)
  }

  /// The whole heap, where the snapshot tells of it.
  private static func living(_ snapshot: Snapshot) -> String? {
    guard let heap = snapshot.heap else { return nil }
    let count = heap.reduce(0) { $0 &+ clamped($1.count) }
    let sum = heap.reduce(0) { $0 &+ clamped($1.bytes) }
    return "\(counted(count, "Swift object lives", "Swift objects live")) in \(bytes(sum))."
  }

  private static func group(_ process: ProcessMemory) -> String {
    guard let current = process.cgroupCurrent, let limit = process.cgroupLimit else { return "" }
    let most = process.cgroupPeak.map { ", and at most \(bytes($0))" } ?? ""
    return " Its control group had \(bytes(current)) of a limit of \(bytes(limit))\(most)."
  }

  private static func notes(_ snapshot: Snapshot) -> String {
    var notes = ""
    if snapshot.mode == .counts {
      return " Only counts and the objects' own bytes, without what they refer to: \(snapshot.error ?? "asked for")."
    }
    if snapshot.skippedCount != 0 {
      notes += " \(counted(snapshot.skippedCount, "object", "objects")) could not be sized and kept the size of before."
    }
    if snapshot.unresolvedCount != 0 {
      notes +=
        " \(counted(snapshot.unresolvedCount, "object", "objects")) of unknown layout were counted but not followed."
    }
    if snapshot.estimatedBytes != 0 {
      notes += " Of the tracked bytes \(bytes(snapshot.estimatedBytes)) are an estimate."
    }
    if let error = snapshot.error { notes += " Objects were not sized: \(error)" }
    return notes
  }
}
