// SPDX-License-Identifier: Apache-2.0

/// What names things: the image itself, its types, its labels.
extension HeapImage {
  mutating func readInfo(_ reader: inout SectionReader) throws(HeapImageError) {
    while !reader.isAtEnd {
      let key = try reader.varint()
      if key & 1 == 1 {
        let text = try reader.text()
        switch key {
        case 1: info.program = text
        case 3: info.buildID = text
        case 5: info.writer = text
        case 7: info.tasksReason = text
        default: break
        }
        continue
      }
      let value = try reader.varint()
      switch key {
      case 2: info.time = value
      case 4: info.timestamp = value
      case 6: info.processID = value
      case 8: info.isFrozen = value == 1
      case 10: info.hasEdges = value == 1
      case 12: info.pause = value
      case 14: info.skippedCount = value
      default: break
      }
    }
  }

  mutating func readTypes(_ reader: inout SectionReader) throws(HeapImageError) {
    while !reader.isAtEnd {
      let kind = HeapType.Kind(rawValue: try reader.byte()) ?? .other
      let instanceBytes = try reader.number(below: 1 << 32, "a type's size")
      let name = try reader.text()
      let module = try reader.text()
      let fields = try Self.fields(&reader)
      let stride = try reader.number(below: 1 << 32, "a stride")
      var tail: HeapType.Tail?
      if stride > 0 {
        let offset = try reader.number(below: 1 << 32, "a tail's offset")
        tail = HeapType.Tail(offset: offset, stride: stride, fields: try Self.fields(&reader))
      }
      types.append(
        HeapType(name: name, module: module, kind: kind, instanceBytes: instanceBytes, fields: fields, tail: tail))
    }
  }

  private static func fields(_ reader: inout SectionReader) throws(HeapImageError) -> [HeapType.Field] {
    // A field has two bytes at least.
    let count = try reader.number(below: reader.remaining / 2 + 1, "a number of fields")
    var fields: [HeapType.Field] = []
    fields.reserveCapacity(count)
    for _ in 0..<count {
      let offset = try reader.number(below: 1 << 32, "a field's offset")
      guard offset >= fields.last?.offset ?? 0 else { throw reader.damage("fields do not ascend") }
      fields.append(HeapType.Field(offset: offset, label: try reader.text()))
    }
    return fields
  }

  mutating func readLabels(_ reader: inout SectionReader) throws(HeapImageError) {
    while !reader.isAtEnd {
      let kind = HeapLabel.Kind(rawValue: try reader.byte()) ?? .plain
      labels.append(HeapLabel(kind, try reader.text()))
    }
  }
}
