// SPDX-License-Identifier: Apache-2.0

import SeededRandom
import SizerProfile

/// A history of random lives, sizes, referents and traces, for the report to be compared with plain loops over it.
func randomHistory(seed: UInt64, objects: Int, snapshots: Int, names: Int = 5) -> History {
  var random = SeededGenerator(seed: seed)
  var history = History(names: (0..<names).map { "Class\($0)" })
  var time: Int64 = 0
  for number in 0..<snapshots {
    time += Int64.random(in: 1...1_000, using: &random) * 1_000_000
    history.snapshots.append(Snapshot(label: number % 3 == 0 ? "label \(number)" : "", timestamp: .nanoseconds(time)))
  }
  history.traces = (0..<6).map { number in
    StackTrace(
      frames: (0...number).map {
        StackTrace.Frame(address: UInt64($0), function: "call\($0 % 4)", file: "/x/file\($0).swift", line: $0)
      })
  }
  for object in 0..<UInt32(objects) {
    let birth = Int64.random(in: 0...time, using: &random)
    let isGone = Bool.random(using: &random)
    let trace = UInt32.random(in: 0...6, using: &random)
    history.objects.append(
      History.ObjectRow(
        name: UInt32.random(in: 0..<UInt32(names), using: &random), className: 0, currentClass: 0,
        trace: trace == 6 ? History.ObjectRow.none : trace, birth: birth,
        end: isGone ? birth + Int64.random(in: 0...time, using: &random) : .max,
        isDead: isGone && Bool.random(using: &random)))
    addSizes(of: object, to: &history, &random)
  }
  fillSnapshots(of: &history)
  return history
}

private func addSizes(of object: UInt32, to history: inout History, _ random: inout SeededGenerator) {
  let row = history.objects[Int(object)]
  var before: Int64?
  for (snapshot, each) in history.snapshots.enumerated() {
    let time = Int64(each.timestamp / .nanoseconds(1))
    guard row.birth <= time, time < row.end else { continue }
    let bytes = Int64.random(in: 0..<4, using: &random) > 0 ? before ?? 48 : Int64.random(in: 0...5_000, using: &random)
    if bytes != before {
      history.sizes.append(History.SizeRow(object: object, snapshot: UInt32(snapshot), bytes: bytes))
    }
    before = bytes
    guard Int.random(in: 0..<4, using: &random) == 0 else { continue }
    let names = ["a", "b", "[1]", "[2]"].filter { _ in Bool.random(using: &random) }
    let tree = names.map {
      SizeNode(
        name: $0, typeName: "T", bytes: Int(bytes), flatBytes: 16,
        children: [SizeNode(name: "x", typeName: "U", bytes: 16, flatBytes: 16)])
    }
    history.referents.append(History.ReferentRow(object: object, snapshot: UInt32(snapshot), tree: tree))
  }
}

private func fillSnapshots(of history: inout History) {
  for snapshot in history.snapshots.indices {
    var classes: [String: ClassRecord] = [:]
    for object in history.objects.indices {
      guard let bytes = plainSize(of: object, at: snapshot, in: history) else { continue }
      let name = history.names[Int(history.objects[object].name)]
      classes[name, default: ClassRecord()].active += 1
      classes[name]!.bytes += bytes
    }
    history.snapshots[snapshot].classes = classes
    history.snapshots[snapshot].trackedBytes = classes.values.reduce(0) { $0 + $1.bytes }
  }
}

/// What `History` says of an object's size at a snapshot, found by looking at every row; nil when it was not alive
/// there.
func plainSize(of object: Int, at snapshot: Int, in history: History) -> Int? {
  let time = Int64(history.snapshots[snapshot].timestamp / .nanoseconds(1))
  guard time < history.objects[object].end else { return nil }
  return history.sizes.last { $0.object == object && $0.snapshot <= snapshot }.map { Int($0.bytes) }
}
