// SPDX-License-Identifier: Apache-2.0

extension History {
  /// Adds what came since. A delta that does not fit is refused with `inconsistent`, and nothing changes. O(all sizes).
  package mutating func apply(_ delta: Delta) throws(ProfileError) {
    if let breach = delta.firstBreach(after: counts) {
      throw ProfileError(
        .inconsistent, "History.apply(_:)", "the change does not fit: \(breach)", advice: "apply changes in order")
    }
    if let heap = delta.heap { heaps.append(HeapRow(snapshot: UInt32(delta.base.snapshots), heap: heap)) }
    if let snapshot = delta.snapshot { snapshots.append(snapshot) }
    names += delta.names
    traces += delta.traces
    objects += delta.objects
    for end in delta.ends {
      objects[Int(end.object)].end = end.time
      objects[Int(end.object)].isDead = end.isDead
      objects[Int(end.object)].address = 0
    }
    for change in delta.classChanges { objects[Int(change.object)].currentClass = change.currentClass }
    sizes = Self.merge(sizes, delta.sizes, by: \.object)
    referents = Self.merge(referents, delta.referents, by: \.object)
  }

  /// Rows of a later snapshot go behind those that the same object has.
  private static func merge<Row>(_ old: [Row], _ new: [Row], by object: (Row) -> UInt32) -> [Row] {
    guard let first = new.first, let last = old.last else { return old + new }
    if object(last) <= object(first) { return old + new }
    var merged: [Row] = []
    merged.reserveCapacity(old.count + new.count)
    var next = 0
    for row in old {
      while next < new.count, object(new[next]) < object(row) {
        merged.append(new[next])
        next += 1
      }
      merged.append(row)
    }
    merged += new[next...]
    return merged
  }
}
