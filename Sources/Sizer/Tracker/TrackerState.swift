// SPDX-License-Identifier: Apache-2.0

/// What was asked for when a class or an object was tracked.
struct TrackRequest: Hashable, Sendable {
  /// nil: each object goes under its class's own.
  var name: String?
  var resolutionLevel: Int
  var keep: Bool
  var traceDepth: Int
}

/// What a tracker knows beside the engine's records. Guarded by the tracker's lock.
struct TrackerState: Sendable {
  /// When the tracker was made: all its times count from there.
  let epoch: Ticks
  /// The same by the wall clock: nanoseconds since 1970.
  let started: Int64
  var isClosed = false
  /// Counts how often all was forgotten: sizes of before are of nothing then.
  private(set) var generation = 0
  /// By the number that the engine's records refer to them with. Equal ones have one number.
  private(set) var requests: [TrackRequest] = []
  private var numbers: [TrackRequest: UInt32] = [:]
  /// The tracked classes and what was said of them last.
  var classes: [ObjectIdentifier: TrackRequest] = [:]
  /// The names by which classes are tracked.
  var patterns: Set<String> = []
  /// Every name under which something was tracked: snapshots list them all.
  private(set) var names: Set<String> = []
  /// How many of the engine's cohorts were looked at for their names.
  private var listedCohorts = 0
  var snapshots: [Snapshot] = []
  /// Up to this one snapshots tell nothing of the whole heap any more.
  private var heapsForgotten = 0
  /// How often a memory limit was near.
  var pictures = 0
  /// In order of snapshot, then of object.
  var referents: [History.ReferentRow] = []
  /// What was last recorded of an object with named referents.
  var lastTrees: [UInt32: [SizeNode]] = [:]

  init(epoch: Ticks, started: Int64) {
    self.epoch = epoch
    self.started = started
  }

  func checkOpen(_ operation: String) throws(SizerError) {
    guard !isClosed else {
      throw SizerError(.closed, operation, "the tracker is closed", advice: "make a new one")
    }
  }

  /// What the engine is to be told.
  mutating func tracking(for request: TrackRequest) -> Lifetimes.Tracking {
    let number = numbers[request] ?? UInt32(requests.count)
    if number == requests.count {
      requests.append(request)
      numbers[request] = number
    }
    return Lifetimes.Tracking(
      number: number, resolutionLevel: request.resolutionLevel, traceDepth: request.traceDepth,
      keep: request.keep)
  }

  /// From now on snapshots list the name.
  mutating func list(_ request: TrackRequest) {
    if let name = request.name { names.insert(name) }
  }

  /// The same of classes that were met since and go under their own names.
  mutating func listMetClasses(in lifetimes: Lifetimes) {
    for cohort in lifetimes.cohorts(from: listedCohorts) {
      if requests[cohort.request].name == nil { names.insert(cohort.className) }
      listedCohorts += 1
    }
  }

  /// What the objects of a cohort go under.
  func name(ofCohort cohort: Int, in lifetimes: Lifetimes) -> String {
    requests[lifetimes.request(ofCohort: cohort)].name ?? lifetimes.className(ofCohort: cohort)
  }

  /// No class is to be tracked any more.
  mutating func dropClasses() {
    classes = [:]
    patterns = []
  }

  var tracksClasses: Bool { !classes.isEmpty || !patterns.isEmpty }

  /// Forgets what the last of these snapshots tell of the whole heap; what was before them is forgotten already.
  mutating func forgetHeaps(of written: Range<Int>) {
    for number in written.reversed() where number < snapshots.count {
      if number < heapsForgotten { break }
      snapshots[number].heap = nil
    }
    heapsForgotten = max(heapsForgotten, written.upperBound)
  }

  mutating func forget() {
    generation += 1
    heapsForgotten = 0
    requests = []
    numbers = [:]
    names = []
    listedCohorts = 0
    snapshots = []
    pictures = 0
    referents = []
    lastTrees = [:]
  }
}
