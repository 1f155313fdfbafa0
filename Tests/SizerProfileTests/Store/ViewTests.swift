// SPDX-License-Identifier: Apache-2.0
import SizerProfile
import TestSupport
import Testing

/// What a person at a SQL prompt sees.
@Suite struct ViewTests {
  private let folder: Folder
  private let history: History
  private let sql: SQL

  init() throws {
    folder = try Folder()
    let story = Story(seed: 31, snapshots: 6, births: 60)
    history = story.history
    try story.record(to: folder.path("p"))
    sql = try SQL(folder.path("p"))
  }

  @Test("sizes are rows")
  func sizeRows() throws {
    let rows = try sql.rows("SELECT object, snapshot, bytes FROM sizes ORDER BY 1, 2")
    #expect(rows == history.sizes.map { "\($0.object)|\($0.snapshot)|\($0.bytes)" })
    #expect(rows.count > 100)
  }

  @Test("objects have names, classes and times")
  func objectRows() throws {
    let rows = try sql.rows(
      "SELECT object, name, class, current_class, address, birth, death FROM object_list ORDER BY 1")
    #expect(rows.count == history.objects.count)
    for (index, row) in history.objects.enumerated() where index % 7 == 0 {
      let names = [row.name, row.className, row.currentClass].map { history.names[Int($0)].prefix { $0 != "\0" } }
      let fields = try sql.rows("SELECT name, class, current_class, address FROM object_list WHERE object=\(index)")
      let address = "0x" + String(row.address, radix: 16)
      #expect(fields == ["\(names[0])|\(names[1])|\(names[2])|\(address)"])
      let death = row.isDead && row.end != .max ? "1|\(row.end)" : "0|"
      let times = "SELECT death IS NOT NULL, CAST(round(death * 1e9) AS INTEGER) FROM object_list WHERE object=\(index)"
      #expect(try sql.rows(times) == [death])
    }
  }

  @Test("living objects are listed at each snapshot with the size they have")
  func livingRows() throws {
    var expected: [String] = []
    for (index, snapshot) in history.snapshots.enumerated() {
      var latest: [UInt32: Int64] = [:]
      for row in history.sizes where row.snapshot <= index { latest[row.object] = row.bytes }
      let time = Int64(snapshot.timestamp / .nanoseconds(1))
      for (object, bytes) in latest where time < history.objects[Int(object)].end {
        expected.append("\(index)|\(object)|\(bytes)")
      }
    }
    #expect(try sql.rows("SELECT snapshot, object, bytes FROM living").sorted() == expected.sorted())
    #expect(expected.count > history.sizes.count)
  }

  @Test("classes are listed at each snapshot")
  func classRows() throws {
    let expected = history.snapshots.enumerated().flatMap { index, snapshot in
      snapshot.classes.map {
        "\(index)|\($0.key.prefix { $0 != "\0" })|\($0.value.active)|\($0.value.bytes)|\($0.value.average)"
      }
    }
    let rows = try sql.rows("SELECT snapshot, name, active, bytes, average FROM class_history")
    #expect(rows.sorted() == expected.sorted())
    #expect(!rows.isEmpty)
  }

  @Test("calls and referents have their names")
  func callsAndReferents() throws {
    let calls = history.traces.enumerated().flatMap { trace, value in
      value.frames.enumerated().map { "\(trace)|\($0)|\(($1.function ?? "").prefix { $0 != "\0" })|\($1.line)" }
    }
    #expect(try sql.rows("SELECT trace, position, function, line FROM calls ORDER BY 1, 2") == calls)
    #expect(!calls.isEmpty)
    func names(_ nodes: [SizeNode]) -> [String] {
      nodes.flatMap { ["\($0.name.prefix { $0 != "\0" })|\($0.bytes)"] + names($0.children) }
    }
    #expect(
      try sql.rows("SELECT name, bytes FROM referent_list").sorted()
        == history.referents.flatMap { names($0.tree) }.sorted())
  }

  @Test("the file says what it is and how its tables are made")
  func selfDescription() throws {
    #expect(try sql.rows("PRAGMA application_id") == ["\(0x5349_5A52)"])
    #expect(try sql.rows("PRAGMA user_version") == ["5"])
    #expect(try sql.rows("PRAGMA integrity_check") == ["ok"])
    #expect(try sql.rows("SELECT sql FROM sqlite_master WHERE name='size_runs'")[0].contains("-- [3,4,-3,3]"))
  }
}
