// SPDX-License-Identifier: Apache-2.0

/// Where reading a table has come to. Its rows are in order of what they belong to: a snapshot, an image of the heap.
struct RowCursor: ~Copyable {
  /// Columns behind the id and what the row belongs to.
  static let firstColumn: Int32 = 2

  private let table: String
  private(set) var statement: Statement
  /// The row's number.
  private(set) var id = -1
  /// What the row belongs to; nil behind the last row.
  private(set) var owner: Int?

  /// Made before its first row was read: see ``first(of:by:_:_:isThere:)``.
  private init(_ table: String, _ statement: consuming Statement) {
    self.table = table
    self.statement = statement
  }

  /// Stands at the first row of a table.
  ///
  /// - Parameters:
  ///   - owner: the column that says what a row belongs to.
  ///   - columns: the columns that are read, in order.
  ///   - isThere: whether files of this version have the table; else there are no rows.
  static func first(
    of table: String, by owner: String, _ columns: String, _ reader: borrowing ProfileReader, isThere: Bool = true
  ) throws(ProfileError) -> RowCursor {
    let sql = isThere ? "SELECT id,\(owner),\(columns) FROM \(table) ORDER BY id" : "SELECT 0 WHERE 0"
    var cursor = RowCursor(table, try reader.connection.prepare(sql))
    try cursor.advance(reader)
    return cursor
  }

  /// Goes to the next row.
  mutating func advance(_ reader: borrowing ProfileReader) throws(ProfileError) {
    guard try statement.step() else {
      owner = nil
      return
    }
    id += 1
    guard try statement.integer(0) == id else {
      throw reader.origin.corrupted("\(table) has no row \(id) where it should be")
    }
    let next = try reader.figure(statement, 1)
    guard next >= owner ?? 0 else { throw reader.origin.corrupted("\(table) is out of order at row \(id)") }
    owner = next
  }

  func figure(_ column: Int32, _ reader: borrowing ProfileReader) throws(ProfileError) -> Int {
    try reader.figure(statement, Self.firstColumn + column)
  }

  func optionalFigure(_ column: Int32, _ reader: borrowing ProfileReader) throws(ProfileError) -> Int? {
    statement.isNull(Self.firstColumn + column) ? nil : try figure(column, reader)
  }

  /// Throws unless all rows were read: those that are left belong to nothing.
  borrowing func checkEnd(_ reader: borrowing ProfileReader) throws(ProfileError) {
    if let owner {
      throw reader.origin.corrupted("\(table) has row \(id) of something that is not there (\(owner))")
    }
  }
}

/// The snapshots, one after the other.
struct SnapshotCursor: ~Copyable {
  private var rows: RowCursor
  /// When the snapshot was taken.
  private(set) var time: Int64 = 0

  private init(_ rows: consuming RowCursor) { self.rows = rows }

  /// Stands at the first snapshot.
  static func first(_ reader: borrowing ProfileReader) throws(ProfileError) -> SnapshotCursor {
    var cursor = SnapshotCursor(try RowCursor.first(of: "snapshots", by: "id", "time", reader))
    try cursor.read(reader)
    return cursor
  }

  /// The snapshot's number; nil behind the last.
  var number: Int? { rows.owner }

  mutating func advance(_ reader: borrowing ProfileReader) throws(ProfileError) {
    try rows.advance(reader)
    try read(reader)
  }

  private mutating func read(_ reader: borrowing ProfileReader) throws(ProfileError) {
    guard rows.owner != nil else { return }
    let next = try reader.time(rows.statement, RowCursor.firstColumn)
    guard next >= time else { throw reader.origin.corrupted("its snapshots are not in order of time") }
    time = next
  }
}
