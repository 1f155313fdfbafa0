// SPDX-License-Identifier: Apache-2.0
import SizerProfile
import TestSupport
import Testing

/// Files that earlier versions of Sizer have written.
@Suite struct EarlierFileTests {
  /// Version 1's table of snapshots, word for word.
  private static let snapshots = """
    CREATE TABLE snapshots(
      id INTEGER PRIMARY KEY,
      label TEXT NOT NULL,
      mode TEXT NOT NULL, -- inPlace or frozen
      error TEXT, -- why objects were not sized; NULL: they were
      time INTEGER NOT NULL,
      pause INTEGER NOT NULL, -- nanoseconds that threads had to wait
      tracked INTEGER NOT NULL, -- bytes that all living tracked objects own
      overhead INTEGER NOT NULL, -- bytes that the profiler held for itself
      skipped INTEGER NOT NULL, -- objects that could not be sized
      unresolved INTEGER NOT NULL, -- objects of unknown layout that were met
      virtual INTEGER NOT NULL, -- the process's memory, from here on
      resident INTEGER NOT NULL,
      data INTEGER NOT NULL,
      stack INTEGER NOT NULL,
      code INTEGER NOT NULL,
      shared INTEGER NOT NULL,
      minor_faults INTEGER NOT NULL,
      major_faults INTEGER NOT NULL,
      ladder_resident INTEGER, -- the resident memory's parts, from here on; NULL: not taken
      ladder_objects INTEGER,
      ladder_raw_blocks INTEGER,
      ladder_other_blocks INTEGER,
      ladder_thread_caches INTEGER,
      ladder_dirty_pages INTEGER,
      ladder_muzzy_pages INTEGER,
      ladder_allocator_metadata INTEGER,
      ladder_unused_in_pages INTEGER,
      ladder_stacks INTEGER,
      ladder_mapped_files INTEGER,
      ladder_copied_file_pages INTEGER,
      ladder_profiler INTEGER
    """
  /// What versions 2 and 3 added to it.
  private static let secondSnapshots = """
    ,
      estimated INTEGER NOT NULL, -- the part of tracked that is an estimate
      ladder_dead_objects INTEGER -- dead objects whose blocks unowned references keep; NULL: not counted
    """

  /// Makes a file of an earlier version of one of today's.
  private func age(_ path: String, to version: Int) throws {
    let sql = try SQL(path)
    try sql.run("DROP TABLE tags")
    guard version < 4 else { return try sql.run("PRAGMA user_version=\(version)") }
    let later =
      ["peak_resident", "cgroup_current", "cgroup_limit", "cgroup_peak"]
      + (version == 1 ? ["estimated", "ladder_dead_objects"] : [])
    let columns = try sql.rows("SELECT name FROM pragma_table_info('snapshots')")
      .filter { !later.contains($0) }.joined(separator: ",")
    try sql.run("PRAGMA legacy_alter_table=ON; PRAGMA user_version=\(version); ALTER TABLE snapshots RENAME TO newer")
    try sql.run(Self.snapshots + (version == 1 ? "" : Self.secondSnapshots) + "\n)")
    try sql.run("INSERT INTO snapshots(\(columns)) SELECT \(columns) FROM newer; DROP TABLE newer")
    if version < 3 { try loseHeaps(sql) }
  }

  /// Takes what is told of the heap out of a file.
  private func loseHeaps(_ sql: SQL) throws {
    for table in try sql.rows("SELECT name FROM sqlite_master WHERE name LIKE 'heap%' OR name = 'living_classes'") {
      try sql.run("DROP TABLE \(table)")
    }
  }

  /// What files before version 4 do not know.
  private func forgetGroups(_ history: inout History) {
    #expect(history.snapshots.contains { $0.process.cgroupPeak != nil })
    for number in history.snapshots.indices {
      history.snapshots[number].process.peakResident = nil
      history.snapshots[number].process.cgroupCurrent = nil
      history.snapshots[number].process.cgroupLimit = nil
      history.snapshots[number].process.cgroupPeak = nil
    }
  }

  @Test("version 4 is read, and knows of no tags; they may not be missing in version 5")
  func fourthVersion() throws {
    let folder = try Folder()
    let story = Story(seed: 37)
    let recorder = try ProfileRecorder(path: folder.path("p"), tags: ["service.name": "orders"])
    for delta in story.deltas { try recorder.append(delta) }
    try recorder.finish()
    try age(folder.path("p"), to: 4)
    #expect(try history(at: folder.path("p")) == story.history)
    try SQL(folder.path("p")).run("PRAGMA user_version=5")
    #expect(#expect(throws: ProfileError.self) { try history(at: folder.path("p")) }?.code == .corrupted)
  }

  @Test("version 3 is read, and knows of no control groups")
  func thirdVersion() throws {
    let folder = try Folder()
    let story = Story(seed: 36)
    try story.record(to: folder.path("p"))
    try age(folder.path("p"), to: 3)
    var expected = story.history
    forgetGroups(&expected)
    #expect(!expected.heaps.isEmpty)
    #expect(try history(at: folder.path("p")) == expected)
  }

  @Test("version 2 is read, and knows of no heap images; they may not be missing in version 3")
  func secondVersion() throws {
    let folder = try Folder()
    let story = Story(seed: 35)
    try story.record(to: folder.path("p"))
    try age(folder.path("p"), to: 2)
    var expected = story.history
    #expect(!expected.heaps.isEmpty)
    #expect(expected.snapshots.contains { $0.heap != nil })
    forgetGroups(&expected)
    expected.heaps = []
    for number in expected.snapshots.indices { expected.snapshots[number].heap = nil }
    #expect(try history(at: folder.path("p")) == expected)
    #expect(try HeapFile(at: folder.path("p"), operation: "test").entries == [])
    try SQL(folder.path("p")).run("PRAGMA user_version=3")
    #expect(#expect(throws: ProfileError.self) { try history(at: folder.path("p")) }?.code == .corrupted)
  }

  @Test("version 1 is read, and knows of no estimates and of no dead objects")
  func firstVersion() throws {
    let folder = try Folder()
    let story = Story(seed: 33)
    try story.record(to: folder.path("p"))
    try age(folder.path("p"), to: 1)
    var expected = story.history
    #expect(expected.snapshots.contains { $0.estimatedBytes > 0 })
    #expect(expected.snapshots.contains { $0.ladder?.deadObjects != nil })
    forgetGroups(&expected)
    expected.heaps = []
    for index in expected.snapshots.indices {
      expected.snapshots[index].estimatedBytes = 0
      expected.snapshots[index].heap = nil
      expected.snapshots[index].ladder?.deadObjects = nil
    }
    #expect(try history(at: folder.path("p")) == expected)
  }

  @Test(
    "a table of one version does not go with the other's number",
    arguments: [(1, 2), (1, 4), (2, 4), (3, 4), (3, 1), (4, 5), (4, 3), (1, 5)])
  func mixedVersions(_ version: Int, _ number: Int) throws {
    let folder = try Folder()
    try Story(seed: 34).record(to: folder.path("p"))
    try age(folder.path("p"), to: version)
    try SQL(folder.path("p")).run("PRAGMA user_version=\(number)")
    #expect(#expect(throws: ProfileError.self) { try history(at: folder.path("p")) }?.code == .corrupted)
  }
}
