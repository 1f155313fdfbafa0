// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import SizerProfile
import SizerReports

struct SQLCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sql",
    abstract: "Ask a profile in SQL.",
    discussion: """
      One statement, which can only read. The views object_list, living, class_history, referent_list and calls answer \
      the common questions. Without a statement, the tables and views are shown.
      """)

  @OptionGroup var profile: ProfileArgument

  @Argument(help: ArgumentHelp("One SQL statement, in SQLite's dialect.", valueName: "statement"))
  var statement: String?

  @Flag(help: "Print comma-separated values; NULL becomes an empty field.")
  var csv = false

  func run() throws {
    // Opened without a question too: what is no profile is told.
    var query = try ProfileQuery(path: profile.path, sql: statement ?? "SELECT 1")
    var output = Output()
    if statement == nil {
      output.write(ProfileQuery.schema)
    } else if csv {
      try printCSV(&query, to: &output)
    } else {
      try printTable(&query, to: &output)
    }
    try output.finish()
  }

  private func printCSV(_ query: inout ProfileQuery, to output: inout Output) throws {
    var writer = CSVWriter(spellsControls: Terminal.isOutput)
    if !query.columns.isEmpty { writer.row(query.columns) }
    while let row = try query.next() {
      for value in row {
        switch value {
        case .null: writer.text("")
        case .integer(let number): writer.integer(Int(number))
        case .real(let number): writer.real(number)
        case .text(let text): writer.text(text)
        case .blob(let bytes): writer.text(hexadecimal(bytes))
        }
      }
      writer.endRow()
      writer.flush(to: &output)
    }
    writer.flush(to: &output, always: true)
  }

  private func printTable(_ query: inout ProfileQuery, to output: inout Output) throws {
    var table = TableText(heads: query.columns, style: Terminal.style, isFitted: Terminal.hasWidth)
    while let row = try query.next() {
      let cells = row.map { value in
        switch value {
        case .null: TableText.Cell("")
        case .integer(let number): TableText.Cell(String(number), isNumber: true)
        case .real(let number): TableText.Cell("\(number)", isNumber: true)
        case .text(let text): TableText.Cell(text)
        case .blob(let bytes): TableText.Cell("x'\(hexadecimal(bytes))'")
        }
      }
      table.add(cells, to: &output)
    }
    table.finish(to: &output)
  }

  private func hexadecimal(_ bytes: [UInt8]) -> String {
    bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
  }
}
