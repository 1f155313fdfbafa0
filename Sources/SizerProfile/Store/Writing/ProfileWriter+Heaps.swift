// SPDX-License-Identifier: Apache-2.0
import SizerGraph

/// The statements of the tables of images of the heap.
struct HeapStatements: ~Copyable {
  var image: Statement
  var piece: Statement
  var type: Statement
  var leak: Statement
  var task: Statement
  var root: Statement

  init(_ connection: borrowing Connection) throws(ProfileError) {
    // All of them before the first is stored, as in the writer.
    let image = try connection.prepare("INSERT INTO heap_images VALUES(?,?,?,?,?,?,?)")
    let piece = try connection.prepare("INSERT INTO heap_pieces VALUES(?,?,?)")
    let type = try connection.prepare("INSERT INTO heap_classes VALUES(?,?,?,?,?,?,?,?,?,?)")
    let leak = try connection.prepare("INSERT INTO heap_leaks VALUES(?,?,?,?,?,?,?,?,?,?)")
    let task = try connection.prepare("INSERT INTO heap_tasks VALUES(?,?,?,?,?,?,?,?,?)")
    let root = try connection.prepare("INSERT INTO heap_roots VALUES(?,?,?,?,?,?)")
    self.image = image
    self.piece = piece
    self.type = type
    self.leak = leak
    self.task = task
    self.root = root
  }
}

/// How many rows of these tables there are.
struct HeapRowCounts {
  var images: Int64 = 0
  var pieces: Int64 = 0
  var classes: Int64 = 0
  var leaks: Int64 = 0
  var tasks: Int64 = 0
  var roots: Int64 = 0

  var all: [WrittenRows] {
    [
      WrittenRows(table: "heap_images", count: images), WrittenRows(table: "heap_pieces", count: pieces),
      WrittenRows(table: "heap_classes", count: classes), WrittenRows(table: "heap_leaks", count: leaks),
      WrittenRows(table: "heap_tasks", count: tasks), WrittenRows(table: "heap_roots", count: roots),
    ]
  }
}

extension ProfileWriter {
  /// An image of a snapshot that was written before it: its bytes, and the tables that are made of them. Some 300 ns
  /// for each object, most of it for what objects retain.
  mutating func add(heap: RecordedHeap, ofSnapshot snapshot: Int) throws(ProfileError) {
    var image: HeapImage
    do {
      image = try heap.image()
      image.shortenTexts()
    } catch {
      throw origin.told(error, ofSnapshot: snapshot)
    }
    let digest = HeapDigest(of: image)
    heaps.image.bind(first: rows.heaps.images)
    heaps.image.bind(Int64(snapshot))
    heaps.image.bind(Int64(heap.bytes.count))
    heaps.image.bind(Int64(image.objectCount))
    heaps.image.bind(Int64(image.edgeCount))
    heaps.image.bind(Self.clamped(digest.bytes))
    heaps.image.bind(Int64(clamping: image.info.time))
    try heaps.image.run()
    for start in stride(from: 0, to: heap.bytes.count, by: FileLimits.pieceBytes) {
      heaps.piece.bind(first: rows.heaps.pieces)
      heaps.piece.bind(rows.heaps.images)
      heaps.piece.bind(bytes: heap.bytes[start..<min(start + FileLimits.pieceBytes, heap.bytes.count)])
      try heaps.piece.run()
      rows.heaps.pieces += 1
    }
    try add(digest)
    rows.heaps.images += 1
  }

  private mutating func add(_ digest: HeapDigest) throws(ProfileError) {
    for row in digest.classes {
      heaps.type.bind(first: rows.heaps.classes)
      heaps.type.bind(rows.heaps.images)
      heaps.type.bind(Self.storable(row.typeName))
      for figure in [
        row.count, row.totalBytes, row.requestedBytes &+ row.rawBytes, row.unusedCapacityBytes, row.rawBlockCount,
        row.rawBytes,
      ] { heaps.type.bind(Self.clamped(figure)) }
      heaps.type.bind(row.retainedBytes.map { Self.clamped($0) })
      try heaps.type.run()
      rows.heaps.classes += 1
    }
    for leak in digest.leaks {
      heaps.leak.bind(first: rows.heaps.leaks)
      heaps.leak.bind(rows.heaps.images)
      heaps.leak.bind(leak.grade.rawValue)
      heaps.leak.bind(leak.signature)
      for figure in [leak.groupCount, leak.objectCount, leak.bytes] { heaps.leak.bind(Self.clamped(figure)) }
      heaps.leak.bind(Self.storable(leak.typeNames.joined(by: "\n", limit: FileLimits.heapTextBytes)))
      heaps.leak.bind(Self.storable(leak.cycle.description))
      heaps.leak.bind(Self.storable(leak.observers.joined(by: "\n", limit: FileLimits.heapTextBytes)))
      try heaps.leak.run()
      rows.heaps.leaks += 1
    }
    for task in digest.tasks {
      heaps.task.bind(first: rows.heaps.tasks)
      heaps.task.bind(rows.heaps.images)
      heaps.task.bind(Self.storable(task.function))
      heaps.task.bind(task.creator.map { Self.storable($0) })
      heaps.task.bind(task.state)
      for figure in [task.count, task.bytes, task.retainedBytes] { heaps.task.bind(Self.clamped(figure)) }
      heaps.task.bind(Self.storable(task.frames.joined(by: "\n", limit: FileLimits.heapTextBytes)))
      try heaps.task.run()
      rows.heaps.tasks += 1
    }
    for root in digest.roots {
      heaps.root.bind(first: rows.heaps.roots)
      heaps.root.bind(rows.heaps.images)
      heaps.root.bind(root.kind)
      heaps.root.bind(Self.storable(root.name))
      heaps.root.bind(Int64(root.referenceCount))
      heaps.root.bind(Int64(root.objectCount))
      try heaps.root.run()
      rows.heaps.roots += 1
    }
  }

  /// Sums of a stranger's image may be anything.
  private static func clamped(_ figure: Int) -> Int64 { min(max(Int64(figure), 0), FileLimits.figure) }

  /// A text of an image, which may be longer or have more combining marks in a row than a profile holds: keys of
  /// dictionaries are the program's own.
  private static func storable(_ text: String) -> String {
    var kept = text.utf8.prefix(FileLimits.heapTextBytes)
    while kept.endIndex.samePosition(in: text.unicodeScalars) == nil { kept = kept.dropLast() }
    return CombiningMarks.thinned(String(text[kept.startIndex..<kept.endIndex]))
  }
}
