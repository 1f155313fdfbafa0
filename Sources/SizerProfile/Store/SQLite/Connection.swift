// SPDX-License-Identifier: Apache-2.0
import CSQLite

/// An open database. Used by one thread at a time. Errors say SQLite's own reason.
struct Connection: ~Copyable {
  /// What the connection is for.
  enum Purpose {
    case writing, reading
  }

  let origin: Origin
  /// For code of the store only, while the connection lives.
  let handle: OpaquePointer
  /// Where the progress handler counts; nil while none is set.
  private var steps: UnsafeMutablePointer<Int64>?

  /// Opens an existing database by its URI (``FilePath/uri(_:)``). Without locks: nobody waits for this connection, nor
  /// it for anybody.
  init(uri: String, for purpose: Purpose, locks: Bool = true, origin: Origin) throws(ProfileError) {
    let access = purpose == .writing ? SQLITE_OPEN_READWRITE : SQLITE_OPEN_READONLY
    var opened: OpaquePointer?
    // No mutex: the owner sees to it that one thread at a time comes here.
    let status = sqlite3_open_v2(
      uri, &opened, access | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_URI | SQLITE_OPEN_EXRESCODE, nil)
    guard status == SQLITE_OK, let opened, Self.guardFile(of: opened, locks: locks) else {
      let error = origin.failure(status == SQLITE_OK ? SQLITE_CANTOPEN : status, opened)
      sqlite3_close_v2(opened)
      throw error
    }
    self.handle = opened
    self.origin = origin
    if purpose == .reading { harden() }
  }

  deinit {
    sqlite3_close_v2(handle)
    steps?.deallocate()
  }

  /// What a file from a stranger must not get: triggers, views, extensions, functions with side effects, values of any
  /// size. Nothing is written, not even when the connection closes.
  private func harden() {
    for option in [SQLITE_DBCONFIG_DEFENSIVE, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE] {
      _ = csqlite_switch(handle, option, 1)
    }
    for option in [
      SQLITE_DBCONFIG_TRUSTED_SCHEMA, SQLITE_DBCONFIG_ENABLE_TRIGGER, SQLITE_DBCONFIG_ENABLE_VIEW,
      SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, SQLITE_DBCONFIG_ENABLE_FTS3_TOKENIZER,
    ] { _ = csqlite_switch(handle, option, 0) }
    for (limit, value) in [
      (SQLITE_LIMIT_LENGTH, Int32(FileLimits.rowBytes)), (SQLITE_LIMIT_SQL_LENGTH, 20_000), (SQLITE_LIMIT_COLUMN, 100),
      (SQLITE_LIMIT_EXPR_DEPTH, 50), (SQLITE_LIMIT_COMPOUND_SELECT, 5), (SQLITE_LIMIT_VDBE_OP, 25_000),
      (SQLITE_LIMIT_FUNCTION_ARG, 8), (SQLITE_LIMIT_ATTACHED, 0), (SQLITE_LIMIT_LIKE_PATTERN_LENGTH, 50),
      (SQLITE_LIMIT_VARIABLE_NUMBER, 10), (SQLITE_LIMIT_TRIGGER_DEPTH, 1), (SQLITE_LIMIT_WORKER_THREADS, 0),
    ] { sqlite3_limit(handle, limit, value) }
  }

  /// From now on, all statements together may take about `count` of SQLite's steps; what takes more is interrupted.
  mutating func allow(steps count: Int64) {
    let interval: Int32 = 4_096
    let left = steps ?? UnsafeMutablePointer<Int64>.allocate(capacity: 1)
    left.initialize(to: count / Int64(interval))
    steps = left
    sqlite3_progress_handler(
      handle, interval,
      { context in
        // The context is `steps`, which lives as long as the connection.
        let left = context!.assumingMemoryBound(to: Int64.self)
        left.pointee -= 1
        return left.pointee < 0 ? 1 : 0
      }, left)
  }

  /// The descriptors of the file and of its log, as far as they are known.
  var descriptors: (file: Int32, log: Int32) { (csqlite_descriptor(handle, 0), csqlite_descriptor(handle, 1)) }

  /// Closing will leave the log and the file as they are.
  func leaveLog() {
    _ = csqlite_switch(handle, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1)
  }

  /// Waits up to so long for others who hold the file.
  func wait(milliseconds: Int32) {
    sqlite3_busy_timeout(handle, milliseconds)
  }

  /// Runs statements that give no rows, or whose rows do not matter.
  func execute(_ sql: String) throws(ProfileError) {
    let status = sqlite3_exec(handle, sql, nil, nil, nil)
    guard status == SQLITE_OK else { throw origin.failure(status, handle) }
  }

  /// A statement that can be run many times.
  func prepare(_ sql: String) throws(ProfileError) -> Statement {
    var statement: OpaquePointer?
    let status = sqlite3_prepare_v3(handle, sql, -1, UInt32(SQLITE_PREPARE_PERSISTENT), &statement, nil)
    guard status == SQLITE_OK, let statement else { throw origin.failure(status, handle) }
    return Statement(statement, origin: origin)
  }

  /// The first column of the first row; nil when there is no row or it is no integer.
  func integer(_ sql: String) throws(ProfileError) -> Int64? {
    var statement = try prepare(sql)
    guard try statement.step(), statement.kind(0) == .integer else { return nil }
    return try statement.integer(0)
  }

  /// Bytes of the file as it is on the disk; nil when it is shorter.
  func fileBytes(at offset: Int64, count: Int) -> [UInt8]? {
    var bytes = [UInt8](repeating: 0, count: count)
    let status = bytes.withUnsafeMutableBytes { csqlite_read(handle, $0.baseAddress, Int32(count), offset) }
    return status == SQLITE_OK ? bytes : nil
  }
}
