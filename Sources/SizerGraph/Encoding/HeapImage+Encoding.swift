// SPDX-License-Identifier: Apache-2.0

extension HeapImage {
  /// The image's file, as `Documents/heap-image.md` has it. Complexity: O(objects + edges).
  public func encoded() -> [UInt8] {
    var writer = FrameWriter()
    writeInfo(&writer)
    writeTypes(&writer)
    writer.begin(.labels)
    for label in labels {
      writer.byte(label.kind.rawValue)
      writer.text(label.text)
    }
    writeObjects(&writer)
    writeEdges(&writer)
    writeRecords(&writer)
    writeFigures(&writer)
    writeEdgeLabels(calls, as: .call, &writer)
    writeEdgeLabels(cases, as: .enumCase, &writer)
    writer.begin(.end)
    for count in [objectCount, edgeCount, types.count, labels.count] { writer.varint(count) }
    writer.flush()
    return writer.file
  }

  private func writeInfo(_ writer: inout FrameWriter) {
    writer.begin(.info)
    let numbers: [(key: UInt64, value: UInt64)] = [
      (2, info.time), (4, info.timestamp), (6, info.processID), (8, info.isFrozen ? 1 : 0),
      (10, info.hasEdges ? 1 : 0), (12, info.pause), (14, info.skippedCount),
    ]
    for (key, value) in numbers {
      writer.varint(key)
      writer.varint(value)
    }
    for (key, text) in [(UInt64(1), info.program), (3, info.buildID), (5, info.writer)] {
      writer.varint(key)
      writer.text(text)
    }
    if !info.tasksReason.isEmpty {
      writer.varint(7)
      writer.text(info.tasksReason)
    }
  }

  private func writeTypes(_ writer: inout FrameWriter) {
    func fields(_ fields: [HeapType.Field]) {
      writer.varint(fields.count)
      for field in fields {
        writer.varint(field.offset)
        writer.text(field.label)
      }
    }
    writer.begin(.types)
    for type in types {
      writer.byte(type.kind.rawValue)
      writer.varint(type.instanceBytes)
      writer.text(type.name)
      writer.text(type.module)
      fields(type.fields)
      writer.varint(type.tail?.stride ?? 0)
      guard let tail = type.tail else { continue }
      writer.varint(tail.offset)
      fields(tail.fields)
    }
  }

  private func writeObjects(_ writer: inout FrameWriter) {
    writer.begin(.address)
    var before: UInt64 = 0
    for address in addresses {
      writer.varint((address - before) / 8)
      before = address
    }
    var changed: [Int] = []
    var last = [(usable: UInt32, slack: UInt32)](repeating: (0, 0), count: types.count)
    writer.begin(.type)
    for object in 0..<objectCount {
      let type = Int(typeOf[object])
      let differs = last[type] != (usable[object], slack[object])
      if differs { changed.append(object) }
      last[type] = (usable[object], slack[object])
      writer.varint(UInt64(type) << 1 | (differs ? 1 : 0))
    }
    writer.begin(.size)
    for object in changed {
      writer.varint(UInt64(usable[object]))
      writer.varint(UInt64(slack[object]))
    }
    writeCounts(&writer)
  }

  private func writeCounts(_ writer: inout FrameWriter) {
    writer.begin(.count)
    var unowned = unownedCounts[...]
    var weak = weakCounts[...]
    func next(_ column: inout ArraySlice<ObjectFigure>, _ object: Int) -> UInt64 {
      guard let first = column.first, first.object == UInt32(object) else { return 0 }
      column.removeFirst()
      return first.figure
    }
    for object in 0..<objectCount {
      let (unownedCount, weakCount) = (next(&unowned, object), next(&weak, object))
      let hasMore = flagBits[object] != 0 || unownedCount != 0 || weakCount != 0
      writer.varint(UInt64(strong[object]) << 1 | (hasMore ? 1 : 0))
      guard hasMore else { continue }
      writer.varint(UInt64(flagBits[object]))
      writer.varint(unownedCount)
      writer.varint(weakCount)
    }
  }

  private func writeEdges(_ writer: inout FrameWriter) {
    guard info.hasEdges else { return }
    writer.begin(.edge)
    for object in 0..<objectCount {
      let range = Int(edgeStart[object])..<Int(edgeStart[object + 1])
      writer.varint(range.count)
      var slot = 1
      for index in range {
        writer.signed(Int(edgeTarget[index]) - object)
        let code = EdgeCode(bits: edgeCode[index])
        let kind = UInt64(code.bits & 3)
        let number = UInt64(code.number)
        switch code.form {
        case .slot:
          writer.varint(FrameWriter.folded(code.number - slot) << 3 | kind)
          slot = code.number
        case .text: writer.varint(number << 5 | 4 | kind)
        case .rawSlot: writer.varint(number << 5 | 1 << 3 | 4 | kind)
        case .element: writer.varint(number << 5 | 2 << 3 | 4 | kind)
        }
      }
    }
  }

  private func writeEdgeLabels(_ column: [ObjectFigure], as section: Section, _ writer: inout FrameWriter) {
    writer.begin(section)
    var (source, before) = (0, 0)
    for record in column {
      while edgeStart[source + 1] <= record.object { source += 1 }
      writer.signed(source - before)
      writer.varint(Int(record.object - edgeStart[source]))
      writer.varint(record.figure)
      before = source
    }
  }

  private func writeFigures(_ writer: inout FrameWriter) {
    for (section, column) in [
      (Section.name, names), (.unused, unusedCapacity), (.hash, contentHashes), (.birth, births),
    ] {
      writer.begin(section)
      var before = 0
      for record in column {
        writer.signed(Int(record.object) - before)
        before = Int(record.object)
        if section == .hash { writer.eightBytes(record.figure) } else { writer.varint(record.figure) }
      }
    }
  }
}
