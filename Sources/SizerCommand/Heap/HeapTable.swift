// SPDX-License-Identifier: Apache-2.0

import SizerProfile
import SizerReports

/// A table of figures with a text at the end of each row, as wide as the terminal; where nothing says how wide lines
/// may be, as in a file or a pipe, texts are whole. And the same as JSON.
struct HeapTable {
  /// What stands in a column of figures.
  enum Figure {
    case count(Int)
    case bytes(Int)
    case word(String)

    var text: String {
      switch self {
      case .count(let count): String(count)
      case .bytes(let bytes): sizeText(bytes)
      case .word(let word): word
      }
    }
  }

  /// A column of texts that is narrower tells nothing.
  static let least = 20

  var heads: [String]
  /// What stands in place of the table when it has no row.
  private let nothing: String?
  private var rows: [([Figure], () -> String)] = []

  init(heads: [String], nothing: String? = nil) {
    self.heads = heads
    self.nothing = nothing
  }

  /// The text is made when it is written: of a hundred thousand rows few are.
  mutating func add(_ figures: [Figure], _ text: @autoclosure @escaping () -> String) { rows.append((figures, text)) }

  /// The first rows, and how many are left out.
  ///
  /// - Parameter wrapping: Texts are paths, of which nothing is left out: they go on over further lines.
  func write(to output: inout Output, limit: Int, wrapping: Bool = false) {
    if rows.isEmpty, let nothing { return output.write(nothing + "\n") }
    let shown = rows.prefix(limit)
    let figures = shown.map { $0.0.map(\.text) }
    let widths = (0..<heads.count - 1).map { column in
      max(heads[column].utf8.count, figures.map { $0[column].utf8.count }.max() ?? 0)
    }
    let room = Terminal.style.width - widths.reduce(0) { $0 + $1 + 2 }
    line(Array(heads.dropLast()), widths, heads.last!, to: &output)
    for (figures, row) in zip(figures, shown) {
      let text =
        wrapping
        ? WrappedText(row.1(), room: room, width: Terminal.style.width).text
        : FittedText(row.1(), in: Terminal.hasWidth ? max(room, Self.least) : .max, keeping: .both).text
      line(figures, widths, text, to: &output)
    }
    let left = rows.count - limit
    if left > 0 { output.write("and \(left) more; --limit shows \(left == 1 ? "it" : "them")\n") }
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
