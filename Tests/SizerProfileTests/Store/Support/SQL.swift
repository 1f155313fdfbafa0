// SPDX-License-Identifier: Apache-2.0
import CSQLite

/// A file as a person at a SQL prompt has it: SQLite itself, no limits, no checks of ours.
final class SQL {
  struct Failure: Error {
    let message: String
  }

  private var handle: OpaquePointer?

  init(_ path: String) throws {
    guard sqlite3_open(path, &handle) == SQLITE_OK else { throw failure }
    // As in a shell that is told to trust no schema.
    try run("PRAGMA trusted_schema=OFF")
  }

  deinit { sqlite3_close(handle) }

  private var failure: Failure { Failure(message: String(cString: sqlite3_errmsg(handle))) }

  /// Runs statements; their rows are lost. A statement that has begun a transaction leaves it open.
  func run(_ sql: String) throws {
    guard sqlite3_exec(handle, sql, nil, nil, nil) == SQLITE_OK else { throw failure }
  }

  /// The rows that a query gives, columns joined by bars; nothing for NULL.
  func rows(_ sql: String) throws -> [String] {
    var statement: OpaquePointer?
    guard sqlite3_prepare_v2(handle, sql, -1, &statement, nil) == SQLITE_OK else { throw failure }
    defer { sqlite3_finalize(statement) }
    var rows: [String] = []
    while sqlite3_step(statement) == SQLITE_ROW {
      let columns = (0..<sqlite3_column_count(statement)).map { column in
        sqlite3_column_text(statement, column).map { String(cString: $0) } ?? ""
      }
      rows.append(columns.joined(separator: "|"))
    }
    guard sqlite3_errcode(handle) == SQLITE_DONE || sqlite3_errcode(handle) == SQLITE_OK else { throw failure }
    return rows
  }
}
