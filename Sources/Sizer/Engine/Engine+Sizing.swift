// SPDX-License-Identifier: Apache-2.0
import CSizer

/// What one sizing of a tracker's objects found.
struct Sizing: Sendable {
  var mode: SnapshotMode
  /// The moment that the sizes are of.
  var taken: Ticks
  /// For how long births and deaths had to wait.
  var pause: Duration = .zero
  /// Living objects and their bytes, by cohort.
  var sums: [(active: Int, bytes: Int)] = []
  var skippedCount = 0
  var unresolvedCount = 0
  /// The part of the sizes that is an estimate.
  var estimatedBytes = 0
  /// Usable bytes of all Swift objects of the process, and of raw blocks that they own; nil when nobody looked.
  var heap: (objects: Int, raw: Int, dead: Int)?
  /// The same by class; nil when nobody asked.
  var heapClasses: [TypeRecord]?
  /// The named referents of the objects whose resolution level asks for them.
  var trees: [(object: UInt32, referents: [SizeNode])] = []
}

extension Engine {
  /// Sizes all living objects of a tracker in the process itself. The tracker's lock is held; it was taken in the turn.
  ///
  /// While births and deaths wait nobody is asked for types, for those who wait may hold the locks of the runtime or of
  /// the loader: a type that is not known yet is learnt afterwards, and all are sized again.
  static func sizeInPlace(
    _ lifetimes: Lifetimes, in turn: inout Turn, operation: String
  ) throws(SizerError) -> FinishedSizing {
    try lifetimes.list(operation: operation)
    var pause = Duration.zero
    var attempt = 0
    while true {
      attempt += 1
      var sizing = try sizeOnce(lifetimes, in: &turn, operation: operation)
      pause += sizing.found.pause
      sizing.found.pause = pause  // of all attempts
      let learnt = sizing.unknownCount > 0 ? try learn(sizing.results, in: &turn, operation: operation) : 0
      if learnt == 0 || attempt == mostAttempts {
        sizing.found.trees = sizing.results.trees()
        return sizing
      }
    }
  }

  /// Counts the living objects of a tracker and the bytes of their own blocks, without a walk. The tracker's lock is
  /// held.
  static func count(_ lifetimes: Lifetimes, operation: String) throws(SizerError) -> Sizing {
    try lifetimes.list(operation: operation)
    let count = csizer_lifetimes_cohort_count(lifetimes.handle)
    var sums = [csizer_cohort_sum](repeating: csizer_cohort_sum(), count: Int(count))
    var living: UInt32 = 0
    let asked = Ticks.now
    let held = Ticks(value: csizer_lifetimes_hold())
    let status = csizer_sizing_own(lifetimes.handle, &sums, count, &living)
    csizer_lifetimes_resume()
    try check(status, operation: operation)
    var found = Sizing(mode: .counts, taken: held, pause: Ticks.now.duration(since: asked))
    found.sums = sums.map { (Int($0.active), Int($0.bytes)) }
    found.skippedCount = Int(living)
    return found
  }

  /// How often all are sized until all types are known. Each attempt shows types behind those of the one before.
  static let mostAttempts = 12

  private static func sizeOnce(
    _ lifetimes: Lifetimes, in turn: inout Turn, operation: String
  ) throws(SizerError) -> FinishedSizing {
    let walk = try turn.makeWalk(operation: operation)
    try check(csizer_sizing_prepare(lifetimes.handle, walk.layouts.handle), operation: operation)
    var sizing = try sizeHolding(lifetimes, walk, operation: operation)
    sizing.unknownCount = Int(csizer_sizing_unknown(sizing.results.handle, walk.layouts.handle))
    sizing.found.unresolvedCount = walk.totals.unresolvedCount + sizing.unknownCount
    sizing.found.estimatedBytes = walk.totals.estimatedBytes
    return sizing
  }

