// SPDX-License-Identifier: Apache-2.0

/// What an engine answered to one of the questions of `Fleet/`, as comma-separated values with a line of names before.
package struct FleetAnswer: Sendable {
  /// Which question it was: its columns tell.
  package enum Question: String, Sendable, CaseIterable {
    case growth, level, top, differ, leaks, tasks

    /// The columns that are its own.
    var columns: [String] {
      switch self {
      case .growth: ["class", "a_bytes_per_hour", "b_bytes_per_hour", "low", "high", "growing_b_percent"]
      case .level: ["class", "each_a", "each_b", "bytes_a", "bytes_b", "low", "high"]
      case .top: ["class", "pods_with_it", "median", "p95", "largest", "fleet"]
      case .differ: ["service", "version", "pod", "class", "bytes", "expected", "deviations"]
      case .leaks: ["types", "with_it_a", "with_it_b", "bytes_a", "bytes_b"]
      case .tasks: ["function", "mean_a", "mean_b", "most_b", "retained_b"]
      }
    }
  }

  package let question: Question
  private let places: [String: Int]
  private let rows: [[String]]

  package var rowCount: Int { rows.count }

  /// nil for what is no answer to any of them: no such columns, rows of other lengths, quotes that do not end.
  package init?(_ text: String) {
    guard let table = CSVReader.rows(of: text), let head = table.first else { return nil }
    let places = Dictionary(head.enumerated().map { ($1, $0) }) { one, _ in one }
    guard let question = Question.allCases.first(where: { $0.columns.allSatisfy { places[$0] != nil } }),
      table.allSatisfy({ $0.count == head.count })
    else { return nil }
    self.question = question
    self.places = places
    rows = Array(table.dropFirst())
  }

  /// What a row has in a column; empty for one that is not there.
  package func text(_ row: Int, _ column: String) -> String { places[column].map { rows[row][$0] } ?? "" }

  /// The same as a number; nil for what is none.
  package func number(_ row: Int, _ column: String) -> Double? {
    Double(text(row, column)).flatMap { $0.isFinite && abs($0) < 1e15 ? $0 : nil }
  }
}

/// Reads comma-separated values (RFC 4180, either kind of line end).
enum CSVReader {
  /// nil where a quote does not end, or something stands behind one.
  static func rows(of text: String) -> [[String]]? {
    var rows: [[String]] = []
    var row: [String] = []
    var cell: [UInt8] = []
    var isQuoted = false
    var hasEnded = false
    var bytes = Array(text.utf8)[...]
    if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { bytes = bytes.dropFirst(3) }
    func endCell() {
      row.append(String(decoding: cell, as: UTF8.self))
      cell = []
      hasEnded = false
    }
    while let byte = bytes.popFirst() {
      if isQuoted {
        guard byte == UInt8(ascii: "\"") else {
          cell.append(byte)
          continue
        }
        if bytes.first == byte {
          cell.append(byte)
          bytes = bytes.dropFirst()
        } else {
          (isQuoted, hasEnded) = (false, true)
        }
        continue
      }
      switch byte {
      case UInt8(ascii: ","): endCell()
      case 0x0D where bytes.first == 0x0A: continue
      case 0x0A:
        endCell()
        if row != [""] { rows.append(row) }
        row = []
      case UInt8(ascii: "\"") where cell.isEmpty && !hasEnded: isQuoted = true
      default:
        guard !hasEnded else { return nil }
        cell.append(byte)
      }
    }
    guard !isQuoted else { return nil }
    if !row.isEmpty || !cell.isEmpty || hasEnded {
      endCell()
      rows.append(row)
    }
    return rows
  }
}
