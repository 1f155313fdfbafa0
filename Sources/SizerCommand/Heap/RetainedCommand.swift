// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import SizerGraph
import SizerReports

struct RetainedCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "retained",
    abstract: "Print what would be freed with the objects of each type of a heap image.")

  @OptionGroup var image: HeapImageArgument

  @Argument(help: ArgumentHelp("Only types whose name contains this text.", valueName: "text"))
  var text: String?

  @OptionGroup var form: HeapOutputArguments

  func run() throws {
    let image = try image.load()
    let all = Dominators(of: image).classes().map { (name: image.types[$0.type].name, figures: $0) }
    let rows = all.filter { row in text.map { row.name.contains($0) } ?? true }
      .sorted { ($1.figures.retainedBytes, $0.name) < ($0.figures.retainedBytes, $1.name) }
    var output = Output()
    if form.json {
      writeObject(to: &output) { json in
        json.key("types")
        json.beginArray()
        for row in rows.prefix(form.limit) {
          json.beginObject()
          json.key("name")
          json.string(row.name)
          json.key("count")
          json.integer(row.figures.count)
          json.key("bytes")
          json.integer(row.figures.bytes)
          json.key("retained")
          json.integer(row.figures.retainedBytes)
          json.endObject()
        }
        json.endArray()
      }
    } else {
      var table = HeapTable(heads: ["count", "bytes", "retained", "type"])
      for row in rows {
        table.add(
          [.count(row.figures.count), .bytes(row.figures.bytes), .bytes(row.figures.retainedBytes)], row.name)
      }
      table.write(to: &output, limit: form.limit)
    }
    try output.finish()
  }
}
