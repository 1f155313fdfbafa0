// SPDX-License-Identifier: Apache-2.0

/// The table `frames` while it is written: traces share most of their calls.
struct FrameTable: ~Copyable {
  /// A frame with its texts' ids in their place.
  private struct Row: Hashable {
    let address: UInt64
    let function: Int64?
    let file: Int64?
    let line: Int64
    let column: Int64
    let isInlined: Bool
    let image: Int64?
    let imageOffset: UInt64
    let buildID: Int64?
  }

  private var rows: InternedRows<Row>
  /// Frames that traces share are looked up by their place in the list, not by all their texts, each time that they are
  /// called.
  private var shared: (list: SharedFrames, ids: [Int64])?

  private init(_ rows: consuming InternedRows<Row>) { self.rows = rows }

  // Two of them: Swift 6.2 ends the lives of properties with defaults twice where what can't be copied is made by an
  // initialiser that throws.
  init(_ connection: borrowing Connection) throws(ProfileError) {
    self.init(InternedRows(try connection.prepare("INSERT INTO frames VALUES(?,?,?,?,?,?,?,?,?,?)")))
  }

  /// How many rows there are.
  var count: Int64 { rows.count }

  /// The id of a trace's frame; writes it when it is new.
  mutating func id(of trace: StackTrace, at index: Int, texts: inout TextTable) throws(ProfileError) -> Int64 {
    guard let (list, calls) = trace.sharedCalls else { return try id(trace.frame(at: index), texts: &texts) }
    if shared?.list !== list { shared = (list, [Int64](repeating: -1, count: list.frames.count)) }
    let number = Int(calls[calls.startIndex + index])
    if let id = shared?.ids[number], id >= 0 { return id }
    let id = try id(list.frames[number], texts: &texts)
    shared?.ids[number] = id
    return id
  }

  private mutating func id(_ frame: StackTrace.Frame, texts: inout TextTable) throws(ProfileError) -> Int64 {
    let row = Row(
      address: frame.address, function: try texts.id(frame.function), file: try texts.id(frame.file),
      line: Int64(frame.line), column: Int64(frame.column), isInlined: frame.isInlined,
      image: try texts.id(frame.image), imageOffset: frame.imageOffset, buildID: try texts.id(frame.buildID))
    return try rows.id(of: row) { (insert) throws(ProfileError) in
      guard (0...FileLimits.figure).contains(row.line), (0...FileLimits.figure).contains(row.column) else {
        throw insert.inconsistent("a frame's line and column are \(row.line) and \(row.column)")
      }
      insert.bind(Int64(bitPattern: row.address))
      insert.bind(row.function)
      insert.bind(row.file)
      insert.bind(row.line)
      insert.bind(row.column)
      insert.bind(row.isInlined ? 1 : 0)
      insert.bind(row.image)
      insert.bind(Int64(bitPattern: row.imageOffset))
      insert.bind(row.buildID)
    }
  }

  mutating func commit() { rows.commit() }

  mutating func rollback() {
    if rows.rollback() != nil { shared = nil }
  }

  /// The table was emptied: ids begin anew. Undone by a rollback only in the file, so that nothing may be written after
  /// one.
  mutating func restart() {
    rows.restart()
    shared = nil
  }
}
