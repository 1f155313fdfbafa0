// SPDX-License-Identifier: Apache-2.0

extension HeapImage {
  /// The image that `bytes` are the file of.
  ///
  /// Nothing in the bytes is believed: whatever they hold, the result is an image whose numbers are consistent, or an
  /// error. Memory
  /// is bounded by some thirty times the bytes, time by their number.
  /// - Throws: ``HeapImageError``.
  public init(decoding bytes: [UInt8]) throws(HeapImageError) {
    // A closure can't tell its error's type to withUnsafeBytes of every standard library: it goes through a Result.
    self = try bytes.withUnsafeBytes { raw in Self.decode(raw) }.get()
  }

  /// The same from memory that is there already: a mapped file, a database's column. The bytes are not kept.
  public init(decoding bytes: UnsafeRawBufferPointer) throws(HeapImageError) { self = try Self.decode(bytes).get() }

  private static func decode(_ bytes: UnsafeRawBufferPointer) -> Result<HeapImage, HeapImageError> {
    do throws(HeapImageError) {
      var image = HeapImage()
      try image.read(FrameReader(bytes))
      return .success(image)
    } catch {
      return .failure(error)
    }
  }

  // What others refer to comes first.
  private mutating func read(_ frames: FrameReader) throws(HeapImageError) {
    let totals = try frames.read(.end) { reader throws(HeapImageError) in try Totals(&reader) }
    try frames.read(.info) { reader throws(HeapImageError) in try readInfo(&reader) }
    try frames.read(.types) { reader throws(HeapImageError) in try readTypes(&reader) }
    try frames.read(.labels) { reader throws(HeapImageError) in try readLabels(&reader) }
    try frames.read(.address) { reader throws(HeapImageError) in try readAddresses(&reader) }
    try frames.read(.type) { reader throws(HeapImageError) in
      try frames.read(.size) { sizes throws(HeapImageError) in try readTypesAndSizes(&reader, &sizes) }
    }
    try frames.read(.count) { reader throws(HeapImageError) in try readCounts(&reader) }
    try frames.read(.edge) { reader throws(HeapImageError) in try readEdges(&reader, claimed: totals.edges) }
    try frames.read(.raw) { reader throws(HeapImageError) in try readRawBlocks(&reader) }
    try frames.read(.root) { reader throws(HeapImageError) in try readRoots(&reader) }
    try frames.read(.task) { reader throws(HeapImageError) in try readTasks(&reader) }
    try frames.read(.thread) { reader throws(HeapImageError) in try readThreads(&reader) }
    try frames.read(.ladder) { reader throws(HeapImageError) in try readLadder(&reader) }
    try frames.read(.name) { reader throws(HeapImageError) in try readNames(&reader) }
    try frames.read(.unused) { reader throws(HeapImageError) in try readUnused(&reader) }
    try frames.read(.hash) { reader throws(HeapImageError) in try readHashes(&reader) }
    try frames.read(.birth) { reader throws(HeapImageError) in try readBirths(&reader) }
    try frames.read(.slice) { reader throws(HeapImageError) in try readSlices(&reader) }
    try frames.read(.call) { reader throws(HeapImageError) in try readCalls(&reader) }
    try frames.read(.enumCase) { reader throws(HeapImageError) in try readCases(&reader) }
    try frames.read(.sizeClasses) { reader throws(HeapImageError) in try readSizeClasses(&reader) }
    guard totals == Totals(of: self) else {
      throw .damage("the sections do not hold what the writer wrote", at: "END")
    }
  }
}

/// What the writer says that there is.
private struct Totals: Equatable {
  var objects: UInt64
  var edges: UInt64
  var types: UInt64
  var labels: UInt64

  init(_ reader: inout SectionReader) throws(HeapImageError) {
    objects = try reader.varint()
    edges = try reader.varint()
    types = try reader.varint()
    labels = try reader.varint()
    guard reader.isAtEnd else { throw reader.damage("something follows the totals") }
  }

  init(of image: HeapImage) {
    objects = UInt64(image.objectCount)
    edges = UInt64(image.edgeCount)
    types = UInt64(image.types.count)
    labels = UInt64(image.labels.count)
  }
}
