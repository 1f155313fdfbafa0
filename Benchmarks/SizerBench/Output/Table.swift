// SPDX-License-Identifier: Apache-2.0

/// Text in aligned columns under their titles.
struct Table: CustomStringConvertible {
  struct Column {
    enum Alignment { case left, right }
    let title: String
    let alignment: Alignment
    /// So that several tables one below the other line up.
    let minimumWidth: Int

    static func text(_ title: String, minimumWidth: Int = 0) -> Column {
      Column(title: title, alignment: .left, minimumWidth: minimumWidth)
    }

    static func number(_ title: String, minimumWidth: Int = 0) -> Column {
      Column(title: title, alignment: .right, minimumWidth: minimumWidth)
    }

    fileprivate func aligned(_ cell: String, width: Int) -> String {
      let padding = String(repeating: " ", count: width - cell.count)
      return alignment == .left ? cell + padding : padding + cell
    }
  }

  let columns: [Column]
  private(set) var rows: [[String]] = []

  init(_ columns: Column...) { self.columns = columns }

  mutating func append(_ cells: String...) {
    precondition(cells.count == columns.count, "a cell for each column")
    rows.append(cells)
  }

  var description: String {
    let lines = [columns.map(\.title)] + rows
    let widths = columns.indices.map { column in
      lines.reduce(columns[column].minimumWidth) { max($0, $1[column].count) }
    }
    return lines.map { cells in
      let aligned = columns.indices.map { columns[$0].aligned(cells[$0], width: widths[$0]) }
      return String(aligned.joined(separator: "  ").reversed().drop { $0 == " " }.reversed())
    }.joined(separator: "\n")
  }
}
