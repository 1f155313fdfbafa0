// SPDX-License-Identifier: Apache-2.0

import SizerProfile
package import SizerReports

/// A table of figures with a text at the end of each row, drawn into so many columns: figures are never cut, columns
/// that matter less are left out where there is no room, and of a text that is too long both ends stay.
package struct TopTable {
  package struct Column {
    var head: String
    /// Columns of the screen that it has at least, so that it stays where it is from frame to frame.
    var least: Int
    /// What matters most has 0.
    var rank: Int
    var isSorted = false
  }

  package struct Cell {
    var text: String
    var emphasis: TextStyle.Emphasis?
  }

  /// The room that texts have at least: with less they tell nothing.
  private static func leastText(in width: Int) -> Int { max(20, width * 2 / 5) }

  var columns: [Column]
  var textHead: String
  var isSortedByText = false
  private var rows: [(cells: [Cell], text: String)] = []

  init(_ columns: [Column], text: String) {
    self.columns = columns
    textHead = text
  }

  var rowCount: Int { rows.count }

  mutating func keep(_ range: Range<Int>) { rows = Array(rows[range]) }

  mutating func add(_ cells: [Cell], _ text: String) { rows.append((cells, text)) }

  /// The head, and a line for each row.
  ///
  /// - Parameter width: The columns that a line has; nil for as many as it takes.
  package func lines(in width: Int?, style: TextStyle) -> [String] {
    let widths = columns.indices.map { column in
      rows.reduce(max(columns[column].least, columns[column].head.utf8.count)) {
        max($0, $1.cells[column].text.utf8.count)
      }
    }
    let shown = shown(widths, in: width)
    let room = width.map { max(0, $0 - shown.reduce(0) { $0 + widths[$1] + 1 }) }
    let figures = shown.map { column in
      right(columns[column].isSorted ? columns[column].head.uppercased() : columns[column].head, in: widths[column])
        + " "
    }
    let text = FittedText(isSortedByText ? textHead.uppercased() : textHead, in: room ?? .max).text
    return [style.emphasised(figures.joined() + text, .heading)]
      + rows.map { row in
        shown.map { column in
          let cell = row.cells[column]
          return style.emphasised(right(cell.text, in: widths[column]), cell.emphasis) + " "
        }.joined() + FittedText(row.text, in: room ?? .max, keeping: .both).text
      }
  }

  /// Which columns there is room for, in their order.
  private func shown(_ widths: [Int], in width: Int?) -> [Int] {
    guard let width else { return Array(columns.indices) }
    var left = width - Self.leastText(in: width)
    var shown: [Int] = []
    for column in columns.indices.sorted(by: { columns[$0].rank < columns[$1].rank }) {
      guard left >= widths[column] + 1 else { break }
      left -= widths[column] + 1
      shown.append(column)
    }
    return shown.sorted()
  }
}

extension TopTable.Cell {
  static func count(_ count: Int) -> Self { Self(text: String(count)) }
  static func bytes(_ bytes: Int) -> Self { Self(text: sizeText(bytes)) }
  static func word(_ word: String) -> Self { Self(text: FittedText(word, in: 12).text) }

  /// With its sign; nothing for no change, a dash where it is not known.
  static func countChange(_ change: Int?) -> Self { Self(change) { $0 > 0 ? "+\($0)" : String($0) } }
  static func bytesChange(_ change: Int?) -> Self { Self(change) { signedSize($0) } }

  private init(_ change: Int?, _ spelled: (Int) -> String) {
    guard let change else {
      self.init(text: "-")
      return
    }
    self.init(text: change == 0 ? "" : spelled(change), emphasis: change == 0 ? nil : change > 0 ? .more : .less)
  }
}
