// SPDX-License-Identifier: Apache-2.0

/// Writes rows of a profile. What belongs together stands between ``begin()`` and ``commit()``; ids go on from what was
/// written.
struct ProfileWriter: ~Copyable {
  let connection: Connection
  let origin: Origin
  var counts = History.Counts()
  var texts: TextTable
  var frames: FrameTable
  /// How many rows of the other tables there are, and were at the last commit.
  var rows = Rows()
  private var committed = (counts: History.Counts(), rows: Rows())

  var insertName: Statement
  var insertObject: Statement
  var insertSnapshot: Statement
  var insertClass: Statement
  var insertLivingClass: Statement
  var insertRun: Statement
  var insertTree: Statement
  var insertReferent: Statement
  var insertTrace: Statement
  var updateEnd: Statement
  var updateClass: Statement
  var heaps: HeapStatements

  struct Rows {
    var classes: Int64 = 0
    var livingClasses: Int64 = 0
    var runs: Int64 = 0
    var trees: Int64 = 0
    var referents: Int64 = 0
    var sizeSum: Int64 = 0
    var heaps = HeapRowCounts()
  }

  /// Makes the tables in an empty database, in one transaction. Nothing waits for the disk until
  /// ``waitForDisk()``: of an empty profile a power failure may leave anything, and the program that is to be recorded
  /// would start some ten milliseconds later.
  init(_ connection: consuming Connection) throws(ProfileError) {
    try connection.execute(
      "PRAGMA secure_delete=OFF; PRAGMA synchronous=OFF; PRAGMA cache_size=-4096; BEGIN IMMEDIATE")
    try connection.execute("PRAGMA application_id=\(Schema.applicationID); PRAGMA user_version=\(Schema.version)")
    for table in Schema.tables { try connection.execute(table.sql()) }
    for view in Schema.views { try connection.execute(view) }
    try connection.execute("COMMIT")
    // All of them before the first is stored: a struct that can't be copied is whole or not there.
    let texts = try TextTable(connection)
    let frames = try FrameTable(connection)
    let insertName = try connection.prepare("INSERT INTO names VALUES(?,?)")
    let insertObject = try connection.prepare("INSERT INTO objects VALUES(?,?,?,?,?,?,?,?,?)")
    let marks = String(repeating: ",?", count: SnapshotColumns.all.count)
    let insertSnapshot = try connection.prepare("INSERT INTO snapshots(id,\(SnapshotColumns.list)) VALUES(?\(marks))")
    let insertClass = try connection.prepare("INSERT INTO classes VALUES(?,?,?,?,?,?,?,?,?,?,?,?)")
    let insertLivingClass = try connection.prepare("INSERT INTO living_classes VALUES(?,?,?,?,?,?,?,?,?,?)")
    let insertRun = try connection.prepare("INSERT INTO size_runs VALUES(?,?,?,?,?)")
    let insertTree = try connection.prepare("INSERT INTO referent_trees VALUES(?,?,?)")
    let insertReferent = try connection.prepare("INSERT INTO referents VALUES(?,?,?,?,?,?,?)")
    let insertTrace = try connection.prepare("INSERT INTO traces VALUES(?,?)")
    let updateEnd = try connection.prepare("UPDATE objects SET address=0, ended=?, dead=? WHERE id=?")
    let updateClass = try connection.prepare("UPDATE objects SET current=? WHERE id=?")
    let heaps = try HeapStatements(connection)
    origin = connection.origin
    self.texts = texts
    self.frames = frames
    self.insertName = insertName
    self.insertObject = insertObject
    self.insertSnapshot = insertSnapshot
    self.insertClass = insertClass
    self.insertLivingClass = insertLivingClass
    self.insertRun = insertRun
    self.insertTree = insertTree
    self.insertReferent = insertReferent
    self.insertTrace = insertTrace
    self.updateEnd = updateEnd
    self.updateClass = updateClass
    self.heaps = heaps
    self.connection = connection
  }

  /// From now on a power failure leaves all of a transaction, or nothing.
  func waitForDisk() throws(ProfileError) { try connection.execute("PRAGMA synchronous=NORMAL") }

  func begin() throws(ProfileError) { try connection.execute("BEGIN IMMEDIATE") }

  mutating func commit() throws(ProfileError) {
    try connection.execute("COMMIT")
    committed = (counts, rows)
    texts.commit()
    frames.commit()
  }

  /// Forgets what was written since ``begin()``.
  mutating func rollback() {
    // It fails when SQLite has rolled back already, as it does when the disk is full.
    try? connection.execute("ROLLBACK")
    (counts, rows) = committed
    texts.rollback()
    frames.rollback()
  }
}
