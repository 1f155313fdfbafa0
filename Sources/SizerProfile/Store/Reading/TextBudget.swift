// SPDX-License-Identifier: Apache-2.0
import SizerGraph

/// How many more bytes of text a file can hold. Rows of a hostile file may share the pages that their texts stand on,
/// so that a small file says much; no honest file says more than its own length.
struct TextBudget {
  private(set) var left: Int64
  let origin: Origin

  init(left: Int64, origin: Origin) {
    self.left = left
    self.origin = origin
  }

  /// Calls `body` with a column's text.
  mutating func withText<Result>(
    _ row: borrowing Statement, _ column: Int32, _ body: (UnsafeBufferPointer<UInt8>) throws(ProfileError) -> Result
  ) throws(ProfileError) -> Result {
    try row.withText(column) { (text) throws(ProfileError) in
      left -= Int64(text.count)
      guard left >= 0 else { throw origin.corrupted("its texts are longer than the file") }
      return try body(text)
    }
  }

  /// The same with a column's bytes.
  mutating func withBytes(
    _ row: borrowing Statement, _ column: Int32, _ body: (UnsafeRawBufferPointer) -> Void
  ) throws(ProfileError) {
    try row.withBytes(column) { (bytes) throws(ProfileError) in
      left -= Int64(bytes.count)
      guard left >= 0 else { throw origin.corrupted("its heap images are longer than the file") }
      body(bytes)
    }
  }

  mutating func text(_ row: borrowing Statement, _ column: Int32) throws(ProfileError) -> String {
    let origin = origin
    return try withText(row, column) { (text) throws(ProfileError) in
      guard !CombiningMarks.areTooMany(in: text) else {
        throw origin.corrupted("a text has more than \(FileLimits.marks) combining marks in a row")
      }
      return String(decoding: text, as: UTF8.self)
    }
  }

  mutating func optionalText(_ row: borrowing Statement, _ column: Int32) throws(ProfileError) -> String? {
    try row.isNull(column) ? nil : text(row, column)
  }
}
