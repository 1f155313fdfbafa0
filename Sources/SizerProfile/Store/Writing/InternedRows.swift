// SPDX-License-Identifier: Apache-2.0

/// A table of the file while it is written: a row that is there already is found again, by what is in it. Ids count
/// from 0.
struct InternedRows<Row: Hashable>: ~Copyable {
  /// Remembered rows, at most: there may be as many as the program makes. One that was forgotten is written again.
  static var capacity: Int { 1 << 16 }

  private var ids: [Row: Int64] = [:]
  /// How many rows there are.
  private(set) var count: Int64 = 0
  private var committed: Int64 = 0
  private var insert: Statement

  /// - Parameter insert: writes a row; its first parameter is the id.
  init(_ insert: consuming Statement) {
    self.insert = insert
  }

  /// The row's id. `bind` gives the rest of a new one's columns to the statement.
  mutating func id(
    of row: Row, _ bind: (inout Statement) throws(ProfileError) -> Void
  ) throws(ProfileError) -> Int64 {
    if let id = ids[row] { return id }
    insert.bind(first: count)
    try bind(&insert)
    try insert.run()
    if ids.count >= Self.capacity { ids.removeAll(keepingCapacity: true) }
    ids[row] = count
    defer { count += 1 }
    return count
  }

  mutating func commit() { committed = count }

  /// Forgets the rows since the last commit, and answers how many are left; nil when there were none to forget.
  mutating func rollback() -> Int64? {
    guard count > committed else { return nil }
    let rest = committed
    count = rest
    ids = ids.filter { $0.value < rest }
    return rest
  }

  /// The table was emptied: ids begin anew. Undone by a rollback only in the file, so that nothing may be written after
  /// one.
  mutating func restart() {
    ids = [:]
    count = 0
  }
}
