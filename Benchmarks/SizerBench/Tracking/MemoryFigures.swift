// SPDX-License-Identifier: Apache-2.0

/// Bytes that tracking needs for each object.
struct MemoryFigures: Encodable {
  var title: String
  var objects: Int
  var ownBytes: Double
  /// None where the program's own memory changes too.
  var residentBytes: Double?
  var targetBytes: Double
  var isReached: Bool

  init(_ title: String, objects: Int, _ growth: Growth, target: Double, isResidentKnown: Bool = true) {
    self.title = title
    self.objects = objects
    ownBytes = (Double(growth.own) / Double(objects)).rounded(to: 2)
    residentBytes = isResidentKnown ? (Double(growth.resident) / Double(objects)).rounded(to: 2) : nil
    targetBytes = target
    // Pages are whole, and what is mapped ahead counts as Sizer's own: half a byte is no finding, nor are three where
    // the kernel tells more.
    isReached = ownBytes <= target + 3 && residentBytes ?? 0 <= target + 0.5
  }
}

extension [MemoryFigures] {
  var table: Table {
    var table = Table(
      .text("what"), .number("objects"), .number("own"), .number("resident"), .text("target"))
    for row in self {
      table.append(
        row.title, row.objects.grouped, row.ownBytes.decimals(1), row.residentBytes?.decimals(1) ?? "-",
        mark(row.targetBytes.decimals(0), row.isReached))
    }
    return table
  }
}

/// How much more memory there was afterwards.
struct Growth {
  var own: Int
  var resident: Int

  static func - (left: Growth, right: Growth) -> Growth {
    Growth(own: left.own - right.own, resident: left.resident - right.resident)
  }

  static func / (growth: Growth, parts: Int) -> Growth {
    Growth(own: growth.own / parts, resident: growth.resident / parts)
  }
}
