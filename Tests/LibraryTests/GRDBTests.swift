// SPDX-License-Identifier: Apache-2.0
import Foundation
import GRDB
import Sizer
import TestSupport
import Testing

/// Rows are values of Swift's; what connections and statements have is SQLite's.
@Suite struct GRDBTests {
  private static func database() throws -> DatabaseQueue {
    let queue = try DatabaseQueue()
    try queue.write { database in
      try database.execute(sql: "CREATE TABLE player (name TEXT, score INTEGER, share REAL, picture BLOB, note TEXT)")
      for row in 0..<10 {
        try database.execute(
          sql: "INSERT INTO player VALUES (?, ?, ?, ?, NULL)",
          arguments: [text(100 + row), row, Double(row) / 3, Data(repeating: 1, count: number(1_000))])
      }
    }
    return queue
  }

  @Test("rows that were fetched are exact", arguments: 1...3)
  func rows(count: Int) throws {
    let queue = try Self.database()
    try expectExact { try queue.read { try Row.fetchAll($0, sql: "SELECT * FROM player LIMIT \(count)") } }
  }

  @Test("a row of texts and blobs is exact")
  func row() throws {
    let queue = try Self.database()
    try expectExact { try queue.read { try Row.fetchOne($0, sql: "SELECT name, picture FROM player")! } }
    try expectExact { try queue.read { try Row.fetchOne($0, sql: "SELECT picture FROM player")! } }
    try expectExact { try queue.read { try Row.fetchOne($0, sql: "SELECT name FROM player")! } }
  }

  @Test("values of the database are exact")
  func values() throws {
    try expectExact { text(1_000).databaseValue }
    try expectExact { Data(repeating: 1, count: number(1_000)).databaseValue }
    try expectExact {
      [text(1_000).databaseValue, 5.databaseValue, .null, Data(repeating: 1, count: 99).databaseValue]
    }
    try expectExact { Row(["name": text(1_000), "score": 5, "picture": Data(repeating: 1, count: number(1_000))]) }
  }

  @Test("a connection is its block, and more that is said not to be known")
  func connections() throws {
    try expectForeign(atLeast: 500) { try DatabaseQueue() }
  }

  @Test("a statement is its block, and more that is said not to be known")
  func statements() throws {
    let queue = try Self.database()
    try queue.read { database in
      let statement = try database.makeStatement(sql: "SELECT * FROM player WHERE score > ?")
      let size = try HeapSizer().size(of: statement)
      #expect(size.unresolvedCount > 0 && size.bytes > 200)
    }
  }
}
