// SPDX-License-Identifier: Apache-2.0

package import SizerProfile

extension ProfileDiff {
  /// Compares a snapshot of one profile with one of another, or of the same. Linear in the objects and sizes of both.
  ///
  /// - Parameter isGrouped: Whether objects of one name and place, to which the same happened, are one change. Objects
  ///   of different runs always are.
  /// - Throws: when the first snapshot is the later one of a recording.
  package init(
    _ before: Statistics, _ fromSnapshot: Int, _ after: Statistics, _ toSnapshot: Int, isGrouped: Bool = true
  ) throws(DiffError) {
    let fromSizes = before.sizes(atSnapshot: fromSnapshot)
    let toSizes = after.sizes(atSnapshot: toSnapshot)
    from = Side(before, fromSnapshot, fromSizes)
    to = Side(after, toSnapshot, toSizes)
    let names = TextNumbers()
    followsObjects = before.isOfSameRecording(as: after, names)
    if followsObjects, from.timestamp > to.timestamp {
      throw DiffError("the first snapshot is the later one; give the earlier one first")
    }
    var tally = DiffTally(isGrouped: isGrouped, names: names)
    if followsObjects {
      tally.follow(before, fromSizes, from.timestamp, after, toSizes, to.timestamp)
    } else {
      tally.add(before, fromSizes, isAfter: false)
      tally.add(after, toSizes, isAfter: true)
    }
    passingCount = tally.passingCount
    classes = tally.classes
    changes = tally.changes(followsObjects: followsObjects)
  }
}

extension ProfileDiff.Side {
  fileprivate init(_ statistics: Statistics, _ index: Int, _ sizes: [Int64?]) {
    let snapshot = statistics.snapshots[index]
    self.init(
      snapshot: index, label: snapshot.label, timestamp: snapshot.timestamp, trackedBytes: snapshot.trackedBytes,
      objectCount: sizes.count { $0 != nil })
  }
}

extension Statistics {
  /// Whether one of the two was recorded by the same tracker as the other, and is that recording at an earlier time.
  /// Births are nanoseconds and snapshots too: two runs do not agree in all of them.
  fileprivate func isOfSameRecording(as other: Statistics, _ names: TextNumbers) -> Bool {
    let mineByName = history.names.map { names.number(of: $0) }
    let theirsByName = other.history.names.map { names.number(of: $0) }
    return zip(snapshots, other.snapshots).allSatisfy { ($0.timestamp, $0.label) == ($1.timestamp, $1.label) }
      && zip(history.objects, other.history.objects).allSatisfy { mine, theirs in
        mine.birth == theirs.birth
          && mineByName[Int(mine.name)] == theirsByName[Int(theirs.name)]
          && mineByName[Int(mine.className)] == theirsByName[Int(theirs.className)]
      }
  }
}
