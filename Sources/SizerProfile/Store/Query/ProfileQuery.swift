// SPDX-License-Identifier: Apache-2.0
import CSQLite

/// A question in SQL to a profile, and its answer row by row. The file is opened as ``Statistics/init(contentsOf:)``
/// opens it and may be a stranger's: it can't be written to, and nothing in it runs; the views are this program's own,
/// not the file's. How long it takes, and how much memory, is up to the question. One thread at a time.
package struct ProfileQuery: ~Copyable {
  /// A value of the answer.
  package enum Value: Sendable, Hashable {
    case null
    case integer(Int64)
    case real(Double)
    case text(String)
    case blob([UInt8])
  }

  /// The names of the answer's columns.
  package let columns: [String]
  // Before the connection goes, the statement must: see `deinit`.
  private let connection: Connection
  private let statement: OpaquePointer

  /// Opens the profile at `path` and prepares one statement.
  ///
  /// - Throws: what `Statistics(contentsOf:)` throws when the file can't be opened, and `invalidQuery`.
  package init(path: String, sql: String) throws(ProfileError) {
    // Who reads a recording may have to make the index of its log.
    let file = try holdingSignals { () throws(ProfileError) in
      try ProfileFile(reading: Origin(path: path, operation: "ProfileQuery(path:sql:)"))
    }
    let connection = file.connection
    connection.loosenLimits()
    try connection.execute("PRAGMA mmap_size=0; PRAGMA cell_size_check=ON; PRAGMA temp_store=MEMORY; BEGIN")
    try SchemaCheck.run(connection)
    for view in Schema.views { try connection.execute("CREATE TEMP \(view.dropFirst("CREATE ".count))") }
    try connection.execute("PRAGMA query_only=ON")
    connection.openTableFunctions()
    sqlite3_set_authorizer(
      connection.handle, { _, action, first, second, _, _ in authorize(action, first, second) }, nil)
    let statement = try connection.prepareOnly(sql)
    columns = (0..<sqlite3_column_count(statement)).map { column in
      sqlite3_column_name(statement, column).map { String(cString: $0) } ?? ""
    }
    self.statement = statement
    self.connection = connection
  }

  deinit {
    sqlite3_finalize(statement)
  }

  /// The next row, a value for each column; nil after the last.
  package mutating func next() throws(ProfileError) -> [Value]? {
    switch sqlite3_step(statement) {
    case SQLITE_ROW: return values(of: statement, count: Int32(columns.count))
    case SQLITE_DONE: return nil
    case let status: throw connection.queryFailure(status)
    }
  }

  /// The tables and views that can be asked, as the statements that make them, comments included.
  package static var schema: String {
    (Schema.tables.map { $0.sql() } + Schema.views).map { $0 + ";\n" }.joined(separator: "\n")
  }
}

extension Connection {
  /// Questions are the user's own: what a file must not ask for, they may.
  fileprivate func loosenLimits() {
    for (limit, value) in [
      (SQLITE_LIMIT_LENGTH, Int32(1 << 26)), (SQLITE_LIMIT_SQL_LENGTH, 1 << 20), (SQLITE_LIMIT_COLUMN, 2_000),
      (SQLITE_LIMIT_EXPR_DEPTH, 1_000), (SQLITE_LIMIT_COMPOUND_SELECT, 500), (SQLITE_LIMIT_VDBE_OP, 1 << 24),
      (SQLITE_LIMIT_FUNCTION_ARG, 127), (SQLITE_LIMIT_LIKE_PATTERN_LENGTH, 50_000),
    ] { sqlite3_limit(handle, limit, value) }
  }

  /// Opens the functions that give tables and that a question may use: all of them only read, and what they read is
  /// their arguments or what the pragmas say that ``authorize(_:_:_:)`` allows. SQLite makes such a table when it is
  /// first named, as a change of the schema, which is refused from then on: whatever else a SQLite has (the pages of
  /// the file, tokenizers) stays closed.
  fileprivate func openTableFunctions() {
    for name in tableFunctions {
      var statement: OpaquePointer?
      // One that this SQLite does not have is not there for the question either.
      sqlite3_prepare_v3(handle, "SELECT 1 FROM \(name)", -1, 0, &statement, nil)
      sqlite3_finalize(statement)
    }
  }

