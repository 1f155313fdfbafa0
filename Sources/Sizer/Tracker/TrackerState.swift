// SPDX-License-Identifier: Apache-2.0

/// What was asked for when a class or an object was tracked.
struct TrackRequest: Hashable, Sendable {
  var name: String
  var resolutionLevel: Int
  var keep: Bool
  var traceDepth: Int
}

/// What a tracker knows beside the engine's records. Guarded by the tracker's lock.
struct TrackerState: Sendable {
  /// When the tracker was made: all its times count from there.
  let epoch: Ticks
  var isClosed = false
  /// Counts how often all was forgotten: sizes of before are of nothing then.
  private(set) var generation = 0
  /// By the number that the engine's records refer to them with. Equal ones have one number.
  private(set) var requests: [TrackRequest] = []
  private var numbers: [TrackRequest: UInt32] = [:]
  /// The tracked classes and what was said of them last.
  var classes: [ObjectIdentifier: TrackRequest] = [:]
  /// Every name under which something was tracked: snapshots list them all.
  private(set) var names: Set<String> = []
  var snapshots: [Snapshot] = []
  /// In order of snapshot, then of object.
  var referents: [History.ReferentRow] = []
  /// What was last recorded of an object with named referents.
  var lastTrees: [UInt32: [SizeNode]] = [:]

  init(epoch: Ticks) {
    self.epoch = epoch
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
    names.insert(request.name)
  }

  mutating func forget() {
    generation += 1
    requests = []
    numbers = [:]
    names = []
    snapshots = []
    referents = []
    lastTrees = [:]
  }
}
