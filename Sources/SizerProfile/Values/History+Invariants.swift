// SPDX-License-Identifier: Apache-2.0
import SizerGraph

extension History {
  /// What is wrong first, in words, or nil when all that ``Statistics`` relies on holds. For whoever fills a history
  /// from a file that may come from anyone: indices, order, and figures that can't be negative. Linear, and makes no
  /// copy.
  package func firstBreach() -> String? {
    if let breach = ProfileTags.breach(tags) { return breach }
    return snapshotBreach() ?? objectBreach()
      ?? orderBreach("sizes", sizes.lazy.map { ($0.object, $0.snapshot) })
      ?? orderBreach("referents", referents.lazy.map { ($0.object, $0.snapshot) })
      ?? sizes.firstIndex { $0.bytes < 0 }.map { "sizes[\($0)]: \(sizes[$0].bytes) bytes" }
      ?? treeBreach() ?? heapBreach()
  }

  private func heapBreach() -> String? {
    var next = 0
    for (index, row) in heaps.enumerated() {
      if row.snapshot < next || row.snapshot >= snapshots.count {
        return "heaps[\(index)]: snapshot is \(row.snapshot), of \(counted(snapshots.count, "snapshot"))"
      }
      next = Int(row.snapshot) + 1
    }
    return nil
  }

  private func snapshotBreach() -> String? {
    if snapshots.count >= ObjectRow.none { return "snapshots: \(snapshots.count), too many for an index of 32 bits" }
    var before = Duration.zero
    for (index, snapshot) in snapshots.enumerated() {
      if snapshot.timestamp < before {
        return "snapshots[\(index)]: taken at \(snapshot.timestamp), before \(before)"
      }
      before = snapshot.timestamp
      let figures = [
        ("trackedBytes", snapshot.trackedBytes), ("overheadBytes", snapshot.overheadBytes),
        ("skippedCount", snapshot.skippedCount), ("unresolvedCount", snapshot.unresolvedCount),
        ("estimatedBytes", snapshot.estimatedBytes),
      ]
      if let (name, figure) = figures.first(where: { $0.1 < 0 }) { return "snapshots[\(index)]: \(name) \(figure)" }
      if snapshot.pause < .zero { return "snapshots[\(index)]: pause \(snapshot.pause)" }
      for (name, record) in snapshot.classes
      where record.active < 0 || record.bytes < 0 || !(0...1).contains(record.share) {
        return "snapshots[\(index)]: class \(name.debugDescription): active \(record.active), bytes \(record.bytes), "
          + "share \(record.share)"
      }
    }
    return nil
  }

  private func objectBreach() -> String? {
    if objects.count >= ObjectRow.none { return "objects: \(objects.count), too many for an index of 32 bits" }
    for (index, object) in objects.enumerated() {
      if let (column, name) = outsideNames(object) {
        return "objects[\(index)]: \(column) is \(name), of \(counted(names.count, "name"))"
      }
      if object.trace != ObjectRow.none, object.trace >= traces.count {
        return "objects[\(index)]: trace is \(object.trace), of \(counted(traces.count, "trace"))"
      }
      if object.birth < 0 { return "objects[\(index)]: born at \(object.birth) ns" }
      if object.end < object.birth {
        return "objects[\(index)]: born at \(object.birth) ns, ended at \(object.end) ns"
      }
      if object.isDead, object.end == .max { return "objects[\(index)]: dead, but without a time of death" }
    }
    return nil
  }

  private func outsideNames(_ object: ObjectRow) -> (column: String, name: UInt32)? {
    if object.name >= names.count { return ("name", object.name) }
    if object.className >= names.count { return ("className", object.className) }
    if object.currentClass >= names.count { return ("currentClass", object.currentClass) }
    return nil
  }

  private func orderBreach(_ table: String, _ rows: some Sequence<(UInt32, UInt32)>) -> String? {
    var before: (UInt32, UInt32)?
    for (index, row) in rows.enumerated() {
      if row.0 >= objects.count {
        return "\(table)[\(index)]: object is \(row.0), of \(counted(objects.count, "object"))"
      }
      if row.1 >= snapshots.count {
        return "\(table)[\(index)]: snapshot is \(row.1), of \(counted(snapshots.count, "snapshot"))"
      }
      if let before, row <= before {
        return "\(table)[\(index)]: object \(row.0) at snapshot \(row.1) comes after \(before.0) at \(before.1)"
      }
      before = row
    }
    return nil
  }

  /// Looks at every node; the work that is left is kept in a list, for a tree may be deeper than the stack.
  private func treeBreach() -> String? {
    for (index, row) in referents.enumerated() {
      var work = [row.tree]
      while let siblings = work.popLast() {
        for node in siblings {
          if node.bytes < 0 || node.flatBytes < 0 {
            let name = node.name.debugDescription
            return "referents[\(index)]: \(name): bytes \(node.bytes), flatBytes \(node.flatBytes)"
          }
          if !node.children.isEmpty { work.append(node.children) }
        }
      }
    }
    return nil
  }
}
