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
  /// Usable bytes of all Swift objects of the process, and of raw blocks that they own; nil when nobody looked.
  var heap: (objects: Int, raw: Int)?
  /// The named referents of the objects whose resolution level asks for them.
  var trees: [(object: UInt32, referents: [SizeNode])] = []
}

extension Engine {
  /// Sizes all living objects of a tracker in the process itself. The tracker's lock is held.
  static func sizeInPlace(_ lifetimes: Lifetimes, place: String) throws(SizerError) -> FinishedSizing {
    try lifetimes.list(place: place)
    return try withTree(HeapSizer.Options(), place: place) { (builder) throws(SizerError) in
      let asked = Ticks.now  // not before: births and deaths don't wait for another walk
      let held = Ticks(value: csizer_lifetimes_hold())
      defer { csizer_lifetimes_let_go() }
      let results = try SizingResults(of: lifetimes, isShared: false, place: place)
      var found = Sizing(mode: .inPlace, taken: held)
      try results.run(with: &builder, into: &found, place: place)
      found.unresolvedCount = builder.walk.totals.unresolvedCount
      found.pause = Ticks.now.duration(since: asked)
      return FinishedSizing(found: found, results: results)
    }
  }
}

/// A sizing that is done and not recorded yet.
struct FinishedSizing: ~Copyable, Sendable {
  var found: Sizing
  let results: SizingResults

  /// Records what changed under the snapshot's number. The tracker's lock is held.
  mutating func record(as snapshot: Int, place: String) throws(SizerError) {
    try results.record(as: snapshot, in: &found, place: place)
  }
}

/// Owns the results of a sizing until they are recorded.
struct SizingResults: ~Copyable, Sendable {
  // unsafe: owned, and used by one thread after the other.
  nonisolated(unsafe) let handle: OpaquePointer
  private let lifetimes: Lifetimes

  /// Lists the living, while holding.
  init(of lifetimes: Lifetimes, isShared: Bool, place: String) throws(SizerError) {
    var made: OpaquePointer?
    try Engine.check(csizer_sizing_create(lifetimes.handle, isShared, &made), place: place)
    handle = made!
    self.lifetimes = lifetimes
  }

  deinit {
    csizer_sizing_destroy(handle)
  }

  fileprivate func run(with builder: inout TreeBuilder, into found: inout Sizing, place: String) throws(SizerError) {
    try builder.walk.begin(handle)
    while let (object, level) = try builder.walk.run(handle) {
      let tree = try builder.tree(ofMarkedObjectAt: object, depth: level)
      let number = csizer_sizing_name(handle, UInt64(tree.bytes))
      found.trees.append((number, tree.folded().children))
    }
  }

  fileprivate func record(as snapshot: Int, in found: inout Sizing, place: String) throws(SizerError) {
    let count = csizer_lifetimes_cohort_count(lifetimes.handle)
    var sums = [csizer_cohort_sum](repeating: csizer_cohort_sum(), count: Int(count))
    var skipped: UInt32 = 0
    try Engine.check(
      csizer_sizing_apply(handle, UInt32(snapshot), &sums, count, &skipped), place: place)
    found.sums = sums.map { (Int($0.active), Int($0.bytes)) }
    found.skippedCount = Int(skipped)
  }
}

extension SizeNode {
  /// Without referents that are too small to matter: below a thousandth of the whole they become one. An object with a million
  /// elements would otherwise be recorded a million times over.
  fileprivate func folded() -> SizeNode {
    folded(threshold: bytes / 1000)
  }

  private func folded(threshold: Int) -> SizeNode {
    var result = self
    result.children = children.filter { $0.bytes > threshold }.map { $0.folded(threshold: threshold) }
    let small = children.lazy.filter { $0.bytes <= threshold && $0.bytes > 0 }
    let smallBytes = small.reduce(0) { $0 + $1.bytes }
    if smallBytes > 0 {
      let count = small.reduce(0) { sum, _ in sum + 1 }
      let only = count == 1 ? small.first : nil
      result.children.append(
        only.map { SizeNode(name: $0.name, typeName: $0.typeName, bytes: $0.bytes, flatBytes: $0.flatBytes) }
          ?? SizeNode(name: "(\(count) more)", typeName: "", bytes: smallBytes, flatBytes: smallBytes))
    }
    return result
  }
}
