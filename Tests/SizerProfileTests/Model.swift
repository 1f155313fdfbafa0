// SPDX-License-Identifier: Apache-2.0
import SeededRandom
import SizerProfile

/// A recording without any columns: each object has its own list of what each snapshot found. Slow and obvious, so that
/// it can say what the columns must say.
struct Model {
  struct Entry {
    var object: TrackedObject
    /// When it ended; nil while it is tracked.
    var end: Int64?
    /// Per snapshot what it found; nil when it did not look or the object was not there.
    var found: [(bytes: Int, tree: [SizeNode])?]
  }

  var snapshots: [Snapshot] = []
  var entries: [Entry] = []

  /// What `Statistics` must show, in the order of tracking.
  var objects: [TrackedObject] {
    entries.map { entry in
      var object = entry.object
      for (snapshot, found) in zip(snapshots, entry.found) {
        guard let found else { continue }
        object.records.append(.init(timestamp: snapshot.timestamp, bytes: found.bytes, referents: found.tree))
      }
      return object
    }
  }

  /// The same in columns, as a tracker writes them: only what changed.
  var history: History {
    var history = History(snapshots: snapshots)
    func index(_ name: String) -> UInt32 {
      if let known = history.names.firstIndex(of: name) { return UInt32(known) }
      history.names.append(name)
      return UInt32(history.names.count - 1)
    }
    for (row, entry) in entries.enumerated() {
      var bytes: Int?
      var tree: [SizeNode] = []
      for (snapshot, found) in entry.found.enumerated() {
        guard let found else { continue }
        if found.bytes != bytes {
          history.sizes.append(.init(object: UInt32(row), snapshot: UInt32(snapshot), bytes: Int64(found.bytes)))
        }
        if found.tree != tree {
          history.referents.append(.init(object: UInt32(row), snapshot: UInt32(snapshot), tree: found.tree))
        }
        (bytes, tree) = (found.bytes, found.tree)
      }
      let object = entry.object
      var trace = History.ObjectRow.none
      if let made = object.trace {
        trace = UInt32(history.traces.count)
        history.traces.append(made)
      }
      history.objects.append(
        .init(
          name: index(object.name), className: index(object.className), currentClass: index(object.representation),
          trace: trace, address: object.address, birth: nanoseconds(object.birth), end: entry.end ?? .max,
          isDead: object.death != nil))
    }
    return history
  }
}

private func nanoseconds(_ duration: Duration) -> Int64 {
  Int64(duration / .nanoseconds(1))
}

extension Model {
  /// A recording that only the seed decides: few names, times and sizes, so that there are many ties.
  static func random(seed: UInt64, objects: Int = 60, snapshots: Int = 7, depth: Int = 2) -> Model {
    var dice = SeededGenerator(seed: seed)
    var model = Model()
    for index in 0..<snapshots {
      var snapshot = Snapshot(label: "s\(index)", timestamp: .nanoseconds(10 * (index + 1)))
      if dice.below(6) == 0 {
        // Whatever a failed snapshot claims, it is not the largest.
        snapshot.error = "refused"
        snapshot.trackedBytes = 1_000_000
      }
      model.snapshots.append(snapshot)
    }
    for row in 0..<objects { model.entries.append(entry(row, &dice, snapshots: model.snapshots, depth: depth)) }
    for index in model.snapshots.indices {
      for entry in model.entries {
        guard let found = entry.found[index] else { continue }
        model.snapshots[index].trackedBytes += found.bytes
        model.snapshots[index].classes[entry.object.name, default: ClassRecord()].active += 1
        model.snapshots[index].classes[entry.object.name, default: ClassRecord()].bytes += found.bytes
      }
    }
    return model
  }

  private static func entry(_ row: Int, _ dice: inout SeededGenerator, snapshots: [Snapshot], depth: Int) -> Entry {
    let names = ["App.Zebra", "App.Ape", "App.Box<App.Ape>", "own", "App.Émile"]
    let birth = Int64(dice.below(75))
    let end: Int64? = dice.below(3) == 0 ? nil : birth + Int64(dice.below(60))
    let isDead = end != nil && dice.below(4) != 0
    var object = TrackedObject(
      name: names[dice.below(5)], className: names[dice.below(3)], representation: names[dice.below(3)],
      address: end == nil ? UInt64(0x1000 + 16 * row) : 0, birth: .nanoseconds(birth))
    if isDead, let end { object.death = .nanoseconds(end) }
    if dice.below(4) == 0 { object.trace = StackTrace(frames: [.init(address: UInt64(row), function: "f\(row)")]) }
    // Now and then an object is sized late, or never.
    let firstSized = dice.below(4) == 0 ? dice.below(snapshots.count + 2) : 0
    var current = (bytes: 16 * dice.below(4), tree: tree(&dice, depth: depth))
    let found = snapshots.indices.map { index -> (bytes: Int, tree: [SizeNode])? in
      if dice.below(3) == 0 { current.bytes = 16 * dice.below(4) }
      if dice.below(3) == 0 { current.tree = tree(&dice, depth: depth) }
      let time = Int64(10 * (index + 1))
      let isThere = birth <= time && time < (end ?? .max) && index >= firstSized
      return isThere && snapshots[index].error == nil ? current : nil
    }
    return Entry(object: object, end: end, found: found)
  }

  private static func tree(_ dice: inout SeededGenerator, depth: Int) -> [SizeNode] {
    guard depth > 0 else { return [] }
    return (0..<dice.below(4)).map { index in
      let children = tree(&dice, depth: depth - 1)
      let flat = 16 * dice.below(5)
      return SizeNode(
        name: ["first", "rest", "[\(index)]", "[\"k\(index)\"]"][dice.below(4)], typeName: ["A", "B"][dice.below(2)],
        bytes: children.reduce(flat) { $0 + $1.bytes }, flatBytes: flat, children: children)
    }
  }
}
