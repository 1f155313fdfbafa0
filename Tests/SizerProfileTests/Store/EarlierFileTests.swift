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
    )
    """

  /// Makes a file of version 1 of one of today's.
  private func age(_ path: String) throws {
    let sql = try SQL(path)
    let later = "('estimated', 'ladder_dead_objects')"
    let columns = try sql.rows("SELECT name FROM pragma_table_info('snapshots') WHERE name NOT IN \(later)")
      .joined(separator: ",")
    try sql.run("PRAGMA legacy_alter_table=ON; PRAGMA user_version=1; ALTER TABLE snapshots RENAME TO newer")
    try sql.run(Self.snapshots)
    try sql.run("INSERT INTO snapshots(\(columns)) SELECT \(columns) FROM newer; DROP TABLE newer")
  }

  @Test("version 1 is read, and knows of no estimates and of no dead objects")
  func firstVersion() throws {
    let folder = try Folder()
    let story = Story(seed: 33)
    try story.record(to: folder.path("p"))
    try age(folder.path("p"))
    var expected = story.history
    #expect(expected.snapshots.contains { $0.estimatedBytes > 0 })
    #expect(expected.snapshots.contains { $0.ladder?.deadObjects != nil })
    for index in expected.snapshots.indices {
      expected.snapshots[index].estimatedBytes = 0
      expected.snapshots[index].ladder?.deadObjects = nil
    }
    #expect(try history(at: folder.path("p")) == expected)
  }

  @Test("a table of one version does not go with the other's number")
  func mixedVersions() throws {
    let folder = try Folder()
    try Story(seed: 34).record(to: folder.path("p"))
    try age(folder.path("p"))
    try SQL(folder.path("p")).run("PRAGMA user_version=2")
    #expect(#expect(throws: ProfileError.self) { try history(at: folder.path("p")) }?.code == .corrupted)
  }
}
