// SPDX-License-Identifier: Apache-2.0

/// The table `texts` while it is written: what it holds is found again.
struct TextTable: ~Copyable {
  private var rows: InternedRows<ExactText>
  /// Long texts by place: a million things may be called by one text of a megabyte, which is hashed once then. The
  /// texts are kept, so that nothing else can come to lie where they do.
  private var places: [TextPlace: (text: String, id: Int64)] = [:]

  private init(_ rows: consuming InternedRows<ExactText>) { self.rows = rows }

  // Two of them, as FrameTable has and says why.
  init(_ connection: borrowing Connection) throws(ProfileError) {
    self.init(InternedRows(try connection.prepare("INSERT INTO texts VALUES(?,?)")))
  }

  /// How many rows there are.
  var count: Int64 { rows.count }

  /// The text's id; writes it when it is new.
  mutating func id(_ text: String) throws(ProfileError) -> Int64 {
    guard let place = TextPlace(text, longerThan: 64) else { return try lookUp(text) }
    if let known = places[place] { return known.id }
    let id = try lookUp(text)
    if places.count >= InternedRows<ExactText>.capacity { places.removeAll(keepingCapacity: true) }
    places[place] = (text, id)
    return id
  }

  private mutating func lookUp(_ text: String) throws(ProfileError) -> Int64 {
    try rows.id(of: ExactText(text)) { $0.bind(text) }
  }

  mutating func id(_ text: String?) throws(ProfileError) -> Int64? {
    guard let text else { return nil }
    let id: Int64 = try id(text)
    return id
  }

  mutating func commit() { rows.commit() }

  mutating func rollback() {
    if let rest = rows.rollback() { places = places.filter { $0.value.id < rest } }
  }
}