  private static func sizeHolding(
    _ lifetimes: Lifetimes, _ walk: borrowing Walk, operation: String
  ) throws(SizerError) -> FinishedSizing {
    let asked = Ticks.now  // not before: births and deaths don't wait for another walk
    let held = Ticks(value: csizer_lifetimes_hold())
    defer { csizer_lifetimes_resume() }
    let results = try SizingResults(of: lifetimes, isShared: false, operation: operation)
    try walk.size(results.handle)
    let found = Sizing(mode: .inPlace, taken: held, pause: Ticks.now.duration(since: asked))
    return FinishedSizing(found: found, results: results)
  }

  /// Compiles the types that a sizing did not know: how many it could.
  static func learn(
    _ results: borrowing SizingResults, in turn: inout Turn, operation: String
  ) throws(SizerError) -> Int {
    let walk = try turn.makeWalk(operation: operation)
    return Int(csizer_sizing_learn(results.handle, walk.layouts.handle))
  }
}

/// A sizing that is done and not recorded yet.
struct FinishedSizing: ~Copyable, Sendable {
  var found: Sizing
  let results: SizingResults
  /// Types that could not be asked for.
  var unknownCount = 0

  /// Records what changed under the snapshot's number. The tracker's lock is held.
  mutating func record(as snapshot: Int, operation: String) throws(SizerError) {
    try results.record(as: snapshot, in: &found, operation: operation)
  }
}

/// Owns the results of a sizing until they are recorded.
struct SizingResults: ~Copyable, Sendable {
  // unsafe: owned, and used by one thread after the other.
  nonisolated(unsafe) let handle: OpaquePointer
  private let lifetimes: Lifetimes

  /// Lists the living, while holding.
  init(of lifetimes: Lifetimes, isShared: Bool, operation: String) throws(SizerError) {
    var made: OpaquePointer?
    try Engine.check(csizer_sizing_create(lifetimes.handle, isShared, &made), operation: operation)
    handle = made!
    self.lifetimes = lifetimes
  }

  deinit {
    csizer_sizing_destroy(handle)
  }

  /// What lives, by class; nil unless it was asked for and a child came to it. `names` are those of the kinds that
  /// there were before the child was made.
  func heapClasses(named names: [String]) -> [TypeRecord]? {
    var count = 0
    guard let rows = csizer_sizing_kinds(handle, &count) else { return nil }
    let records = (0..<count).compactMap { kind -> TypeRecord? in
      let row = rows[kind]
      guard row.all.count > 0 else { return nil }
      return TypeRecord(
        typeName: kind < names.count ? names[kind] : "dead, kept by unowned", count: row.all.count,
        bytes: row.all.bytes, requestedBytes: row.all.requested, unusedCapacityBytes: row.all.unused,
        estimatedBytes: row.all.estimated, untrackedCount: row.untracked_count, untrackedBytes: row.untracked_bytes)
    }
    return TypeRecord.merged(records)
  }

  /// The trees of named referents, by object.
  func trees() -> [(object: UInt32, referents: [SizeNode])] {
    var start: UnsafeRawPointer?
    let count = csizer_sizing_referents(handle, &start)
    let bytes = UnsafeRawBufferPointer(start: start, count: count)
    var trees: [(object: UInt32, referents: [SizeNode])] = []
    var reader = ReferentReader()
    var offset = 0
    while offset < count {
      let head = bytes.loadUnaligned(fromByteOffset: offset, as: csizer_referent_tree.self)
      offset += MemoryLayout<csizer_referent_tree>.size
      let tree = UnsafeRawBufferPointer(rebasing: bytes[offset..<offset + Int(head.bytes)])
      trees.append((head.object, reader.tree(in: tree).children))
      offset += Int(head.bytes)
    }
    return trees
  }

  fileprivate func record(as snapshot: Int, in found: inout Sizing, operation: String) throws(SizerError) {
    let count = csizer_lifetimes_cohort_count(lifetimes.handle)
    var sums = [csizer_cohort_sum](repeating: csizer_cohort_sum(), count: Int(count))
    var skipped: UInt32 = 0
    try Engine.check(
      csizer_sizing_apply(handle, UInt32(snapshot), &sums, count, &skipped), operation: operation)
    found.sums = sums.map { (Int($0.active), Int($0.bytes)) }
    found.skippedCount = Int(skipped)
  }
}