  /// The statement that is all of `sql`.
  fileprivate func prepareOnly(_ sql: String) throws(ProfileError) -> OpaquePointer {
    guard !sql.utf8.contains(0) else { throw invalid("the statement holds a zero byte") }
    var made: OpaquePointer?
    var following: OpaquePointer?
    let status = sql.withCString { text in
      var rest: UnsafePointer<CChar>?
      let status = sqlite3_prepare_v3(handle, text, -1, 0, &made, &rest)
      // What follows may be a comment; whatever else it is, it is one statement too many.
      if status == SQLITE_OK, let rest, sqlite3_prepare_v3(handle, rest, -1, 0, &following, nil) != SQLITE_OK {
        return SQLITE_MISUSE
      }
      return status
    }
    let isAlone = following == nil && status != SQLITE_MISUSE
    sqlite3_finalize(following)
    guard status == SQLITE_OK || status == SQLITE_MISUSE else {
      throw closedTableFunction.map { invalid("\($0); \(Self.openOnes)") } ?? queryFailure(status)
    }
    guard let made else { throw invalid("there is no statement") }
    guard isAlone, sqlite3_stmt_readonly(made) != 0 else {
      sqlite3_finalize(made)
      throw invalid(isAlone ? "a profile is only read" : "one statement at a time")
    }
    return made
  }

  /// What SQLite has against a question, in its own words.
  fileprivate func queryFailure(_ status: Int32) -> ProfileError {
    switch status & 0xff {
    case SQLITE_ERROR, SQLITE_TOOBIG, SQLITE_RANGE, SQLITE_MISMATCH, SQLITE_CONSTRAINT:
      return invalid(message)
    case SQLITE_AUTH, SQLITE_READONLY: return invalid("a profile is only read")
    default: return origin.failure(status, handle)
    }
  }

  private var message: String { sqlite3_errmsg(handle).map { String(cString: $0) } ?? "SQLite failed" }

  /// What is wrong with the statement that could not be prepared, if that is a table function that is not open.
  private var closedTableFunction: String? {
    let start = "vtable constructor failed: "
    if message.hasPrefix(start) { return "\(message.dropFirst(start.count)) may not be used here" }
    // A pragma's, which has SQLite say no more than this. What a profile forbids otherwise has a status of its own.
    return message == "not authorized" && sqlite3_errcode(handle) == SQLITE_ERROR
      ? "a pragma may not be used here" : nil
  }

  private static var openOnes: String {
    "of the functions that give tables there are \(tableFunctions.joined(separator: ", "))"
  }

  private func invalid(_ what: String) -> ProfileError {
    origin.error(.invalidQuery, "can't answer: \(what)", "without a statement, `sizer sql` shows what there is to ask")
  }
}

/// The functions that give tables, of those that come with SQLite.
private let tableFunctions =
  ["json_each", "json_tree", "generate_series"] + (pragmas + pragmasOfTables).map { "pragma_\($0)" }

/// What there is to know of the file.
private let pragmas = [
  "application_id", "user_version", "table_list", "database_list", "quick_check", "integrity_check",
]

/// What there is to know of a table.
private let pragmasOfTables = ["table_info", "table_xinfo", "index_list"]

/// Reading, and asking what there is to read.
private func authorize(_ action: Int32, _ first: UnsafePointer<CChar>?, _ second: UnsafePointer<CChar>?) -> Int32 {
  switch action {
  case SQLITE_SELECT, SQLITE_READ, SQLITE_FUNCTION, SQLITE_RECURSIVE: return SQLITE_OK
  case SQLITE_PRAGMA:
    let name = first.map { String(cString: $0).lowercased() } ?? ""
    let isAllowed =
      second == nil
      ? pragmas.contains(name) : pragmasOfTables.contains(name) || name == "table_list"
    return isAllowed ? SQLITE_OK : SQLITE_DENY
  default: return SQLITE_DENY
  }
}

/// The row at which a statement stands.
private func values(of statement: OpaquePointer, count: Int32) -> [ProfileQuery.Value] {
  (0..<count).map { column in
    switch sqlite3_column_type(statement, column) {
    case SQLITE_INTEGER: return .integer(sqlite3_column_int64(statement, column))
    case SQLITE_FLOAT: return .real(sqlite3_column_double(statement, column))
    case SQLITE_TEXT:
      let text = sqlite3_column_text(statement, column)
      let count = Int(sqlite3_column_bytes(statement, column))
      return .text(String(decoding: UnsafeBufferPointer(start: text, count: text == nil ? 0 : count), as: UTF8.self))
    case SQLITE_BLOB:
      let bytes = sqlite3_column_blob(statement, column)
      let count = Int(sqlite3_column_bytes(statement, column))
      return .blob(Array(UnsafeRawBufferPointer(start: bytes, count: bytes == nil ? 0 : count)))
    default: return .null
    }
  }
}
