// SPDX-License-Identifier: Apache-2.0
import SizerGraph
import SizerProfile
import TestSupport
import Testing

/// Rows for a fleet, against the same profile read as a whole.
@Suite("Rows of a profile among many")
struct FleetFileTests {
  private let folder: Folder
  private var path: String { folder.path("p") }

  init() throws { folder = try Folder() }

  private func rows(_ kind: FleetKind, times: Int = 1) throws -> [String] {
    var file = try FleetFile(path: path)
    var rows: [String] = []
    for _ in 0..<times {
      rows = []
      try file.forEachClass(kind) { file, row in
        let retained = row.retained.map { " retains \($0)" } ?? ""
        rows.append(
          "\(row.snapshot) \(row.time) \(file.names[row.name]) \(row.active) \(row.bytes)\(row.isLast)\(retained)")
      }
    }
    return rows.sorted()
  }

  @Test("the classes that were tracked, once and again", arguments: [71, 72, 73, 74] as [UInt64])
  func tracked(seed: UInt64) throws {
    try Story(seed: seed, snapshots: 6).record(to: path)
    let snapshots = try Statistics(contentsOf: path).snapshots
    let last = snapshots.lastIndex { !$0.classes.isEmpty }
    let retained = try retainedBytes()
    let expected = snapshots.enumerated().flatMap { index, snapshot in
      snapshot.classes.map { name, record in
        let more = retained["\(index) \(name)"].map { " retains \($0)" } ?? ""
        return "\(index) \(nanoseconds(snapshot)) \(name) \(record.active) \(record.bytes)\(index == last)\(more)"
      }
    }
    #expect(!expected.isEmpty)
    #expect(try rows(.tracked) == expected.sorted())
    #expect(try rows(.tracked, times: 2) == expected.sorted())
  }

  @Test("all that lived, by the tables and by the images", arguments: [75, 76, 77, 78] as [UInt64])
  func living(seed: UInt64) throws {
    try Story(seed: seed, snapshots: 6).record(to: path)
    let statistics = try Statistics(contentsOf: path)
    let images = Set(statistics.heapSnapshots)
    let retained = try retainedBytes()
    let last = statistics.snapshots.indices.last {
      images.contains($0) || statistics.snapshots[$0].heap?.isEmpty == false
    }
    var expected: [String] = []
    for (index, snapshot) in statistics.snapshots.enumerated() {
      let time = nanoseconds(snapshot)
      if let heap = snapshot.heap, !heap.isEmpty {
        expected += heap.map { record in
          let more = retained["\(index) \(record.typeName)"].map { " retains \($0)" } ?? ""
          return "\(index) \(time) \(record.typeName) \(record.count) \(record.bytes)\(index == last)\(more)"
        }
      } else if images.contains(index) {
        let image = try #require(try statistics.heapImage(ofSnapshot: index))
        let classes = HeapDigest(of: image).classes
        expected += classes.map { record in
          let more = record.retainedBytes.map { " retains \($0)" } ?? ""
          return "\(index) \(time) \(record.typeName) \(record.count) \(record.totalBytes)\(index == last)\(more)"
        }
      }
    }
    #expect(!expected.isEmpty)
    #expect(try rows(.living) == expected.sorted())
  }

  @Test("version 2 has no images, and its rows are those of its classes")
  func earlier() throws {
    try Story(seed: 79, snapshots: 6).record(to: path)
    let tracked = try rows(.tracked).filter { !$0.contains(" retains ") }
    #expect(!tracked.isEmpty)
    let sql = try SQL(path)
    for table in try sql.rows("SELECT name FROM sqlite_master WHERE name LIKE 'heap%'") {
      try sql.run("DELETE FROM \(table)")
    }
    #expect(try rows(.tracked).count >= tracked.count)
    #expect(try rows(.tracked).allSatisfy { !$0.contains(" retains ") })
  }

  @Test("leaks and tasks of its images")
  func findings() throws {
    try Story(seed: 80, snapshots: 6).record(to: path)
    let sql = try SQL(path)
    for (table, columns) in [
      (FleetFindings.leaks, "h.grade || h.signature || h.cycle || h.groups || '.' || h.objects || '.' || h.bytes"),
      (.tasks, "h.function || coalesce(h.creator, '') || h.state || h.count || '.' || h.bytes || '.' || h.retained"),
    ] {
      let expected = try sql.rows(
        """
        SELECT i.snapshot || ' ' || \(columns) FROM heap_\(table) h JOIN heap_images i ON i.id = h.image \
        ORDER BY h.id
        """)
      var file = try FleetFile(path: path)
      var found: [String] = []
      try file.forEachFinding(in: table) { row in
        // The types of a leak are a list, and stand a line each in the file.
        let texts = table == .leaks ? [row.texts[0], row.texts[1], row.texts[3]] : row.texts
        found.append("\(row.snapshot) \(texts.joined())\(row.figures.map(String.init).joined(separator: "."))")
      }
      #expect(!found.isEmpty)
      #expect(found == expected)
    }
  }

  private func retainedBytes() throws -> [String: Int] {
    let rows = try SQL(path).rows(
      """
      SELECT i.snapshot || ' ' || c.type || '|' || c.retained FROM heap_classes c JOIN heap_images i ON i.id = c.image \
      WHERE c.retained IS NOT NULL
      """)
    return Dictionary(
      rows.map { row in
        let mark = row.lastIndex(of: "|")!
        return (String(row[..<mark]), Int(row[row.index(after: mark)...])!)
      }
    ) { one, _ in one }
  }

  private func nanoseconds(_ snapshot: Snapshot) -> Int64 {
    let (seconds, attoseconds) = snapshot.timestamp.components
    return seconds * 1_000_000_000 + attoseconds / 1_000_000_000
  }
}
