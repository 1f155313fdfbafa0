// SPDX-License-Identifier: Apache-2.0

/// The edges: the longest column of most images.
extension HeapImage {
  /// - Parameter claimed: How many the writer says that there are. Believed as far as the bytes can hold them.
  mutating func readEdges(_ reader: inout SectionReader, claimed: UInt64) throws(HeapImageError) {
    guard info.hasEdges else {
      guard reader.isAtEnd else { throw reader.damage("there are edges in an image without edges") }
      edgeStart = [UInt32](repeating: 0, count: objectCount + 1)
      return
    }
    // Each object has a byte at least, and each edge two.
    guard reader.remaining >= objectCount else { throw reader.damage("there are more objects than degrees") }
    guard claimed <= UInt64((reader.remaining - objectCount) / 2), claimed < 1 << 32 else {
      throw reader.damage("\(counted(claimed, "edge does", "edges do")) not fit in")
    }
    // Locals: the loop need not ask for each edge whether somebody else looks at the image's columns.
    var starts = [UInt32](repeating: 0, count: objectCount + 1)
    var targets = [UInt32](repeating: 0, count: Int(claimed))
    var codes = targets
    var count = 0
    for object in 0..<objectCount {
      let degree = try reader.varint()
      guard degree <= UInt64(targets.count - count) else {
        throw reader.damage("there are more edges than the totals say")
      }
      var slot = 1
      for _ in 0..<Int(degree) {
        var target = object
        targets[count] = UInt32(try reader.object(after: &target, of: objectCount))
        codes[count] = try edgeCode(&reader, &slot).bits
        count += 1
      }
      starts[object + 1] = UInt32(count)
    }
    guard reader.isAtEnd, count == targets.count else {
      throw reader.damage("there are more edges than objects have")
    }
    (edgeStart, edgeTarget, edgeCode) = (starts, targets, codes)
  }

  @inline(__always)
  private func edgeCode(_ reader: inout SectionReader, _ slot: inout Int) throws(HeapImageError) -> EdgeCode {
    let code = try reader.varint()
    let kind = UInt32(code & 3)
    guard code & 4 == 0 else { return try namedEdge(reader, kind: kind, rest: code >> 3) }
    let (next, isOver) = Int64(slot).addingReportingOverflow(SectionReader.unfolded(code >> 3))
    guard !isOver, next >= 0, next < Int64(EdgeCode.numberLimit) else { throw reader.damage("a slot is outside") }
    slot = Int(next)
    return EdgeCode(kind: kind, form: .slot, number: slot)
  }

  private func namedEdge(_ reader: SectionReader, kind: UInt32, rest: UInt64) throws(HeapImageError) -> EdgeCode {
    let form: EdgeCode.Form
    switch rest & 3 {
    case 0: form = .text
    case 1: form = .rawSlot
    case 2: form = .element
    default: throw reader.damage("an edge's label is of an unknown form")
    }
    let limit = form == .text ? min(labels.count, EdgeCode.numberLimit) : EdgeCode.numberLimit
    guard rest >> 2 < UInt64(limit) else { throw reader.damage("an edge's label \(rest >> 2) is none") }
    return EdgeCode(kind: kind, form: form, number: Int(rest >> 2))
  }
}
