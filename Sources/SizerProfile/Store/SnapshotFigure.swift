// SPDX-License-Identifier: Apache-2.0

/// The figures of a snapshot that are columns of their own, in the order of ``Schema``: a new one is a line here and
/// one there.
struct SnapshotFigure {
  let column: String
  let path: any WritableKeyPath<Snapshot, Int> & Sendable

  static let all: [SnapshotFigure] = [
    SnapshotFigure(column: "tracked", path: \.trackedBytes),
    SnapshotFigure(column: "overhead", path: \.overheadBytes),
    SnapshotFigure(column: "skipped", path: \.skippedCount),
    SnapshotFigure(column: "unresolved", path: \.unresolvedCount),
    SnapshotFigure(column: "virtual", path: \.process.virtual),
    SnapshotFigure(column: "resident", path: \.process.resident),
    SnapshotFigure(column: "data", path: \.process.data),
    SnapshotFigure(column: "stack", path: \.process.stack),
    SnapshotFigure(column: "code", path: \.process.code),
    SnapshotFigure(column: "shared", path: \.process.shared),
    SnapshotFigure(column: "minor_faults", path: \.process.minorFaults),
    SnapshotFigure(column: "major_faults", path: \.process.majorFaults),
    SnapshotFigure(column: "estimated", path: \.estimatedBytes),
  ]
}

/// Those that may be unknown, likewise.
struct OptionalFigure {
  let column: String
  let path: any WritableKeyPath<Snapshot, Int?> & Sendable

  static let all: [OptionalFigure] = [
    OptionalFigure(column: "peak_resident", path: \.process.peakResident),
    OptionalFigure(column: "cgroup_current", path: \.process.cgroupCurrent),
    OptionalFigure(column: "cgroup_limit", path: \.process.cgroupLimit),
    OptionalFigure(column: "cgroup_peak", path: \.process.cgroupPeak),
  ]
}

/// The parts of a snapshot's ladder, likewise. Any number may be there, and none.
struct LadderFigure {
  let column: String
  let get: @Sendable (MemoryLadder) -> Int?
  /// Leaves the part as it is when there is no number.
  let set: @Sendable (inout MemoryLadder, Int?) -> Void

  private init(_ column: String, _ path: any WritableKeyPath<MemoryLadder, Int> & Sendable) {
    self.column = "ladder_" + column
    get = { $0[keyPath: path] }
    set = { ladder, value in if let value { ladder[keyPath: path] = value } }
  }

  private init(optional column: String, _ path: any WritableKeyPath<MemoryLadder, Int?> & Sendable) {
    self.column = "ladder_" + column
    get = { $0[keyPath: path] }
    set = { ladder, value in ladder[keyPath: path] = value }
  }

  /// The first is there in every ladder: without it there is none.
  static let all: [LadderFigure] = [
    LadderFigure("resident", \.resident),
    LadderFigure(optional: "objects", \.objects),
    LadderFigure(optional: "raw_blocks", \.rawBlocks),
    LadderFigure(optional: "dead_objects", \.deadObjects),
    LadderFigure("other_blocks", \.otherBlocks),
    LadderFigure("thread_caches", \.threadCaches),
    LadderFigure("dirty_pages", \.dirtyPages),
    LadderFigure("muzzy_pages", \.muzzyPages),
    LadderFigure("allocator_metadata", \.allocatorMetadata),
    LadderFigure("unused_in_pages", \.unusedInPages),
    LadderFigure("stacks", \.stacks),
    LadderFigure("mapped_files", \.mappedFiles),
    LadderFigure(optional: "copied_file_pages", \.copiedFilePages),
    LadderFigure("profiler", \.profiler),
  ]
}

/// The figures of a class's slabs, in the order of ``Schema``.
enum SlabFigure {
  static let columns = [
    "slab_objects", "slab_object_bytes", "slab_count", "slab_bytes", "slab_taken_bytes", "slab_unresolved",
  ]
  static let all: [any WritableKeyPath<SlabUse, Int> & Sendable] = [
    \.objectCount, \.objectBytes, \.slabCount, \.slabBytes, \.takenBytes, \.unresolvedCount,
  ]
}

/// The columns of the table `snapshots` but the id, in the order in which they are written and read.
enum SnapshotColumns {
  private static let texts = ["label", "mode", "error", "time", "pause"]
  static let all =
    texts + SnapshotFigure.all.map(\.column) + LadderFigure.all.map(\.column) + OptionalFigure.all.map(\.column)
  static let list = all.joined(separator: ",")
  /// What earlier versions do not have: the first that has it, and what stands for it in those before.
  private static let later: [String: (since: Int64, instead: String)] = {
    let optional = OptionalFigure.all.map { ($0.column, (since: Int64(4), instead: "NULL")) }
    return Dictionary(
      uniqueKeysWithValues: [("estimated", (2, "0")), ("ladder_dead_objects", (2, "NULL"))] + optional)
  }()
  /// The same for a file of this version.
  static func list(in version: Int64) -> String {
    all.map { column in
      guard let later = later[column], version < later.since else { return column }
      return later.instead
    }.joined(separator: ",")
  }
  /// Where the figures begin in a row that begins with the id, and where the ladder does.
  static let figures = Int32(1 + texts.count)
  static let ladder = figures + Int32(SnapshotFigure.all.count)
  static let optional = ladder + Int32(LadderFigure.all.count)
}

extension Duration {
  /// In whole nanoseconds; the nearest one that an Int64 holds when it is out of reach.
  var nanoseconds: Int64 {
    let (seconds, attoseconds) = components
    let (whole, isFar) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
    let (sum, isFarther) = whole.addingReportingOverflow(attoseconds / 1_000_000_000)
    return isFar || isFarther ? (seconds < 0 ? .min : .max) : sum
  }
}

/// The columns of living_classes behind the name.
enum LivingClassFigure {
  static let all: [any WritableKeyPath<TypeRecord, Int> & Sendable] = [
    \.count, \.bytes, \.requestedBytes, \.unusedCapacityBytes, \.estimatedBytes, \.untrackedCount, \.untrackedBytes,
  ]
  static let columns = ["count", "bytes", "requested", "unused", "estimated", "untracked_count", "untracked"]
}
