// SPDX-License-Identifier: Apache-2.0

extension History.Delta {
  /// The first thing in it that does not fit behind `present`, in words; nil when all does. O(its length).
  package func firstBreach(after present: History.Counts) -> String? {
    guard base == present else { return "the changes are made for \(base), and there are \(present)" }
    let total = counts
    for (offset, row) in objects.enumerated() {
      if let wrong = row.firstBreach(names: total.names, traces: total.traces) {
        return "object \(base.objects + offset) \(wrong)"
      }
    }
    for end in ends where end.object >= total.objects { return "object \(end.object) ends and is unknown" }
    for change in classChanges where change.object >= total.objects || change.currentClass >= total.names {
      return "object \(change.object) changes to class \(change.currentClass), and one of them is unknown"
    }
    if heap != nil, snapshot == nil { return "a heap image is of no snapshot" }
    return rowsBreach(sizes.lazy.map { ($0.object, $0.snapshot) }, "sizes", objects: total.objects)
      ?? rowsBreach(referents.lazy.map { ($0.object, $0.snapshot) }, "referents", objects: total.objects)
  }

  /// Rows must be of the delta's snapshot, of known objects, in order and without repetition.
  private func rowsBreach(_ rows: some Sequence<(UInt32, UInt32)>, _ what: String, objects: Int) -> String? {
    var next = 0
    for (object, at) in rows {
      if snapshot == nil || at != base.snapshots {
        return "\(what) of object \(object) are of snapshot \(at), not of this one"
      }
      if object < next { return "\(what) of object \(object) come after those of object \(next - 1)" }
      if object >= objects { return "\(what) are of object \(object), which is unknown" }
      next = Int(object) + 1
    }
    return nil
  }
}

extension History.ObjectRow {
  /// What of it makes no sense, in words.
  func firstBreach(names: Int, traces: Int) -> String? {
    if name >= names || className >= names || currentClass >= names { return "has a name that is unknown" }
    if trace != Self.none, trace >= traces { return "has a trace that is unknown" }
    if end < birth { return "ends at \(end) ns, before its birth at \(birth)" }
    if isDead, end == .max { return "is dead without a time" }
    return nil
  }
}
