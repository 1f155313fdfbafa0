// SPDX-License-Identifier: Apache-2.0

import Sizer

/// The figures of parsed documents as text: the totals side by side, then a histogram by type of each.
struct DocumentsReport: CustomStringConvertible {
  let figures: [DocumentFigures]

  private static let histogramRows = 10
  private static let typeNameWidth = 50

  var description: String {
    let histograms = figures.map { "\($0.document) by \($0.parser)\n\n\(histogram($0.records))" }
    return ([totals.description] + unresolved + histograms).joined(separator: "\n\n")
  }

  private var totals: Table {
    var table = Table(
      .text("document"), .text("parser"), .number("text"), .number("heap"), .number("heap/text"), .number("objects"),
      .number("slack"), .number("unused"))
    for row in figures {
      table.append(
        row.document.shortened(to: 24), row.parser, row.textBytes.grouped, row.size.bytes.grouped,
        (Double(row.size.bytes) / Double(row.textBytes)).decimals(1), row.size.objectCount.grouped,
        row.size.slackBytes.grouped, row.unusedCapacityBytes.grouped)
    }
    return table
  }

  /// What the totals do not know; nothing where they are exact.
  private var unresolved: [String] {
    figures.filter { $0.size.unresolvedCount > 0 }.map {
      """
      \($0.document) by \($0.parser): \($0.size.unresolvedCount.grouped) objects are counted by their own block only, \
      their layout being unknown.
      """
    }
  }

  private func histogram(_ records: [TypeRecord]) -> Table {
    var table = Table(
      .text("type", minimumWidth: Self.typeNameWidth), .number("count", minimumWidth: 9),
      .number("bytes", minimumWidth: 11), .number("slack", minimumWidth: 10), .number("unused", minimumWidth: 10))
    for record in records.prefix(Self.histogramRows) {
      table.append(record, named: record.typeName.shortened(to: Self.typeNameWidth))
    }
    let rest = records.dropFirst(Self.histogramRows)
    if !rest.isEmpty { table.append(rest.sum, named: rest.count == 1 ? "1 other" : "\(rest.count.grouped) others") }
    return table
  }
}

extension Table {
  fileprivate mutating func append(_ record: TypeRecord, named name: String) {
    append(
      name, record.count.grouped, record.bytes.grouped, record.slackBytes.grouped,
      record.unusedCapacityBytes.grouped)
  }
}

extension Sequence<TypeRecord> {
  /// All records as one, without a name.
  fileprivate var sum: TypeRecord {
    reduce(into: TypeRecord(typeName: "", count: 0, bytes: 0, requestedBytes: 0, unusedCapacityBytes: 0)) {
      $0.count += $1.count
      $0.bytes += $1.bytes
      $0.requestedBytes += $1.requestedBytes
      $0.unusedCapacityBytes += $1.unusedCapacityBytes
    }
  }
}

extension String {
  /// At most `width` characters: what is too much goes from the middle, since a type's name begins with its module and
  /// ends with what tells it from others.
  fileprivate func shortened(to width: Int) -> String {
    guard count > width else { return self }
    return prefix(width / 2) + "…" + suffix(width - width / 2 - 1)
  }
}
