// SPDX-License-Identifier: Apache-2.0
import SizerGraph

/// How many rows a table has.
struct WrittenRows: Sendable {
  let table: String
  let count: Int64
}

extension ProfileWriter {
  /// How many rows each table has: all are committed.
  var committedRows: [WrittenRows] {
    [
      WrittenRows(table: "names", count: Int64(counts.names)),
      WrittenRows(table: "objects", count: Int64(counts.objects)),
      WrittenRows(table: "snapshots", count: Int64(counts.snapshots)),
      WrittenRows(table: "classes", count: rows.classes),
      WrittenRows(table: "living_classes", count: rows.livingClasses),
      WrittenRows(table: "size_runs", count: rows.runs), WrittenRows(table: "referent_trees", count: rows.trees),
      WrittenRows(table: "referents", count: rows.referents), WrittenRows(table: "texts", count: texts.count),
      WrittenRows(table: "traces", count: Int64(counts.traces)), WrittenRows(table: "frames", count: frames.count),
    ] + rows.heaps.all
  }

  /// Reads a file with other eyes, nothing of it remembered: whether its pages are in order and each table ends with
  /// the row that was written last. O(the file's length).
  static func verify(_ file: FilePath, _ rows: [WrittenRows]) throws(ProfileError) {
    // As after a kill: an index of its own, made from the log, which must be whole for that. Nobody else writes; no
    // lock is needed.
    let connection = try Connection(uri: file.uri(), for: .reading, locks: false, origin: file.origin)
    try connection.execute("PRAGMA locking_mode=EXCLUSIVE")
    var check = try connection.prepare("PRAGMA quick_check(1)")
    guard try check.step(), try check.withText(0, { $0.elementsEqual("ok".utf8) }) else {
      throw file.origin.corrupted("somebody else has written to it while it was recorded")
    }
    for row in rows {
      let last = try connection.integer("SELECT max(id) FROM \(row.table)") ?? -1
      guard last + 1 == row.count else {
        throw file.origin.corrupted(
          "\(counted(last + 1, "row")) of \(row.table) \(last == 0 ? "is" : "are") left of \(row.count) "
            + "that were recorded"
        )
      }
    }
  }
}
