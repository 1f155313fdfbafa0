// SPDX-License-Identifier: Apache-2.0

/// Whether a database is a profile whose tables are what ``Schema`` says.
enum SchemaCheck {
  /// Answers the schema's version.
  @discardableResult
  static func run(_ connection: borrowing Connection) throws(ProfileError) -> Int64 {
    let origin = connection.origin
    guard try connection.integer("PRAGMA application_id") == Schema.applicationID else {
      throw origin.error(
        .notAProfile, "is not a profile of Sizer: it is another program's database", "name a file that Sizer wrote")
    }
    let version = try connection.integer("PRAGMA user_version") ?? 0
    guard version <= Schema.version else {
      throw origin.error(
        .newerVersion,
        "is a profile of version \(version), and this Sizer reads up to \(Schema.version)",
        "use a newer Sizer")
    }
    guard version > 0 else { throw origin.corrupted("its version is \(version)") }
    try tables(connection, version)
    return version
  }

  /// A view in a table's place, a column that computes, an index that lies: none of them can be, for every table must
  /// have been made by our own words. What others have added beside our tables (views, tables of their own) is not
  /// looked at.
  private static func tables(_ connection: borrowing Connection, _ version: Int64) throws(ProfileError) {
    let origin = connection.origin
    var missing: [String: String] = [:]
    for table in Schema.tables where version >= table.firstVersion { missing[table.name] = table.sql(in: version) }
    let ours = Set(missing.keys)
    var statement = try connection.prepare("SELECT type, name, tbl_name, sql FROM sqlite_master")
    while try statement.step() {
      // SQLite does not tell names apart by case.
      let table = try statement.withText(2) { String(decoding: $0, as: UTF8.self) }.lowercased()
      guard ours.contains(table) else { continue }
      let type = try statement.withText(0) { String(decoding: $0, as: UTF8.self) }
      guard type == "table", statement.kind(3) == .text,
        try statement.withText(3, { String(decoding: $0, as: UTF8.self) }) == missing.removeValue(forKey: table)
      else { throw origin.corrupted("its table \(table) is not as Sizer makes it") }
    }
    if let name = missing.keys.min() { throw origin.corrupted("it has no table \(name)") }
  }
}
