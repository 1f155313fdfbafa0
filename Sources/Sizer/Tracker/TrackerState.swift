// SPDX-License-Identifier: Apache-2.0

/// What was said when a class or an object was announced.
struct Announcement: Hashable, Sendable {
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
  /// By the number that the engine's records refer to them with. Equal announcements have one number.
  private(set) var announcements: [Announcement] = []
  private var numbers: [Announcement: UInt32] = [:]
  /// The tracked classes and what was said of them last.
  var classes: [ObjectIdentifier: Announcement] = [:]
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
  mutating func announce(_ announcement: Announcement) -> Lifetimes.Watch {
    let number = numbers[announcement] ?? UInt32(announcements.count)
    if number == announcements.count {
      announcements.append(announcement)
      numbers[announcement] = number
    }
    return Lifetimes.Watch(
      number: number, resolutionLevel: announcement.resolutionLevel, traceDepth: announcement.traceDepth,
      keep: announcement.keep)
  }

  /// From now on snapshots list the name.
  mutating func list(_ announcement: Announcement) {
    names.insert(announcement.name)
  }

  mutating func forget() {
    generation += 1
    announcements = []
    numbers = [:]
    names = []
    snapshots = []
    referents = []
    lastTrees = [:]
  }
}
