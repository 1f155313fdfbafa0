// SPDX-License-Identifier: Apache-2.0

/// The columns of the objects. Each object has at least one byte in its column, so that columns grow with the bytes,
/// not with a claim.
extension HeapImage {
  /// Objects are counted in 32 bits, and the last number is kept for "none".
  static let objectLimit = Int(UInt32.max)

  mutating func readAddresses(_ reader: inout SectionReader) throws(HeapImageError) {
    addresses.reserveCapacity(reader.remaining)
    var last: UInt64 = 0
    while !reader.isAtEnd {
      let (sum, isOver) = last.addingReportingOverflow(try reader.varint())
      guard !isOver, sum > last, sum < 1 << 61 else { throw reader.damage("addresses do not ascend") }
      guard addresses.count < Self.objectLimit - 1 else { throw reader.damage("there are too many objects") }
      last = sum
      addresses.append(sum * 8)
    }
    trim(&addresses)
  }

  /// Most columns were given room for one number for each byte; gives back what is left when it is much.
  private func trim<Element>(_ column: inout [Element]) {
    if column.capacity > column.count + column.count / 4 { column = column.map { $0 } }
  }

  mutating func readTypesAndSizes(
    _ reader: inout SectionReader, _ sizes: inout SectionReader
  ) throws(HeapImageError) {
    guard reader.remaining >= objectCount else { throw reader.damage("there are more objects than types of objects") }
    typeOf.reserveCapacity(objectCount)
    usable.reserveCapacity(objectCount)
    slack.reserveCapacity(objectCount)
    // For each type the size of its last object; a usable size of 0 is none.
    var last = [(usable: UInt32, slack: UInt32)](repeating: (0, 0), count: types.count)
    for _ in 0..<objectCount {
      let code = try reader.varint()
      guard code >> 1 < UInt64(types.count) else { throw reader.damage("there is no type \(code >> 1)") }
      let type = Int(code >> 1)
      if code & 1 == 1 { last[type] = try Self.size(&sizes) }
      guard last[type].usable > 0 else { throw reader.damage("the first object of type \(type) has no size") }
      typeOf.append(UInt32(type))
      usable.append(last[type].usable)
      slack.append(last[type].slack)
    }
    guard reader.isAtEnd, sizes.isAtEnd else { throw reader.damage("there are more types or sizes than objects") }
  }

  static func size(_ reader: inout SectionReader) throws(HeapImageError) -> (usable: UInt32, slack: UInt32) {
    let usable = try reader.number(below: 1 << 32, "a usable size")
    let slack = try reader.number(below: 1 << 32, "a slack")
    guard usable > 0, slack <= usable * 8 + 1 else { throw reader.damage("a size makes no sense") }
    return (UInt32(usable), UInt32(slack))
  }

  mutating func readCounts(_ reader: inout SectionReader) throws(HeapImageError) {
    guard reader.remaining >= objectCount else { throw reader.damage("there are more objects than counts") }
    strong.reserveCapacity(objectCount)
    flagBits.reserveCapacity(objectCount)
    for object in 0..<objectCount {
      let code = try reader.varint()
      guard code >> 1 < 1 << 32 else { throw reader.damage("a strong count is too large") }
      strong.append(UInt32(code >> 1))
      guard code & 1 == 1 else {
        flagBits.append(0)
        continue
      }
      flagBits.append(UInt16(try reader.number(below: 1 << 16, "an object's flags")))
      let unowned = try reader.number(below: 1 << 32, "an unowned count")
      let weak = try reader.number(below: 1 << 32, "a weak count")
      if unowned > 0 { unownedCounts.append(ObjectFigure(object: UInt32(object), figure: UInt64(unowned))) }
      if weak > 0 { weakCounts.append(ObjectFigure(object: UInt32(object), figure: UInt64(weak))) }
    }
    guard reader.isAtEnd else { throw reader.damage("there are more counts than objects") }
  }
}
