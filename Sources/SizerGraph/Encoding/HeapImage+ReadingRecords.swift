// SPDX-License-Identifier: Apache-2.0

/// What hangs on objects, and what holds them.
extension HeapImage {
  mutating func readRawBlocks(_ reader: inout SectionReader) throws(HeapImageError) {
    var owner = 0
    while !reader.isAtEnd {
      let object = try reader.object(after: &owner, of: objectCount)
      let size = try Self.size(&reader)
      let bytes = Int(size.usable) * 8
      rawBlocks.append(
        HeapRawBlock(
          owner: object, bytes: bytes, requestedBytes: size.slack == 0 ? nil : bytes - Int(size.slack - 1),
          label: try reader.optionalIndex(below: labels.count, "a raw block's label")))
    }
  }

  mutating func readRoots(_ reader: inout SectionReader) throws(HeapImageError) {
    while !reader.isAtEnd {
      let code = try reader.varint()
      let kind = UInt8(exactly: code >> 2).flatMap { HeapRoot.Kind(rawValue: $0) } ?? .other
      let reference = EdgeCode(bits: UInt32(code & 3)).kind
      roots.append(
        HeapRoot(
          kind, of: try reader.number(below: objectCount, "a root's object"), reference: reference,
          label: try reader.optionalIndex(below: labels.count, "a root's label"),
          offset: try reader.number(below: 1 << 48, "a root's offset")))
    }
  }

  mutating func readTasks(_ reader: inout SectionReader) throws(HeapImageError) {
    while !reader.isAtEnd {
      var task = HeapTask(object: try reader.optionalIndex(below: objectCount, "a task's object"))
      task.state = UInt8(exactly: try reader.varint()).flatMap { HeapTask.State(rawValue: $0) } ?? .unknown
      task.slabBytes = try reader.number(below: 1 << 48, "a task's slabs")
      task.parent = try reader.optionalIndex(below: objectCount, "a task's parent")
      task.function = try reader.optionalIndex(below: labels.count, "a task's function")
      task.creator = try reader.optionalIndex(below: labels.count, "a task's creator")
      let count = try reader.number(below: reader.remaining + 1, "a number of frames")
      task.frames.reserveCapacity(count)
      for _ in 0..<count {
        task.frames.append(try reader.optionalIndex(below: labels.count, "a frame's function"))
      }
      tasks.append(task)
    }
  }

  mutating func readThreads(_ reader: inout SectionReader) throws(HeapImageError) {
    while !reader.isAtEnd {
      let id = try reader.varint()
      let state = HeapThread.State(rawValue: try reader.byte()) ?? .unknown
      let processorTime = try reader.varint()
      let sleepCount = try reader.varint()
      threads.append(
        HeapThread(
          id: id, state: state, processorTime: processorTime, sleepCount: sleepCount, name: try reader.text()))
    }
  }

  mutating func readLadder(_ reader: inout SectionReader) throws(HeapImageError) {
    while !reader.isAtEnd { ladder.append(HeapRung(name: try reader.text(), bytes: Int(try reader.signed()))) }
  }

  mutating func readSizeClasses(_ reader: inout SectionReader) throws(HeapImageError) {
    while !reader.isAtEnd {
      let step = try reader.number(below: Int(Format.bytesLimit), "a size class")
      let next = (sizeClasses.last ?? 0) + step
      guard step > 0, next < Int(Format.bytesLimit) else { throw reader.damage("size classes do not ascend") }
      sizeClasses.append(next)
    }
  }

  mutating func readNames(_ reader: inout SectionReader) throws(HeapImageError) {
    let count = labels.count
    names = try figures(&reader) { reader throws(HeapImageError) in
      UInt64(try reader.number(below: count, "a name's label"))
    }
  }

  mutating func readCalls(_ reader: inout SectionReader) throws(HeapImageError) {
    calls = try edgeLabels(&reader, "a call's reference", "a call's function")
  }

  mutating func readCases(_ reader: inout SectionReader) throws(HeapImageError) {
    cases = try edgeLabels(&reader, "a case's reference", "a case's label")
  }

  private func edgeLabels(
    _ reader: inout SectionReader, _ reference: StaticString, _ label: StaticString
  ) throws(HeapImageError) -> [ObjectFigure] {
    var column: [ObjectFigure] = []
    var source = 0
    while !reader.isAtEnd {
      let object = try reader.object(after: &source, of: objectCount)
      let first = edgeStart[object]
      let edge = first + UInt32(try reader.number(below: Int(edgeStart[object + 1] - first), reference))
      if let last = column.last, last.object >= edge { throw reader.damage("records do not ascend") }
      column.append(ObjectFigure(object: edge, figure: UInt64(try reader.number(below: labels.count, label))))
    }
    return column
  }

  mutating func readBirths(_ reader: inout SectionReader) throws(HeapImageError) {
    let count = labels.count
    births = try figures(&reader) { reader throws(HeapImageError) in
      UInt64(try reader.number(below: count, "a birth's label"))
    }
  }

  mutating func readUnused(_ reader: inout SectionReader) throws(HeapImageError) {
    unusedCapacity = try figures(&reader) { reader throws(HeapImageError) in
      UInt64(try reader.number(below: Int(Format.bytesLimit), "an unused capacity"))
    }
  }

  mutating func readHashes(_ reader: inout SectionReader) throws(HeapImageError) {
    contentHashes = try figures(&reader) { reader throws(HeapImageError) in try reader.eightBytes() }
  }

  private func figures(
    _ reader: inout SectionReader, _ figure: (inout SectionReader) throws(HeapImageError) -> UInt64
  ) throws(HeapImageError) -> [ObjectFigure] {
    var column: [ObjectFigure] = []
    var object = 0
    while !reader.isAtEnd {
      let next = UInt32(try reader.object(after: &object, of: objectCount))
      if let last = column.last, last.object >= next { throw reader.damage("records do not ascend") }
      column.append(ObjectFigure(object: next, figure: try figure(&reader)))
    }
    return column
  }

  mutating func readSlices(_ reader: inout SectionReader) throws(HeapImageError) {
    var object = 0
    while !reader.isAtEnd {
      slices.append(
        HeapSlice(
          buffer: try reader.object(after: &object, of: objectCount),
          holder: try reader.optionalIndex(below: objectCount, "a view's holder"),
          usedBytes: try reader.number(below: Int(Format.bytesLimit), "a view's bytes"),
          label: try reader.optionalIndex(below: labels.count, "a view's label")))
    }
  }
}
