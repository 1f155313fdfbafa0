// SPDX-License-Identifier: Apache-2.0
import SizerGraph

/// Reads a profile that may be anybody's: nothing in it is believed before it is checked. Memory is a small multiple of
/// the file's length, time proportional to it, whatever the file says.
struct ProfileReader: ~Copyable {
  let connection: Connection
  let origin: Origin
  let version: Int64
  var budget: TextBudget
  /// How many rows a table can have at most: none takes fewer bytes.
  let rowLimit: Int64

  /// The history in the file at `path`; `operation` is the caller's call, for errors.
  static func history(at path: String, operation: String) throws(ProfileError) -> History {
    // Who reads a recording may have to make the index of its log.
    try holdingSignals { () throws(ProfileError) in
      var reader = try ProfileReader(try ProfileFile(reading: Origin(path: path, operation: operation)))
      return try reader.history()
    }
  }

  /// - Parameter most: the length that is believed at most; nil to believe the file's.
  init(_ file: consuming ProfileFile, most: Int64? = nil) throws(ProfileError) {
    let length = min(file.length, most ?? .max)
    var connection = file.connection
    // An object's row takes a dozen steps and 30 bytes.
    connection.allow(steps: 1_000_000 + 16 * length)
    try connection.execute("PRAGMA mmap_size=0; PRAGMA cell_size_check=ON; PRAGMA query_only=ON; BEGIN")
    version = try SchemaCheck.run(connection)
    origin = connection.origin
    budget = TextBudget(left: length, origin: connection.origin)
    rowLimit = length / 4
    self.connection = connection
  }

  private mutating func history() throws(ProfileError) -> History {
    var history = History()
    history.tags = try tags()
    history.names = try texts("names", "name")
    let texts = try texts("texts", "text")
    history.traces = try traces(try frames(texts))
    history.objects = try objects(names: history.names.count, traces: history.traces.count)
    history.snapshots = try snapshots()
    try addClasses(to: &history.snapshots, texts)
    try addHeap(to: &history.snapshots, texts)
    history.sizes = try sizes(objects: history.objects.count, snapshots: history.snapshots.count)
    history.referents = try referents(texts, objects: history.objects.count, snapshots: history.snapshots.count)
    history.heaps = try heaps(snapshots: history.snapshots.count)
    // What goes beyond single values: order of time, ends after births.
    if let breach = history.firstBreach() { throw origin.corrupted(breach) }
    return history
  }

  // MARK: What the readers of tables share

  /// How many rows the table should have: as many as its last id says, for ids have no gaps.
  borrowing func count(_ table: String) throws(ProfileError) -> Int {
    let last = try connection.integer("SELECT max(id) FROM \(table)") ?? -1
    guard last >= -1, last < rowLimit else { throw origin.corrupted("\(table) has an id of \(last)") }
    return Int(last) + 1
  }

  /// Calls `body` for each row, in order of id, and checks that there is one for each of `count` ids. The id is column
  /// 0.
  borrowing func forEach(
    _ table: String, _ columns: String, count: Int, _ body: (borrowing Statement, Int) throws(ProfileError) -> Void
  ) throws(ProfileError) {
    var statement = try connection.prepare("SELECT id,\(columns) FROM \(table) ORDER BY id")
    var expected = 0
    while try statement.step() {
      guard try statement.integer(0) == expected, expected < count else {
        throw origin.corrupted("\(table) has no row \(expected) where it should be")
      }
      try body(statement, expected)
      expected += 1
    }
    guard expected == count else {
      throw origin.corrupted("\(table) ends after \(expected) of \(counted(count, "row"))")
    }
  }

  /// A column that is an index into something with `count` things.
  borrowing func index(_ row: borrowing Statement, _ column: Int32, below count: Int) throws(ProfileError) -> Int {
    let value = try row.integer(column)
    guard value >= 0, value < count else { throw origin.corrupted("an index is \(value), and there are \(count)") }
    return Int(value)
  }

  borrowing func optionalIndex(
    _ row: borrowing Statement, _ column: Int32, below count: Int
  ) throws(ProfileError) -> Int? {
    try row.isNull(column) ? nil : index(row, column, below: count)
  }

  /// A column of bytes or things.
  borrowing func figure(_ row: borrowing Statement, _ column: Int32) throws(ProfileError) -> Int {
    let value = try row.integer(column)
    guard value >= 0, value <= FileLimits.figure else { throw origin.corrupted("a figure is \(value)") }
    return Int(value)
  }

  /// A column of nanoseconds.
  borrowing func time(_ row: borrowing Statement, _ column: Int32) throws(ProfileError) -> Int64 {
    let value = try row.integer(column)
    guard value >= 0, value <= FileLimits.time else { throw origin.corrupted("a time is \(value) ns") }
    return value
  }

  borrowing func flag(_ row: borrowing Statement, _ column: Int32) throws(ProfileError) -> Bool {
    try index(row, column, below: 2) == 1
  }

  /// What tells the process from others. Versions before 5 know of nothing.
  mutating func tags() throws(ProfileError) -> [String: String] {
    guard version >= 5 else { return [:] }
    var tags: [String: String] = [:]
    var statement = try connection.prepare("SELECT key,value FROM tags")
    while try statement.step() {
      let (key, value) = (try budget.text(statement, 0), try budget.text(statement, 1))
      // One by one: a stranger's may be many.
      guard tags.updateValue(value, forKey: key) == nil else { throw origin.corrupted("it has the tag \(key) twice") }
      if let breach = ProfileTags.breach(key, value) { throw origin.corrupted(breach) }
      guard tags.count <= ProfileTags.most else { throw origin.corrupted("it has too many tags") }
    }
    return tags
  }

  /// A table of texts only.
  mutating func texts(_ table: String, _ column: String) throws(ProfileError) -> [String] {
    let count = try count(table)
    var texts: [String] = []
    texts.reserveCapacity(count)
    var budget = budget
    try forEach(table, column, count: count) { (row, _) throws(ProfileError) in texts.append(try budget.text(row, 1)) }
    self.budget = budget
    return texts
  }
}
