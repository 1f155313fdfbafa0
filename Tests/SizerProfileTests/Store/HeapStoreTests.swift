// SPDX-License-Identifier: Apache-2.0
import SizerGraph
import SizerProfile
import TestSupport
import Testing

/// Images of the heap in a profile.
@Suite struct HeapStoreTests {
  private let folder: Folder
  private var path: String { folder.path("p") }

  init() throws { folder = try Folder() }

  private func record(_ images: [HeapImage?], to path: String) throws {
    let recorder = try ProfileRecorder(path: path)
    for (number, image) in images.enumerated() {
      try recorder.append(
        History.Delta(
          base: .init(snapshots: number), snapshot: Snapshot(label: "s\(number)"), heap: image.map { RecordedHeap($0) })
      )
    }
    try recorder.finish()
  }

  /// Of more bytes than one piece holds: no two addresses are at the same distance.
  private func largeHeap() -> HeapImage {
    var builder = HeapImageBuilder()
    let type = builder.add(HeapType(name: "App.Page"))
    var address: UInt64 = 8
    for number in 0..<300_000 {
      address += 8 * UInt64(1 + number * number % (1 << 21))
      _ = builder.addObject(at: address, type: type, bytes: 16 + 8 * (number % 7))
    }
    return builder.image()
  }

  @Test("an image of several pieces comes back as it was, alone and with the rest of the profile")
  func pieces() throws {
    let large = largeHeap()
    #expect(large.encoded().count > 2 << 20)
    try record([nil, smallHeap(objects: 4), large], to: path)
    #expect(try SQL(path).rows("SELECT image, count(*) > 2 FROM heap_pieces GROUP BY image") == ["0|0", "1|1"])
    let file = try HeapFile(at: path, operation: "test")
    #expect(file.entries.map(\.snapshot) == [1, 2] && file.entries.map(\.label) == ["s1", "s2"])
    #expect(try file.image(at: 0) == smallHeap(objects: 4))
    #expect(try file.image(at: 1) == large)
    let read = try Statistics(contentsOf: path)
    #expect(read.heapSnapshots == [1, 2])
    #expect(try read.heapImage(ofSnapshot: 2) == large)
    #expect(try read.heapImage(ofSnapshot: 0) == nil)
    try read.write(to: folder.path("copy"))
    #expect(try Statistics(contentsOf: folder.path("copy")).history == read.history)
    let tables = "SELECT * FROM heap_classes; SELECT * FROM heap_leaks; SELECT * FROM heap_roots"
    for table in tables.split(separator: ";") {
      #expect(try SQL(folder.path("copy")).rows(String(table)) == SQL(path).rows(String(table)))
    }
  }

  @Test("classes, leaks, tasks and roots are open to SQL")
  func tables() throws {
    try record([smallHeap(objects: 3)], to: path)
    let sql = try SQL(path)
    #expect(
      try sql.rows("SELECT snapshot, objects, edges, bytes FROM heap_images") == ["0|4|3|656"])
    #expect(
      try sql.rows("SELECT type, count, bytes, requested, unused, raw_blocks, raw_bytes, retained FROM heap_classes")
        == ["App.Other|1|560|552|0|1|512|560", "App.Node|3|96|96|0|0|0|96"])
    #expect(
      try sql.rows("SELECT grade, groups, objects, bytes, types FROM heap_leaks") == ["suspected|1|3|96|App.Node"])
    #expect(
      try sql.rows("SELECT function, creator, state, count, bytes, replace(frames, char(10), '<') FROM heap_tasks")
        == ["App.wait()|App.start()|suspended|1|560|App.wait()<?"])
    #expect(try sql.rows("SELECT kind, name, refs, objects FROM heap_roots") == ["global|app.other|1|1"])
  }

  @Test("names that no profile holds are cut to what it does")
  func wildNames() throws {
    try record([wildImage(marks: 300)], to: path)
    #expect(try SQL(path).rows("SELECT max(length(type)), min(length(type)) FROM heap_classes") == ["32767|257"])
    #expect(try Statistics(contentsOf: path).heapImage(ofSnapshot: 0) == wildImage(marks: 256))
  }

  private func wildImage(marks: Int) -> HeapImage {
    var builder = HeapImageBuilder()
    let marks = builder.add(HeapType(name: "A" + String(repeating: "\u{301}", count: marks)))
    let long = builder.add(HeapType(name: "é" + String(repeating: "ü", count: 32_766)))
    _ = builder.addObject(at: 8, type: marks, bytes: 16)
    let held = builder.addObject(at: 64, type: long, bytes: 16)
    for key in 0..<3 {
      builder.add(
        HeapRoot(.global, of: held, label: builder.label(.symbol, String(repeating: "\(key)", count: 65_536))))
    }
    return builder.image()
  }

  @Test("an image that is damaged is told when it is asked for, and not before; copied it is not")
  func damage() throws {
    try record([smallHeap(objects: 3), smallHeap(objects: 5)], to: path)
    try SQL(path).run("UPDATE heap_pieces SET bytes=zeroblob(length(bytes)) WHERE image=0")
    let read = try Statistics(contentsOf: path)
    #expect(#expect(throws: HeapImageError.self) { try read.heapImage(ofSnapshot: 0) }?.code == .notAnImage)
    #expect(try read.heapImage(ofSnapshot: 1) == smallHeap(objects: 5))
    let file = try HeapFile(at: path, operation: "test")
    #expect(#expect(throws: ProfileError.self) { try file.image(at: 0) }?.code == .corrupted)
    #expect(
      #expect(throws: ProfileError.self) { try read.write(to: folder.path("copy")) }?.code == .corrupted)
  }

  @Test("an image of no snapshot, or the second of one, does not fit")
  func misfits() throws {
    let heap = RecordedHeap(smallHeap(objects: 3))
    let recorder = try ProfileRecorder(path: path)
    #expect(
      #expect(throws: ProfileError.self) { try recorder.append(History.Delta(base: .init(), heap: heap)) }?.code
        == .inconsistent)
    let row = History.HeapRow(snapshot: 0, heap: heap)
    #expect(History(snapshots: [Snapshot()], heaps: [row, row]).firstBreach() != nil)
    #expect(History(heaps: [row]).firstBreach() != nil)
    #expect(History(snapshots: [Snapshot()], heaps: [row]).firstBreach() == nil)
  }
}
