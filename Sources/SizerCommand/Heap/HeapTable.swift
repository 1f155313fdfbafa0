// SPDX-License-Identifier: Apache-2.0

import SizerProfile
import SizerReports

/// A table of figures with a text at the end of each row, as wide as the terminal; and the same as JSON.
struct HeapTable {
  /// What stands in a column of figures.
  enum Figure {
    case count(Int)
    case bytes(Int)

    var text: String {
      switch self {
      case .count(let count): String(count)
      case .bytes(let bytes): sizeText(bytes)
      }
    }
  }

  var heads: [String]
  private var rows: [([Figure], String)] = []

  init(heads: [String]) { self.heads = heads }

  mutating func add(_ figures: [Figure], _ text: String) { rows.append((figures, text)) }

  /// The first rows, and how many are left out.
  func write(to output: inout Output, limit: Int) {
    let shown = rows.prefix(limit)
    let figures = shown.map { $0.0.map(\.text) }
    let widths = (0..<heads.count - 1).map { column in
      max(heads[column].utf8.count, figures.map { $0[column].utf8.count }.max() ?? 0)
    }
    let room = max(Terminal.style.width - widths.reduce(0) { $0 + $1 + 2 }, 20)
    line(Array(heads.dropLast()), widths, heads.last!, to: &output)
    for (figures, row) in zip(figures, shown) {
      line(figures, widths, FittedText(row.1, in: room, keeping: .both).text, to: &output)
    }
    if rows.count > limit { output.write("and \(rows.count - limit) more; --limit shows them\n") }
  }

  private func line(_ cells: [String], _ widths: [Int], _ text: String, to output: inout Output) {
    var line = ""
    for (cell, width) in zip(cells, widths) {
      line += String(repeating: " ", count: max(width - cell.utf8.count, 0)) + cell + "  "
    }
    output.write(line + text + "\n")
  }
}

/// Writes one JSON object and its end of line.
func writeObject(to output: inout Output, _ body: (inout JSONWriter) -> Void) {
  var writer = JSONWriter()
  writer.beginObject()
  body(&writer)
  writer.endObject()
  output.write(String(decoding: writer.bytes, as: UTF8.self) + "\n")
}
