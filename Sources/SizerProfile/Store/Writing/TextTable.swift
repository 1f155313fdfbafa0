// SPDX-License-Identifier: Apache-2.0

/// The table `texts` while it is written: what it holds is found again.
struct TextTable: ~Copyable {
  /// A text byte for byte: to Swift, é is é, whether it is one scalar or two.
  private struct Exact: Hashable {
    let text: String

    static func == (left: Exact, right: Exact) -> Bool { left.text.utf8.elementsEqual(right.text.utf8) }
    func hash(into hasher: inout Hasher) {
      if text.utf8.withContiguousStorageIfAvailable({ hasher.combine(bytes: UnsafeRawBufferPointer($0)) }) == nil {
        for byte in text.utf8 { hasher.combine(byte) }
      }
    }
  }

  /// Where a long text lies in memory. A million things may be called by one text of a megabyte, which is hashed once
  /// then.
  private struct Place: Hashable {
    let address: UnsafeRawPointer
    let count: Int

    /// nil for a short text, which may lie anywhere.
    init?(_ text: String) {
      let found = text.utf8.withContiguousStorageIfAvailable { ($0.count > 64 ? $0.baseAddress : nil, $0.count) }
      guard let (address, count) = found, let address else { return nil }
      (self.address, self.count) = (UnsafeRawPointer(address), count)
    }
  }

  /// Remembered texts, at most: keys of dictionaries are names too, and may be as many as the program makes. A text that was
  /// forgotten is written again.
  private static let capacity = 1 << 16

  private var ids: [Exact: Int64] = [:]
  /// The same by place. The texts are kept, so that nothing else can come to lie where they do.
  private var places: [Place: (text: String, id: Int64)] = [:]
  private var count: Int64 = 0
  private var committed: Int64 = 0
  /// How many rows there are.
  var written: Int64 { count }
  private var insert: Statement

  init(_ connection: borrowing Connection) throws(ProfileError) {
    insert = try connection.prepare("INSERT INTO texts VALUES(?,?)")
  }

  /// The text's id; writes it when it is new.
  mutating func id(_ text: String) throws(ProfileError) -> Int64 {
    guard let place = Place(text) else { return try lookUp(text) }
    if let known = places[place] { return known.id }
    let id = try lookUp(text)
    if places.count >= Self.capacity { places.removeAll(keepingCapacity: true) }
    places[place] = (text, id)
    return id
  }

  private mutating func lookUp(_ text: String) throws(ProfileError) -> Int64 {
    if let id = ids[Exact(text: text)] { return id }
    insert.bind(first: count)
    insert.bind(text)
    try insert.run()
    if ids.count >= Self.capacity { ids.removeAll(keepingCapacity: true) }
    ids[Exact(text: text)] = count
    defer { count += 1 }
    return count
  }

  mutating func id(_ text: String?) throws(ProfileError) -> Int64? {
    guard let text else { return nil }
    let id: Int64 = try id(text)
    return id
  }

  mutating func commit() { committed = count }

  mutating func rollback() {
    guard count > committed else { return }
    count = committed
    ids = ids.filter { $0.value < committed }
    places = places.filter { $0.value.id < committed }
  }
}
