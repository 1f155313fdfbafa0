// SPDX-License-Identifier: Apache-2.0
import SizerGraph

extension ProfileReader {
  /// What the table of images says of one.
  struct HeapEntry {
    var snapshot: UInt32
    var length: Int
  }

  /// The images of the heap, as bytes: what they say is checked when they are decoded.
  mutating func heaps(snapshots: Int) throws(ProfileError) -> [History.HeapRow] {
    let entries = try heapEntries(snapshots: snapshots)
    guard !entries.isEmpty || version >= 3 else { return [] }
    var bytes = entries.map { _ in [UInt8]() }
    var budget = budget
    var last = 0
    try forEach("heap_pieces", "image,bytes", count: try count("heap_pieces")) { (row, id) throws(ProfileError) in
      let image = try index(row, 1, below: entries.count)
      guard image >= last else { throw origin.corrupted("heap_pieces is out of order at row \(id)") }
      last = image
      try budget.withBytes(row, 2) { bytes[image].append(contentsOf: $0) }
    }
    self.budget = budget
    return try zip(entries, bytes).map { (entry, bytes) throws(ProfileError) in
      try check(bytes, entry)
      return History.HeapRow(snapshot: entry.snapshot, heap: RecordedHeap(bytes: bytes))
    }
  }

  /// The bytes of one image; the others stay where they are.
  mutating func heap(_ number: Int, _ entry: HeapEntry) throws(ProfileError) -> [UInt8] {
    var bytes: [UInt8] = []
    var statement = try connection.prepare("SELECT bytes FROM heap_pieces WHERE image=\(number) ORDER BY id")
    while try statement.step() { try budget.withBytes(statement, 0) { bytes.append(contentsOf: $0) } }
    try check(bytes, entry)
    return bytes
  }

  /// Which images there are. Versions 1 and 2 know of none.
  borrowing func heapEntries(snapshots: Int) throws(ProfileError) -> [HeapEntry] {
    guard version >= 3 else { return [] }
    var entries: [HeapEntry] = []
    let count = try count("heap_images")
    try forEach("heap_images", "snapshot,length", count: count) { (row, id) throws(ProfileError) in
      let snapshot = UInt32(try index(row, 1, below: snapshots))
      if let before = entries.last, snapshot <= before.snapshot {
        throw origin.corrupted("heap_images is out of order at row \(id)")
      }
      entries.append(HeapEntry(snapshot: snapshot, length: try figure(row, 2)))
    }
    return entries
  }

  private borrowing func check(_ bytes: [UInt8], _ entry: HeapEntry) throws(ProfileError) {
    guard bytes.count == entry.length else {
      throw origin.corrupted("a heap image has \(bytes.count) of \(counted(entry.length, "byte"))")
    }
  }
}
