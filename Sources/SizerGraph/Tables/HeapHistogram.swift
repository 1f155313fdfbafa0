// SPDX-License-Identifier: Apache-2.0

/// What lives, by class. The rows' sum is that of all objects and of the raw blocks that they own.
public struct HeapHistogram: Sendable, Hashable {
  /// All objects of one type.
  public struct Row: Sendable, Hashable {
    /// The type's full name; dead objects that unowned references keep have a row of their own, whose name says so.
    public var typeName: String
    /// The module that declares the type; empty if unknown.
    public var module: String
    /// Objects.
    public var count: Int
    /// Their usable bytes.
    public var bytes: Int
    /// Bytes that were asked for, where that is known, the usable ones where not.
    public var requestedBytes: Int
    /// Bytes of capacity that hold no elements.
    public var unusedCapacityBytes: Int
    /// Raw blocks that the objects own.
    public var rawBlockCount: Int
    /// Usable bytes of these.
    public var rawBytes: Int
    /// Bytes that would be freed with the objects, in a ``HeapDigest``; nil for dead ones, in an image without
    /// references, and in a histogram alone.
    public var retainedBytes: Int?

    /// What the allocator's size classes add to what was asked for.
    public var slackBytes: Int { bytes &- requestedBytes }
    /// Usable bytes of objects and raw blocks.
    public var totalBytes: Int { bytes &+ rawBytes }
  }

  /// All raw blocks of one sort, whatever owns them.
  public struct RawRow: Sendable, Hashable {
    /// What they are: `side table`, `async frames`, `App.Buffer.bytes`; empty if unknown.
    public var name: String
    /// Blocks.
    public var count: Int
    /// Their usable bytes.
    public var bytes: Int
  }

  /// The types, the largest first.
  public private(set) var rows: [Row]
  /// What is in the raw blocks' part of the rows, by what the blocks are, the largest first: side tables (which the
  /// runtime makes for weak references, and for counts that do not fit into their object), tasks' frames, memory that
  /// objects own through pointers.
  public private(set) var rawRows: [RawRow] = []
  /// Objects of all types.
  public private(set) var objectCount = 0
  /// Usable bytes of all objects.
  public private(set) var objectBytes = 0
  /// Usable bytes of all raw blocks that objects own.
  public private(set) var rawBytes = 0

  /// Usable bytes of the objects that are dead and kept by unowned references; a part of ``objectBytes``.
  public private(set) var deadBytes = 0

  /// Everything that is in the rows.
  public var totalBytes: Int { objectBytes &+ rawBytes }

  /// The histogram of an image. Needs no edges. Complexity: O(objects).
  public init(of image: HeapImage) {
    // Behind the rows of the living those of the dead.
    let types = image.types.count
    var rows = (0..<2 * types).map { number in
      let type = image.types[number % types]
      return Row(
        typeName: type.name + (number < types ? "" : " (dead, kept by unowned)"), module: type.module, count: 0,
        bytes: 0,
        requestedBytes: 0, unusedCapacityBytes: 0, rawBlockCount: 0, rawBytes: 0)
    }
    func row(_ object: Int) -> Int {
      Int(image.typeOf[object])
        + (image.flagBits[object] & HeapImage.Flags.deadKeptByUnowned.rawValue == 0 ? 0 : types)
    }
    for object in 0..<image.objectCount {
      let number = row(object)
      let bytes = image.bytes(of: object)
      rows[number].count += 1
      rows[number].bytes &+= bytes
      rows[number].requestedBytes &+= image.requestedBytes(of: object) ?? bytes
    }
    for record in image.unusedCapacity { rows[row(Int(record.object))].unusedCapacityBytes &+= Int(record.figure) }
    for block in image.rawBlocks {
      let number = row(block.owner)
      rows[number].rawBlockCount += 1
      rows[number].rawBytes &+= block.bytes
    }
    for row in rows[types...] { deadBytes &+= row.bytes }
    for row in rows {
      objectCount += row.count
      objectBytes &+= row.bytes
      rawBytes &+= row.rawBytes
    }
    // Types of one name (generated in several libraries, or made at run time) are one to whoever reads.
    var merged: [String: Row] = [:]
    for row in rows where row.count > 0 { merged[row.typeName] = merged[row.typeName].map { $0.with(row) } ?? row }
    self.rows = merged.values.sorted { ($1.totalBytes, $0.typeName) < ($0.totalBytes, $1.typeName) }
    rawRows = Self.rawRows(of: image)
  }
}

extension HeapHistogram {
  fileprivate static func rawRows(of image: HeapImage) -> [RawRow] {
    var byLabel: [Int?: RawRow] = [:]
    for block in image.rawBlocks {
      let name = block.label.map { image.labels[$0].text } ?? ""
      byLabel[block.label, default: RawRow(name: name, count: 0, bytes: 0)].count += 1
      byLabel[block.label]!.bytes &+= block.bytes
    }
    // Labels of one text are one to whoever reads.
    let byName = Dictionary(grouping: byLabel.values, by: \.name).map { name, rows in
      RawRow(name: name, count: rows.reduce(0) { $0 + $1.count }, bytes: rows.reduce(0) { $0 &+ $1.bytes })
    }
    return byName.sorted { ($1.bytes, $0.name) < ($0.bytes, $1.name) }
  }
}

extension HeapHistogram.Row {
  fileprivate func with(_ other: HeapHistogram.Row) -> HeapHistogram.Row {
    var sum = self
    sum.count += other.count
    sum.bytes &+= other.bytes
    sum.requestedBytes &+= other.requestedBytes
    sum.unusedCapacityBytes &+= other.unusedCapacityBytes
    sum.rawBlockCount += other.rawBlockCount
    sum.rawBytes &+= other.rawBytes
    return sum
  }
}
