// SPDX-License-Identifier: Apache-2.0
import Foundation
import Glibc
import SizerProfile
import TestSupport
import Testing

/// A small file whose rows all have one large text, on pages that they share.
@Suite struct SharedTextTests {
  private static let pageSize = 512
  /// Of a row of `texts`: a byte for the header's length, one for the id, which stands elsewhere, and the text's
  /// length.
  private static let shortRow = 1 + 1 + 2 + 564
  /// In its page it leaves room for no more than the least: then its cell fits in a short row's place.
  private static let longRow = 39 + 508 * 1_900
  private static let copies = 400

  @Test("many rows that share one text are damage, and are not read into memory first")
  func rowsOfOneText() async throws {
    let folder = try Folder()
    let path = folder.path("p")
    try Story(seed: 41).record(to: path)
    try share(at: path)
    let length = try bytes(of: path).count
    #expect(length < 2_000_000)
    await #expect(processExitsWith: .success) { [path = path as String] in
      // All rows would be 386 MB, and a third of that is there.
      let used = try #require(statm().first) * 4_096
      var limit = rlimit(rlim_cur: rlim_t(used + 128_000_000), rlim_max: rlim_t(used + 128_000_000))
      #expect(setrlimit(__rlimit_resource_t(RLIMIT_AS.rawValue), &limit) == 0)
      let error = #expect(throws: ProfileError.self) { try Statistics(contentsOf: path) }
      #expect(error?.code == .corrupted)
      #expect(error?.message.contains("its texts are longer than the file") == true)
    }
  }

  @Test("nor are pieces of a heap image that share one")
  func piecesOfOneImage() async throws {
    let folder = try Folder()
    let path = folder.path("p")
    let recorder = try ProfileRecorder(path: path)
    try recorder.append(
      History.Delta(
        base: .init(snapshots: 0), snapshot: Snapshot(label: "s"), heap: RecordedHeap(smallHeap(objects: 4))))
    try recorder.finish()
    try share(at: path, pieces: true)
    #expect(try bytes(of: path).count < 2_000_000)
    await #expect(processExitsWith: .success) { [path = path as String] in
      let used = try #require(statm().first) * 4_096
      var limit = rlimit(rlim_cur: rlim_t(used + 128_000_000), rlim_max: rlim_t(used + 128_000_000))
      #expect(setrlimit(__rlimit_resource_t(RLIMIT_AS.rawValue), &limit) == 0)
      let file = try HeapFile(at: path, operation: "test")
      for error in [
        #expect(throws: ProfileError.self, performing: { try Statistics(contentsOf: path) }),
        #expect(throws: ProfileError.self, performing: { try file.image(at: 0) }),
      ] {
        #expect(error?.code == .corrupted)
        #expect(error?.message.contains("its heap images are longer than the file") == true, "\(error as Any)")
      }
    }
  }

  /// Adds rows to `texts`, or to `heap_pieces`, and then puts the long one's cell in the place of the short ones'.
  private func share(at path: String, pieces: Bool = false) throws {
    let database = try SQL(path)
    // A piece's row says of which image it is: a byte more of its header, and none of its values.
    let (table, column) = pieces ? ("heap_pieces", "bytes") : ("texts", "text")
    let (image, head) = pieces ? ("0,", 6) : ("", 5)
    func text(_ length: Int) -> String {
      pieces ? "zeroblob(\(length))" : "printf('%.*c', \(length), 'x')"
    }
    try database.run(
      """
      PRAGMA page_size=\(Self.pageSize); VACUUM;
      INSERT INTO \(table) SELECT max(id) + 1, \(image) \(text(Self.longRow - head)) FROM \(table);
      WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < \(Self.copies))
        INSERT INTO \(table) SELECT (SELECT max(id) FROM \(table)) + i, \(image) \(text(569 - head)) FROM n
      """)
    var file = try bytes(of: path)
    let cells = leafCells(in: file)
    let long = try #require(cells.first { $0.length == Self.longRow })
    let shared = file[long.content..<long.content + 39 + 4]
    let short = cells.filter { $0.length == Self.shortRow }
    #expect(short.count == Self.copies)
    for cell in short {
      let id = file[cell.id..<cell.content]
      let row = file[long.start..<long.id] + id + shared
      #expect(row.count <= cell.content - cell.start + 60)
      file.replaceSubrange(cell.start..<cell.start + row.count, with: row)
    }
    try write(file, to: path)
    #expect(
      try SQL(path).rows("SELECT count(*), min(length(\(column))) FROM \(table) WHERE length(\(column)) > 9000") == [
        "\(Self.copies + 1)|\(Self.longRow - head)"
      ])
  }

  private struct Cell {
    var start: Int
    var id: Int
    var content: Int
    var length: Int
  }

  /// The cells of all leaves of tables: the row's length, its id, the row. https://www.sqlite.org/fileformat2.html
  private func leafCells(in file: [UInt8]) -> [Cell] {
    stride(from: Self.pageSize, to: file.count, by: Self.pageSize).filter { file[$0] == 0x0d }.flatMap { page in
      let count = Int(file[page + 3]) << 8 + Int(file[page + 4])
      return (0..<min(count, 100)).compactMap { cell -> Cell? in
        let pointer = page + 8 + 2 * cell
        let start = page + Int(file[pointer]) << 8 + Int(file[pointer + 1])
        guard start > page, start + 20 < file.count else { return nil }
        var at = start
        let length = number(in: file, &at)
        let id = at
        _ = number(in: file, &at)
        return Cell(start: start, id: id, content: at, length: length)
      }
    }
  }

  private func number(in file: [UInt8], _ at: inout Int) -> Int {
    var value = 0
    for _ in 0..<8 {
      defer { at += 1 }
      value = value << 7 | Int(file[at] & 0x7f)
      if file[at] < 0x80 { break }
    }
    return value
  }
}

/// Pages of the process: all that are mapped come first.
private func statm() -> [Int] {
  let text = (try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8)) ?? ""
  return text.split(separator: " ").compactMap { Int($0) }
}
