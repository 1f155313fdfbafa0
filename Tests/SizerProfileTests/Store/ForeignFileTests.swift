// SPDX-License-Identifier: Apache-2.0
import SizerProfile
import TestSupport
import Testing

/// Files that are no profiles, no longer profiles, or made to hurt.
@Suite struct ForeignFileTests {
  private let folder: Folder
  private let story = Story(seed: 21)
  private var path: String { folder.path("p") }

  init() throws {
    folder = try Folder()
    try story.record(to: folder.path("p"))
  }

  private func code() -> ProfileError.Code? { #expect(throws: ProfileError.self) { try history(at: path) }?.code }

  @Test(
    "what is no database is no profile",
    arguments: [
      "", "hello\n", "SQLite format 3", "SQLite format 3\0", "{\"a\":1}", String(repeating: "\0", count: 9_000),
    ])
  func noDatabase(text: String) throws {
    try write(text.utf8, to: path)
    #expect(code() == .notAProfile)
  }

  @Test("another program's database is no profile")
  func otherDatabase() throws {
    try SQL(folder.path("other")).run("CREATE TABLE objects(id INTEGER PRIMARY KEY)")
    let error = #expect(throws: ProfileError.self) { try history(at: folder.path("other")) }
    #expect(error?.code == .notAProfile)
    #expect(error?.message.contains("another program's") == true)
  }

  @Test("a newer profile is told as such, with both versions")
  func newerProfile() throws {
    try SQL(path).run("PRAGMA user_version=12; ALTER TABLE objects ADD COLUMN more")
    let error = #expect(throws: ProfileError.self) { try history(at: path) }
    #expect(error?.code == .newerVersion)
    #expect(error?.message.contains("version 12") == true && error?.message.contains("up to 5") == true)
  }

  @Test(
    "tables that Sizer did not make so are refused",
    arguments: [
      "PRAGMA user_version=0", "PRAGMA user_version=-1", "DROP TABLE names", "ALTER TABLE objects ADD COLUMN more",
      "CREATE INDEX i ON objects(birth)", "CREATE TRIGGER t AFTER INSERT ON names BEGIN DELETE FROM names; END",
      "DROP TABLE objects; CREATE VIEW objects AS WITH RECURSIVE n(id) AS (SELECT 0 UNION ALL SELECT id+1 FROM n) "
        + "SELECT id FROM n",
      "DROP TABLE texts; CREATE TABLE texts(id INTEGER PRIMARY KEY, text TEXT NOT NULL)",
      "DROP TABLE texts; CREATE TABLE TEXTS(id INTEGER PRIMARY KEY, text AS (zeroblob(1000000000)))",
      "DROP TABLE frames; CREATE VIRTUAL TABLE frames USING fts5(address)",
    ])
  func otherTables(sql: String) throws {
    try SQL(path).run("PRAGMA foreign_keys=OFF; \(sql)")
    #expect(code() == .corrupted)
  }

  @Test("views and tables that somebody adds are left alone")
  func addedTables() throws {
    try SQL(path).run(
      "CREATE VIEW mine AS SELECT * FROM objects; CREATE TABLE notes(text); INSERT INTO notes VALUES('x')")
    #expect(try history(at: path) == story.history)
  }

  @Test(
    "values that no profile holds are damage",
    arguments: [
      "DELETE FROM names WHERE id=0", "DELETE FROM objects WHERE id=1", "UPDATE objects SET id=-1 WHERE id=0",
      "UPDATE objects SET id=9223372036854775807 WHERE id=1", "UPDATE objects SET id=4000000000 WHERE id=1",
      "UPDATE objects SET name=1000000", "UPDATE objects SET name=-1", "UPDATE objects SET class='x'",
      "UPDATE objects SET current=9223372036854775807", "UPDATE objects SET trace=4294967295",
      "UPDATE objects SET trace=-1",
      "UPDATE objects SET address=x'00'", "UPDATE objects SET birth=-1", "UPDATE objects SET birth=9223372036854775807",
      "UPDATE objects SET ended=9223372036854775807", "UPDATE objects SET dead=2", "UPDATE objects SET birth=1.5",
      "UPDATE snapshots SET tracked=-1", "UPDATE snapshots SET resident=9223372036854775807",
      "UPDATE snapshots SET mode='so'",
      "UPDATE snapshots SET time=1000-id", "UPDATE snapshots SET ladder_resident='x'",
      "UPDATE objects SET ended=0, birth=1",
      "UPDATE snapshots SET label=x'00'", "UPDATE snapshots SET time=-9223372036854775808",
      "UPDATE classes SET name=99999", "UPDATE classes SET snapshot=99999", "UPDATE classes SET share='x'",
      "UPDATE classes SET active=-1", "UPDATE classes SET snapshot=0, name=0", "UPDATE size_runs SET sizes='[1'",
      "UPDATE size_runs SET sizes='[1,]'", "UPDATE size_runs SET sizes='[,1]'", "UPDATE size_runs SET sizes='[1 ]'",
      "UPDATE size_runs SET sizes='[--1]'", "UPDATE size_runs SET sizes='[1e9]'", "UPDATE size_runs SET sizes='[1][1]'",
      "UPDATE size_runs SET sizes=NULL", "UPDATE size_runs SET sizes='[99999999999999999999999999]'",
      "UPDATE size_runs SET sizes='[9999999999999999]'", "UPDATE size_runs SET sizes='[-9223372036854775808,1]'",
      "UPDATE size_runs SET sizes='[-999999999999999999,1]'", "UPDATE size_runs SET unit=9007199254740992, sizes='[2]'",
      "UPDATE size_runs SET unit=-1", "UPDATE size_runs SET first=100000", "UPDATE size_runs SET first=-1",
      "UPDATE size_runs SET snapshot=100000", "UPDATE size_runs SET snapshot=1-snapshot",
      "UPDATE size_runs SET first=0, snapshot=0", "UPDATE referent_trees SET object=100000",
      "UPDATE referent_trees SET snapshot=100000", "UPDATE referent_trees SET object=0, snapshot=0",
      "UPDATE referents SET tree=100000", "UPDATE referents SET tree=max(0, 1000-id)", "UPDATE referents SET parent=id",
      "UPDATE referents SET parent=id+1", "UPDATE referents SET parent=-1", "UPDATE referents SET name=100000",
      "UPDATE referents SET type=NULL", "UPDATE referents SET bytes=-1", "UPDATE referents SET parent=0 WHERE tree>0",
      "UPDATE traces SET frames='[100000]'", "UPDATE traces SET frames='[-1]'", "UPDATE traces SET frames=''",
      "UPDATE frames SET function=100000", "UPDATE frames SET file=-1", "UPDATE frames SET line=-1",
      "UPDATE frames SET inlined=7", "UPDATE frames SET address=NULL", "DELETE FROM texts WHERE id=3",
      "UPDATE heap_images SET snapshot=100000", "UPDATE heap_images SET snapshot=-1",
      "UPDATE heap_images SET snapshot=1", "UPDATE heap_images SET length=length+1",
      "UPDATE heap_images SET length=-1", "UPDATE heap_images SET length=NULL", "DELETE FROM heap_images WHERE id=1",
      "UPDATE heap_pieces SET image=100000", "UPDATE heap_pieces SET image=1-image",
      "UPDATE heap_pieces SET bytes='text'", "UPDATE heap_pieces SET bytes=NULL", "UPDATE heap_pieces SET bytes=x''",
      "DELETE FROM heap_pieces WHERE id=0",
    ])
  func impossibleValues(sql: String) throws {
    // Written past the NOT NULLs, as a stranger would.
    let table = sql.split(separator: " ")[sql.hasPrefix("DELETE") ? 2 : 1]
    let database = try SQL(path)
    let text = try database.rows("SELECT sql FROM sqlite_master WHERE name='\(table)'")[0]
    let loose = text.replacing(" NOT NULL", with: "").replacing("'", with: "''")
    try database.run("PRAGMA writable_schema=ON; UPDATE sqlite_master SET sql='\(loose)' WHERE name='\(table)'")
    let second = try SQL(path)
    #expect(try second.rows("SELECT count(*) FROM \(table)") != ["0"])
    // Rows of one table may clash on the way: that is what the statement is for.
    try second.run(sql.replacing("UPDATE ", with: "UPDATE OR REPLACE "))
    let original = text.replacing("'", with: "''")
    try second.run("PRAGMA writable_schema=ON; UPDATE sqlite_master SET sql='\(original)' WHERE name='\(table)'")
    #expect(code() == .corrupted)
  }

  @Test("a profile that was cut anywhere is damaged")
  func cutAnywhere() throws {
    let whole = try bytes(of: path)
    for length in stride(from: 0, to: whole.count, by: 512) {
      try write(whole[..<length], to: path)
      #expect(code() == (length < 100 ? .notAProfile : .corrupted), "\(length) of \(whole.count)")
    }
  }

  @Test("a row that claims gigabytes is damage, not a lack of memory")
  func hugeRow() throws {
    // Without the tables that nobody reads.
    let derived = ["classes", "leaks", "tasks", "roots"].map { "DELETE FROM heap_\($0);" }.joined()
    try SQL(path).run("\(derived) PRAGMA page_size=1024; VACUUM")
    let whole = try bytes(of: path)
    var codes: [ProfileError.Code: Int] = [:]
    // A leaf of a table: at 3 the number of its cells, at 8 their places; a cell begins with the length of its row.
    for page in stride(from: 1_024, to: whole.count, by: 1_024) where whole[page] == 0x0d {
      for cell in 0..<Int(whole[page + 4]) {
        let place = page + Int(whole[page + 8 + 2 * cell]) << 8 + Int(whole[page + 9 + 2 * cell])
        guard place + 5 <= whole.count else { continue }
        var damaged = whole
        damaged.replaceSubrange(place..<place + 5, with: [0xff, 0xff, 0xff, 0xff, 0x17])
        try write(damaged, to: path)
        codes[try #require(code(), "\(place)"), default: 0] += 1
      }
    }
    #expect(codes.keys.elementsEqual([.corrupted]) && codes[.corrupted]! > 20)
  }

  @Test("a log of a file that was there before is not mistaken for ours")
  func staleLog() throws {
    let other = Story(seed: 22)
    let recorder = try ProfileRecorder(path: folder.path("other"))
    for delta in other.deltas { try recorder.append(delta) }
    try write(try bytes(of: folder.path("other-wal")), to: folder.path("p-wal"))
    try write(Array("garbage".utf8), to: folder.path("p-journal"))
    #expect(try history(at: path) == story.history)
  }

  @Test("a damaged log gives what was recorded before the damage")
  func damagedLog() throws {
    let recorder = try ProfileRecorder(path: folder.path("running"))
    for delta in story.deltas { try recorder.append(delta) }
    let main = try bytes(of: folder.path("running"))
    var log = try bytes(of: folder.path("running-wal"))
    log[log.count / 2] ^= 0xff
    try write(main, to: folder.path("copy"))
    try write(log, to: folder.path("copy-wal"))
    let read = try history(at: folder.path("copy"))
    #expect(story.histories.contains(read) || read == History())
    #expect(read != story.history)
  }
}
