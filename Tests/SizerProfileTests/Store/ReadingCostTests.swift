// SPDX-License-Identifier: Apache-2.0
import Foundation
import SizerProfile
import TestSupport
import Testing

/// Files that are small and mean much: what it takes to read them is in proportion to their length.
@Suite struct ReadingCostTests {
  private let folder: Folder
  private var path: String { folder.path("p") }

  init() throws { folder = try Folder() }

  /// A profile with one snapshot, to be added to in SQL.
  private func begun() throws -> SQL {
    try Story(seed: 51, snapshots: 1).record(to: path)
    return try SQL(path)
  }

  private func lastID(_ sql: SQL, _ table: String) throws -> Int {
    try #require(try sql.rows("SELECT max(id) FROM \(table)").first.flatMap { Int($0) })
  }

  /// Adds a text of so many bytes; its id.
  private func add(textOf bytes: Int, _ sql: SQL) throws -> Int {
    let id = try lastID(sql, "texts") + 1
    try sql.run("INSERT INTO texts VALUES(\(id), replace(hex(zeroblob(\(bytes / 2))), '0', 'n'))")
    return id
  }

  /// Numbers from 1 as a table for SQL.
  private func numbers(_ count: Int) -> String {
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < \(count))"
  }

  @Test("traces share their frames: a call of two bytes in the file takes a few in memory")
  func sharedFrames() async throws {
    let sql = try begun()
    let first = try lastID(sql, "traces") + 1
    try sql.run(
      """
      \(numbers(8)) INSERT INTO traces
        SELECT \(first) - 1 + i, '[0' || replace(hex(zeroblob(150000)), '00', ',0,1') || ']' FROM n
      """)
    let length = try bytes(of: path).count
    #expect(length > 4_000_000)
    await #expect(processExitsWith: .success) {
      [path = path as String, length = length as Int, first = first as Int] in
      var usage = rusage()
      getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
      let before = usage.ru_maxrss
      let traces = try history(at: path).traces
      getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
      // In KiB. By value they take 104 bytes a call, 50 times the file.
      let growth = (usage.ru_maxrss - before) * 1_024
      #expect(growth < 12 * length, "\(growth) bytes for a file of \(length)")
      #expect(traces.count == first + 8)
      let frames = traces[first].frames
      #expect(frames.count == 300_001 && frames[0] == frames[299_999] && frames[0] != frames[300_000])
      #expect(traces[first + 7] == traces[first])
    }
  }

  @Test("a long text that much is called by is read and written once")
  func sharedLongText() throws {
    let sql = try begun()
    let text = try add(textOf: 1_000_000, sql)
    let (tree, frame) = (try lastID(sql, "referent_trees"), try lastID(sql, "frames") + 1)
    let referent = try lastID(sql, "referents") + 1
    // A hundred thousand million bytes, were each text looked at where it is used.
    try sql.run(
      """
      \(numbers(50_000)) INSERT INTO referents
        SELECT \(referent) - 1 + i, \(tree), NULL, \(text), \(text), 16, 16 FROM n;
      \(numbers(20_000)) INSERT INTO frames
        SELECT \(frame) - 1 + i, i, \(text), \(text), i, 1, 0, \(text), i, \(text) FROM n;
      UPDATE traces SET frames = (SELECT json_group_array(id) FROM frames) WHERE id = 0
      """)
    let read = try history(at: path)
    #expect(read.traces[0].frameCount == frame + 20_000)
    try Statistics(read).write(to: folder.path("copy"))
    #expect(try history(at: folder.path("copy")).referents.count == read.referents.count)
    let copy = try SQL(folder.path("copy"))
    #expect(try copy.rows("SELECT count(*) FROM texts WHERE length(text) = 1000000") == ["1"])
    #expect(try copy.rows("SELECT count(*) FROM frames WHERE line > 0 AND function = file") == ["20000"])
    // The same file the second time: what is shared and what is not becomes the same rows.
    try Statistics(try history(at: folder.path("copy"))).write(to: folder.path("again"))
    #expect(try bytes(of: folder.path("again")) == bytes(of: folder.path("copy")))
  }

  /// Adds copies of the last snapshot, with the classes that `names` gives for each.
  private func addSnapshots(_ count: Int, _ sql: SQL, _ names: (Int) -> [Int]) throws {
    let first = try lastID(sql, "snapshots") + 1
    var classID = Int(try sql.rows("SELECT coalesce(max(id), -1) + 1 FROM classes")[0])!
    try sql.run("BEGIN; CREATE TEMP TABLE one AS SELECT * FROM snapshots WHERE id = \(first - 1)")
    for number in 0..<count {
      try sql.run("UPDATE one SET id = \(first + number); INSERT INTO snapshots SELECT * FROM one")
      for name in names(number) {
        try sql.run(
          """
          INSERT INTO classes(id, snapshot, name, active, bytes, share)
            VALUES(\(classID), \(first + number), \(name), \(number), 1, 0.5)
          """)
        classID += 1
      }
    }
    try sql.run("COMMIT")
  }

  @Test("a class of a long name in every snapshot is the same class")
  func longClassName() throws {
    let sql = try begun()
    let text = try add(textOf: 500_000, sql)
    let before = try history(at: path).snapshots.count
    try addSnapshots(3_000, sql) { _ in [text, 0] }
    let snapshots = try history(at: path).snapshots
    #expect(snapshots.count == before + 3_000)
    for (number, snapshot) in snapshots[before...].enumerated() {
      #expect(snapshot.classes.count == 2 && snapshot.classes.values.allSatisfy { $0.active == number })
    }
    #expect(snapshots[before].classes.keys.map(\.utf8.count).max() == 500_000)
  }

  @Test("long names that come and go are more work than the file explains")
  func changingLongNames() throws {
    let sql = try begun()
    let text = try add(textOf: 500_000, sql)
    try addSnapshots(2_000, sql) { [text, $0 % 3] }
    let error = #expect(throws: ProfileError.self) { try history(at: path) }
    #expect(error?.code == .corrupted && error?.message.contains("longer names") == true)
  }

  @Test("names of a usual length may come and go")
  func changingNames() throws {
    let sql = try begun()
    let texts = try (0..<4).map { _ in try add(textOf: 2_000, sql) }
    try sql.run("UPDATE texts SET text = text || id WHERE id >= \(texts[0])")
    let before = try history(at: path).snapshots.count
    try addSnapshots(1_000, sql) { number in [texts[number % 4], texts[(number + 1) % 4]] }
    let snapshots = try history(at: path).snapshots
    #expect(snapshots[before...].allSatisfy { $0.classes.count == 2 })
  }

  /// Two marks of different order in turn: Swift sorts them by moving each past all that came before.
  private static func marks(_ count: Int) -> String {
    "a" + String(repeating: "\u{301}\u{323}", count: count / 2)
  }

  @Test("a text with combining marks without end is refused, before anything compares it")
  func endlessMarks() async throws {
    let sql = try begun()
    let id = try lastID(sql, "texts") + 1
    try sql.run(
      """
      INSERT INTO texts VALUES(\(id), '\(Self.marks(500_000))');
      INSERT INTO classes(id, snapshot, name, active, bytes, share)
        SELECT max(id) + 1, max(snapshot), \(id), 1, 1, 0 FROM classes
      """)
    await #expect(processExitsWith: .success) { [path = path as String] in
      // To hash it takes minutes.
      var limit = rlimit(rlim_cur: 20, rlim_max: 20)
      #expect(setrlimit(__rlimit_resource_t(RLIMIT_CPU.rawValue), &limit) == 0)
      let error = #expect(throws: ProfileError.self) { try history(at: path) }
      #expect(error?.code == .corrupted && error?.message.contains("marks") == true, "\(String(describing: error))")
    }
  }

  @Test("as many combining marks as are read can be written, and no more")
  func mostMarks() throws {
    var history = Story(seed: 52, snapshots: 1).history
    history.snapshots[0].classes = [Self.marks(256) + "x" + Self.marks(256): ClassRecord(active: 1, bytes: 1)]
    try Statistics(history).write(to: path)
    #expect(try SizerProfileTests.history(at: path) == history)
    history.snapshots[0].classes = [Self.marks(258): ClassRecord(active: 1, bytes: 1)]
    let error = #expect(throws: ProfileError.self) { try Statistics(history).write(to: folder.path("q")) }
    #expect(error?.code == .inconsistent, "\(String(describing: error))")
  }
}
