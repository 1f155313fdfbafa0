// SPDX-License-Identifier: Apache-2.0
import CSQLite
import SizerGraph

/// A prepared statement: put its parameters in order and run it, or step through its rows. Lives no longer than its
/// connection is used.
struct Statement: ~Copyable {
  /// What a column holds.
  enum Kind {
    case integer, real, text, blob, null
  }

  private let handle: OpaquePointer
  private let origin: Origin
  /// How many parameters are put since the last run.
  private var put: Int32 = 0
  private var failed = SQLITE_OK

  init(_ handle: OpaquePointer, origin: Origin) {
    self.handle = handle
    self.origin = origin
  }

  deinit {
    sqlite3_finalize(handle)
  }

  private func failure(_ status: Int32) -> ProfileError { origin.failure(status, sqlite3_db_handle(handle)) }

  // MARK: Writing

  /// The first parameter, whatever a row that was given up left behind.
  mutating func bind(first value: Int64?) {
    (put, failed) = (0, SQLITE_OK)
    bind(value)
  }

  /// The same with a text.
  mutating func bindFirst(_ text: String) {
    (put, failed) = (0, SQLITE_OK)
    bind(text)
  }

  /// The next parameter. Failures come out of ``run()``.
  mutating func bind(_ value: Int64?) {
    put += 1
    note(value.map { sqlite3_bind_int64(handle, put, $0) } ?? sqlite3_bind_null(handle, put))
  }

  mutating func bind(_ value: Double) {
    put += 1
    note(sqlite3_bind_double(handle, put, value))
  }

  mutating func bind(_ text: String?) {
    put += 1
    guard var text else { return note(sqlite3_bind_null(handle, put)) }
    text.withUTF8 { note(bindText($0)) }
  }

  /// UTF-8 that stands ready in an array.
  mutating func bind(text: [UInt8]) {
    put += 1
    text.withUnsafeBufferPointer { note(bindText($0)) }
  }

  /// Bytes, at least one.
  mutating func bind(bytes: ArraySlice<UInt8>) {
    put += 1
    bytes.withUnsafeBytes { note(csqlite_bind_blob(handle, put, $0.baseAddress, Int32($0.count))) }
  }

  private func bindText(_ text: UnsafeBufferPointer<UInt8>) -> Int32 {
    guard text.count <= FileLimits.textBytes else { return SQLITE_TOOBIG }
    guard !CombiningMarks.areTooMany(in: text) else { return SQLITE_MISMATCH }
    // An empty buffer may have no address, and no address would bind NULL.
    guard let start = text.baseAddress else { return csqlite_bind_text(handle, put, "", 0) }
    return start.withMemoryRebound(to: CChar.self, capacity: text.count) {
      csqlite_bind_text(handle, put, $0, Int32(text.count))
    }
  }

  private mutating func note(_ status: Int32) {
    if status != SQLITE_OK { failed = status }
  }

  /// Runs it with what was put and makes it ready for the next run.
  mutating func run() throws(ProfileError) {
    guard failed == SQLITE_OK else {
      if failed == SQLITE_TOOBIG { throw origin.inconsistent("a text is longer than \(FileLimits.textBytes) bytes") }
      if failed == SQLITE_MISMATCH {
        throw origin.inconsistent("a text has more than \(FileLimits.marks) combining marks in a row")
      }
      throw failure(failed)
    }
    let status = sqlite3_step(handle)
    guard status == SQLITE_DONE || status == SQLITE_ROW else {
      let error = failure(status)
      sqlite3_reset(handle)
      throw error
    }
    sqlite3_reset(handle)
  }

  /// What is to be put makes no sense.
  func inconsistent(_ what: String) -> ProfileError { origin.inconsistent(what) }

  // MARK: Reading

  /// Goes to the next row; false after the last one.
  mutating func step() throws(ProfileError) -> Bool {
    switch sqlite3_step(handle) {
    case SQLITE_ROW: return true
    case SQLITE_DONE: return false
    case let status: throw failure(status)
    }
  }

  func isNull(_ column: Int32) -> Bool { sqlite3_column_type(handle, column) == SQLITE_NULL }

  func kind(_ column: Int32) -> Kind {
    switch sqlite3_column_type(handle, column) {
    case SQLITE_INTEGER: .integer
    case SQLITE_FLOAT: .real
    case SQLITE_TEXT: .text
    case SQLITE_BLOB: .blob
    default: .null
    }
  }

  /// A column that must hold an integer: SQLite would turn anything into one, at length when it is a long text.
  func integer(_ column: Int32) throws(ProfileError) -> Int64 {
    // Half the calls of asking the statement for type and value. Such a value may be asked when no other thread uses
    // the connection.
    let value = sqlite3_column_value(handle, column)
    guard sqlite3_value_type(value) == SQLITE_INTEGER else { throw wrongType(column) }
    return sqlite3_value_int64(value)
  }

  /// nil for NULL.
  func optionalInteger(_ column: Int32) throws(ProfileError) -> Int64? {
    try isNull(column) ? nil : integer(column)
  }

  /// SQLite has no NaN: it stores NULL.
  func real(_ column: Int32) throws(ProfileError) -> Double {
    switch kind(column) {
    case .real: return sqlite3_column_double(handle, column)
    case .null: return .nan
    default: throw wrongType(column)
    }
  }

  /// A column that must hold text, as UTF-8 that is valid until the next step.
  func withText<Result>(
    _ column: Int32, _ body: (UnsafeBufferPointer<UInt8>) throws(ProfileError) -> Result
  ) throws(ProfileError) -> Result {
    guard kind(column) == .text else { throw wrongType(column) }
    guard let text = sqlite3_column_text(handle, column) else { throw failure(SQLITE_NOMEM) }
    return try body(UnsafeBufferPointer(start: text, count: Int(sqlite3_column_bytes(handle, column))))
  }

  /// A column that must hold bytes, which are valid until the next step.
  func withBytes<Result>(
    _ column: Int32, _ body: (UnsafeRawBufferPointer) throws(ProfileError) -> Result
  ) throws(ProfileError) -> Result {
    guard kind(column) == .blob else { throw wrongType(column) }
    let count = Int(sqlite3_column_bytes(handle, column))
    // Of no bytes there is no address.
    guard let bytes = sqlite3_column_blob(handle, column) else { throw wrongType(column) }
    return try body(UnsafeRawBufferPointer(start: bytes, count: count))
  }

  private func wrongType(_ column: Int32) -> ProfileError {
    let name = sqlite3_column_name(handle, column).map { String(cString: $0) } ?? "\(column)"
    return origin.corrupted("a value of the column \(name) has the wrong type")
  }
}
