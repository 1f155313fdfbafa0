// SPDX-License-Identifier: Apache-2.0

internal import SizerProfile

/// Rows of cells in columns, one line each. The widths are those of the first rows, which are kept back for that; later
/// rows are written at once. Where columns are too many for the width, a row has a line for each of its cells instead.
package struct TableText {
  /// A cell of a row.
  package struct Cell: Sendable, Hashable {
    package var text: String
    /// Numbers stand at the right end of their column and are never cut.
    package var isNumber: Bool

    package init(_ text: String, isNumber: Bool = false) {
      self.text = text
      self.isNumber = isNumber
    }
  }

  private static let sampleCount = 1_000
  private let heads: [String]
  private let room: Int?
  private let style: TextStyle
  private var sample: [[Cell]] = []
  private var widths: [Int] = []
  private var isNumeric: [Bool] = []
  private var isExpanded = false

  /// A table without rows.
  ///
  /// - Parameters:
  ///   - heads: The columns' names.
  ///   - isFitted: Whether lines keep to the style's width; if not, no cell is cut.
  package init(heads: [String], style: TextStyle, isFitted: Bool) {
    self.heads = heads
    self.style = style
    room = isFitted ? style.width : nil
  }

  /// Writes a row, or keeps it back.
  package mutating func add<Output: TextOutputStream>(_ row: [Cell], to output: inout Output) {
    if !widths.isEmpty { return output.write(text(of: row)) }
    sample.append(row)
    if sample.count == Self.sampleCount { begin(to: &output) }
  }

  /// To be called at the end.
  package mutating func finish<Output: TextOutputStream>(to output: inout Output) {
    if widths.isEmpty, !heads.isEmpty { begin(to: &output) }
  }

  private mutating func begin<Output: TextOutputStream>(to output: inout Output) {
    isNumeric = heads.indices.map { column in
      let cells = sample.map { $0[column] }.filter { !$0.text.isEmpty }
      return !cells.isEmpty && cells.allSatisfy(\.isNumber)
    }
    widths = fittedWidths(
      heads.indices.map { column in
        // What is wider than a line is cut anyway: how much wider does not matter.
        sample.reduce(shown(heads[column]).width) { widest, row in
          let cell = row[column]
          return max(widest, FittedText(cell.text, in: cell.isNumber ? 1 << 20 : room.map { $0 + 4 } ?? 1 << 20).width)
        }
      })
    isExpanded = room.map { widths.reduce(2 * (widths.count - 1), +) > $0 } ?? false
    if !isExpanded {
      let head = line(heads.map { Cell($0) })
      output.write(style.emphasised(String(head.dropLast()), .heading) + "\n")
      output.write(line(widths.map { Cell(String(repeating: "-", count: $0)) }))
    }
    for row in sample { output.write(text(of: row)) }
    sample = []
  }

  private func text(of row: [Cell]) -> String { isExpanded ? block(row) : line(row) }

  /// A line for each cell, with its column's name, and a line of dashes before them.
  private func block(_ row: [Cell]) -> String {
    let names = heads.map { FittedText($0, in: 16, keeping: .both) }
    let column = names.reduce(0) { max($0, $1.width) }
    var block = String(repeating: "-", count: min(style.width, column + 12)) + "\n"
    for (name, cell) in zip(names, row) {
      let text = cell.isNumber ? cell.text : FittedText(cell.text, in: style.width - column - 2, keeping: .both).text
      block += style.emphasised(name.leading(in: column), .heading) + "  " + text + "\n"
    }
    return block
  }

  /// The widest columns of text give way until all fit, but keep eight columns each.
  private func fittedWidths(_ natural: [Int]) -> [Int] {
    guard let room else { return natural }
    var widths = natural
    var excess = natural.reduce(2 * (natural.count - 1), +) - room
    while excess > 0 {
      let open = widths.indices.filter { !isNumeric[$0] && widths[$0] > 8 }
      guard let widest = open.map({ widths[$0] }).max() else { break }
      let columns = open.filter { widths[$0] == widest }
      // Down to the next widest at most, so that this ends after as many rounds as there are columns.
      let next = open.map { widths[$0] }.filter { $0 < widest }.max() ?? 8
      let step = max(1, min(widest - next, excess / columns.count))
      for column in columns where excess > 0 {
        widths[column] -= step
        excess -= step
      }
    }
    return widths
  }

  private func shown(_ text: String) -> FittedText { FittedText(text, in: 1 << 20) }

  private func line(_ row: [Cell]) -> String {
    var line = ""
    for (column, cell) in row.enumerated() {
      if column > 0 { line += "  " }
      let isCut = room != nil && !cell.isNumber
      let text = isCut ? FittedText(cell.text, in: widths[column], keeping: .both) : shown(cell.text)
      let gap = String(repeating: " ", count: max(0, widths[column] - text.width))
      line += isNumeric[column] ? gap + text.text : column == row.count - 1 ? text.text : text.text + gap
    }
    guard let last = line.utf8.lastIndex(where: { $0 != UInt8(ascii: " ") }) else { return "\n" }
    return line[...last] + "\n"
  }
}
