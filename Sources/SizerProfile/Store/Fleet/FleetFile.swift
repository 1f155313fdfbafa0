// SPDX-License-Identifier: Apache-2.0
import Glibc

/// One profile among many. It may be anybody's: it is opened and checked as by ``ProfileReader``, and what is asked of
/// it comes row by row, in memory that does not grow with the file. One thread at a time.
package struct FleetFile: ~Copyable {
  /// Bytes of class names that are remembered, and how many names: more are damage. No program has a tenth of that.
  private static let nameBytes = 16 << 20
  private static let mostNames = 200_000

  package let tags: [String: String]
  /// Whether it was taken while it was recorded, without its log (`-wal`): the newest snapshots are missing.
  package let lacksLog: Bool
  /// What classes are called, by the numbers that rows have.
  package private(set) var names: [String] = []
  private var reader: ProfileReader
  private var numbers: [String: Int] = [:]
  /// The same by texts.id.
  private var known: [Int64: Int] = [:]
  private var bytesOfNames = 0
  private let fresh: TextBudget

  package init(path: String) throws(ProfileError) {
    let origin = Origin(path: path, operation: "FleetFile(path:)")
    // Who reads a recording may have to make the index of its log.
    let file = try holdingSignals { () throws(ProfileError) in try ProfileFile(reading: origin) }
    let lacksLog = file.lacksLog
    // A file may be nearly all holes: how long it may keep us is told by what is there, of which file systems that
    // compress show a part.
    var status = stat()
    let stored = stat(path, &status) == 0 ? Int64(status.st_blocks) * 512 : 0
    var reader = try ProfileReader(file, most: (1 << 22) + 64 * stored)
    let tags = try reader.tags()
    self.init(reader, tags: tags, lacksLog: lacksLog)
  }

  // Apart from what throws, as in FrameTable.
  private init(_ reader: consuming ProfileReader, tags: [String: String], lacksLog: Bool) {
    self.tags = tags
    self.lacksLog = lacksLog
    fresh = reader.budget
    self.reader = reader
  }

  /// The classes that were tracked, where there are any; all that lived, where not.
  package mutating func usualKind() throws(ProfileError) -> FleetKind {
    try reader.count("classes") > 0 ? .tracked : .living
  }

  /// Calls `body` with each row of a kind, in order of snapshot. May be called again, and tells the same then.
  package mutating func forEachClass(
    _ kind: FleetKind, _ body: (borrowing FleetFile, FleetClass) throws -> Void
  ) throws {
    reader.budget = fresh
    var snapshots = try SnapshotCursor.first(reader)
    var images = try RowCursor.first(of: "heap_images", by: "snapshot", "objects", reader, isThere: hasHeaps)
    var ofImages = try RowCursor.first(
      of: "heap_classes", by: "image", "type,count,bytes,retained", reader, isThere: hasHeaps)
    var rows = try rowCursor(kind)
    let last = try lastSnapshot(kind)
    while let number = snapshots.number {
      var row = FleetClass(
        snapshot: number, time: snapshots.time, name: 0, active: 0, bytes: 0, retained: nil, isLast: number == last)
      // A snapshot with an image has no table of what lived beside it: the image's is that.
      let isImage = kind == .living && rows.owner != number
      var retained: [Int: Int] = [:]
      while images.owner == number, ofImages.owner == images.id {
        row.name = try self.number(of: try reader.budget.text(ofImages.statement, RowCursor.firstColumn))
        row.retained = try ofImages.optionalFigure(3, reader)
        if isImage {
          (row.active, row.bytes) = (try ofImages.figure(1, reader), try ofImages.figure(2, reader))
          try body(self, row)
        } else {
          retained[row.name] = row.retained
        }
        try ofImages.advance(reader)
      }
      if images.owner == number { try images.advance(reader) }
      while rows.owner == number {
        row.name = try nameNumber(try rows.statement.integer(RowCursor.firstColumn))
        (row.active, row.bytes) = (try rows.figure(1, reader), try rows.figure(2, reader))
        row.retained = retained[row.name]
        try body(self, row)
        try rows.advance(reader)
      }
      try snapshots.advance(reader)
    }
    try rows.checkEnd(reader)
    try images.checkEnd(reader)
    try ofImages.checkEnd(reader)
  }

  /// The same with rows that are made of images of the heap: a table's texts and figures, in order.
  package mutating func forEachFinding(
    in table: FleetFindings, _ body: (FleetFinding) throws -> Void
  ) throws {
    reader.budget = fresh
    var snapshots = try SnapshotCursor.first(reader)
    var images = try RowCursor.first(of: "heap_images", by: "snapshot", "objects", reader, isThere: hasHeaps)
    let columns = (table.texts + table.figures).joined(separator: ",")
    var rows = try RowCursor.first(of: table.name, by: "image", columns, reader, isThere: hasHeaps)
    let last = hasHeaps ? try lastSnapshot(in: "heap_images") : -1
    while let number = snapshots.number {
      while images.owner == number, rows.owner == images.id {
        var finding = FleetFinding(
          snapshot: number, time: snapshots.time, isLast: number == last, texts: [], figures: [])
        for column in table.texts.indices {
          let text = try reader.budget.optionalText(rows.statement, RowCursor.firstColumn + Int32(column))
          // Lists stand a line each, and one row of a table is to be one line.
          let lines = (text ?? "").split(separator: "\n", omittingEmptySubsequences: false)
          finding.texts.append(lines.joined(separator: " + "))
        }
        for column in table.figures.indices {
          finding.figures.append(try rows.figure(Int32(table.texts.count + column), reader))
        }
        try body(finding)
        try rows.advance(reader)
      }
      if images.owner == number { try images.advance(reader) }
      try snapshots.advance(reader)
    }
    try images.checkEnd(reader)
    try rows.checkEnd(reader)
  }

  private var hasHeaps: Bool { reader.version >= 3 }

  private borrowing func rowCursor(_ kind: FleetKind) throws(ProfileError) -> RowCursor {
    switch kind {
    case .tracked: try RowCursor.first(of: "classes", by: "snapshot", "name,active,bytes", reader)
    case .living:
      try RowCursor.first(of: "living_classes", by: "snapshot", "name,count,bytes", reader, isThere: hasHeaps)
    }
  }

  /// The number of the last snapshot that has rows of a kind; -1 for none.
  private borrowing func lastSnapshot(_ kind: FleetKind) throws(ProfileError) -> Int {
    switch kind {
    case .tracked: try lastSnapshot(in: "classes")
    case .living:
      hasHeaps ? max(try lastSnapshot(in: "living_classes"), try lastSnapshot(in: "heap_images")) : -1
    }
  }

  private borrowing func lastSnapshot(in table: String) throws(ProfileError) -> Int {
    Int(clamping: try reader.connection.integer("SELECT snapshot FROM \(table) ORDER BY id DESC LIMIT 1") ?? -1)
  }

  // MARK: - Names

  private mutating func nameNumber(_ id: Int64) throws(ProfileError) -> Int {
    if let number = known[id] { return number }
    var statement = try reader.connection.prepare("SELECT text FROM texts WHERE id=\(id)")
    guard try statement.step() else { throw reader.origin.corrupted("a class has no name") }
    let number = try number(of: try reader.budget.text(statement, 0))
    known[id] = number
    return number
  }

  private mutating func number(of name: String) throws(ProfileError) -> Int {
    if let number = numbers[name] { return number }
    bytesOfNames += name.utf8.count
    guard bytesOfNames <= Self.nameBytes, names.count < Self.mostNames else {
      throw reader.origin.corrupted("it has more names of classes than any program")
    }
    numbers[name] = names.count
    names.append(name)
    return names.count - 1
  }
}
